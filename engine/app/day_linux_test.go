package app

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// daily is a target with one service of two replicas for every policy, and a source in simulated time.
type daily struct{ now time.Time }

func (d *daily) Observe(_ context.Context, p engine.Policy) (engine.Service, error) {
	return engine.Service{Name: p.Service, Replicas: []engine.Replica{{ID: p.Service + "-a", Ready: true}, {ID: p.Service + "-b", Ready: true}}}, nil
}
func (d *daily) Scale(context.Context, engine.Order) engine.Outcome { return engine.Outcome{} }

func (d *daily) Settle(context.Context, engine.Policy, engine.Event) error { return nil }

func (d *daily) Sample(_ context.Context, of []engine.Metric, s engine.Service) ([]engine.Sample, error) {
	samples := make([]engine.Sample, len(of))
	for i, m := range of {
		wave := math.Sin(float64(d.now.Unix()%86400) / 86400 * 2 * math.Pi)
		samples[i] = engine.Sample{Metric: m.Name, At: d.now, Value: 50 + 30*wave + float64(d.now.Unix()*int64(i+7)%97)/10}
	}
	return samples, nil
}

// BenchmarkDay is a day of 300 services with 3 metrics each: every sample of 15 s through the windows into the store, and a
// look at all windows every 2 minutes. CPU is that of the whole process, heap what is in use at the end.
func BenchmarkDay(b *testing.B) {
	const services, every, day = 300, 15 * time.Second, 24 * time.Hour
	var policies []engine.Policy
	for i := range services {
		p := engine.Policy{Name: fmt.Sprint("p", i), Service: fmt.Sprint("s", i), Mode: engine.Live, EvaluationInterval: 2 * time.Minute}
		for _, name := range []string{"cpu", "rate", "queue"} {
			p.Metrics = append(p.Metrics, engine.Metric{Name: name, Source: "system", Service: p.Service, Aggregation: "avg",
				Window: 5 * time.Minute, StaleAfter: 10 * time.Minute, Scope: engine.Total})
		}
		policies = append(policies, p)
	}
	for b.Loop() {
		store, err := sqlite.Open(filepath.Join(b.TempDir(), "day.db"), sqlite.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		world := &daily{}
		live := &control.Live{
			Targets: map[string]control.Target{"": world}, Sources: map[string]control.Feed{"system": {Source: world, Whole: true}},
			NewWindows: func(p engine.Policy) control.Windows { return metrics.For(p) }, History: store, Deadline: time.Minute,
		}
		before := cpuSeconds()
		for at := time.Duration(0); at < day; at += every {
			world.now = start.Add(at)
			for _, p := range policies {
				if err := live.Sample(b.Context(), p, control.Parts(p)[0]); err != nil {
					b.Fatal(err)
				}
				if at%p.EvaluationInterval == 0 {
					if _, err := live.Observe(b.Context(), p, engine.State{}, world.now); err != nil {
						b.Fatal(err)
					}
				}
			}
			if at%time.Minute == 0 {
				if err := store.Flush(b.Context(), world.now); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(cpuSeconds()-before, "cpu-s/day")
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse)/1e6, "MB-heap")
		if err := store.Shutdown(); err != nil {
			b.Fatal(err)
		}
	}
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
