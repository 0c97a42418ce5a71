package control

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// NewSnapshot is what a policy sees of a service with these readings. A shadow policy sees its own count instead of the
// real one, with the load of the real replicas spread over that many.
func NewSnapshot(p engine.Policy, s engine.Service, readings map[string]engine.Reading, st engine.State, at time.Time) engine.Snapshot {
	current, ready := len(s.Replicas), s.Ready()
	snapshot := engine.Snapshot{
		At: at, Policy: p.Name,
		Service: engine.ServiceView{
			Name: p.Service, Rollout: s.Rollout, NoRoom: s.NoRoom, Version: s.Version, Touched: s.Touched,
			Replicas: engine.Replicas{Current: current, Ready: ready, Starting: current - ready},
		},
		Metrics:  readings,
		History:  guard.History(st, at),
		Schedule: scheduled(p.Schedule, at),
	}
	if p.Mode == engine.Shadow && st.Virtual > 0 && current > 0 && st.Virtual != current {
		snapshot.Service.Replicas = engine.Replicas{Current: st.Virtual, Ready: st.Virtual}
		snapshot.Metrics = spread(p, readings, float64(current)/float64(st.Virtual))
		for name, r := range snapshot.Metrics {
			if r.Reporting >= ready { // all of them, so all of the imagined ones
				r.Reporting = st.Virtual
				snapshot.Metrics[name] = r
			}
		}
	}
	return snapshot
}

// spread multiplies what perReplica metrics read by a ratio of replicas.
func spread(p engine.Policy, readings map[string]engine.Reading, ratio float64) map[string]engine.Reading {
	out := make(map[string]engine.Reading, len(readings))
	for name, r := range readings {
		if m, _ := p.Metric(name); m.Scope == engine.PerReplica && m.Aggregation != "sum" {
			for _, v := range []**float64{&r.Value, &r.Previous, &r.SlopePerMinute, &r.Forecast, &r.Expected} {
				if *v != nil {
					x := **v * ratio
					*v = &x
				}
			}
		}
		out[name] = r
	}
	return out
}
