package app

import (
	"context"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics"
	"github.com/flyball-dev/flyball/engine/metrics/docker"
	httpjson "github.com/flyball-dev/flyball/engine/metrics/http"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/flyball-dev/flyball/engine/metrics/prometheus"
	"github.com/flyball-dev/flyball/engine/metrics/push"
	"github.com/flyball-dev/flyball/engine/metrics/redis"
	"github.com/flyball-dev/flyball/engine/metrics/scrape"
	"github.com/flyball-dev/flyball/engine/metrics/sql"
	"github.com/flyball-dev/flyball/engine/store"
	redisstore "github.com/flyball-dev/flyball/engine/store/redis"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
	"github.com/flyball-dev/flyball/engine/target/compose"
	"github.com/flyball-dev/flyball/engine/target/sim"
	"github.com/flyball-dev/flyball/engine/target/swarm"
	"github.com/flyball-dev/flyball/rego"
)

// The adapters fit their ports.
var (
	_ control.Target      = (*compose.Target)(nil)
	_ control.Watcher     = (*compose.Target)(nil)
	_ control.Target      = (*swarm.Target)(nil)
	_ control.Watcher     = (*swarm.Target)(nil)
	_ control.Target      = (*sim.Target)(nil)
	_ control.Source      = (*sim.Target)(nil)
	_ control.Source      = (*docker.Source)(nil)
	_ control.Weigher     = (*docker.Source)(nil)
	_ control.Source      = (*scrape.Source)(nil)
	_ control.Source      = (*push.Source)(nil)
	_ control.Source      = (*poll.Each)(nil)
	_ control.Source      = (*poll.Breaker)(nil)
	_ poll.Asker          = (*prometheus.Source)(nil)
	_ poll.Asker          = (*redis.Source)(nil)
	_ poll.Asker          = (*sql.Source)(nil)
	_ poll.Asker          = (*httpjson.Source)(nil)
	_ control.Windows     = (*metrics.Windows)(nil)
	_ store.Store         = (*sqlite.Store)(nil)
	_ store.Store         = (*redisstore.Store)(nil)
	_ store.Elector       = (*redisstore.Store)(nil)
	_ control.History     = store.Store(nil)
	_ control.Ledger      = store.Store(nil)
	_ control.Recommender = (*rego.Rules)(nil)
	_ api.Flyball         = (*App)(nil)
	_ api.Flyball         = (*Offline)(nil)
	_ api.Drafts          = (*App)(nil)
)

// byDriver samples a service where it runs.
type byDriver struct {
	stats     control.Source
	simulated *sim.Target
}

func (b byDriver) Sample(ctx context.Context, m []engine.Metric, s engine.Service) ([]engine.Sample, error) {
	if s.Driver == "sim" {
		return b.simulated.Sample(ctx, m, s)
	}
	return b.stats.Sample(ctx, m, s)
}

// hostMemory is what is available on the engine's host; 0, not known, where that is another machine.
func hostMemory(stats *docker.Source) func() int64 {
	return func() int64 {
		bytes, err := stats.HostMemory()
		if err != nil {
			return 0
		}
		return bytes
	}
}

func demoServices(policies []engine.Policy) map[string]sim.Service {
	services := map[string]sim.Service{}
	for _, p := range policies {
		if p.Target.Driver == "sim" {
			services[p.Service] = sim.Demo()
		}
	}
	return services
}
