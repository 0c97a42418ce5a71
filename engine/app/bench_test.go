package app

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/engine/scenario"
)

// three is a policy with three metrics and three thresholds, and a world in which one of them is crossed.
func three(b *testing.B) (Loaded, engine.Policy, *scenario.World) {
	b.Helper()
	loaded, err := Load(b.Context(), Here, "../../policies/backend.cue")
	if err != nil {
		b.Fatal(err)
	}
	p := loaded.Policies[0]
	p.Enabled, p.Mode = true, engine.Live
	return loaded, p, &scenario.World{
		Replicas: engine.Replicas{Current: 2, Ready: 2},
		Readings: map[string]engine.Reading{
			"cpu_usage": engine.Reads(85.3), "memory_usage": engine.Reads(40), "request_rate": engine.Reads(71),
		},
	}
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// BenchmarkCycle is one decision, from the snapshot to the guarded decision and its outcome on paper. The cooldown is
// taken away in between, so that each cycle acts.
func BenchmarkCycle(b *testing.B) {
	loaded, p, world := three(b)
	cycle := world.Cycle(loaded.Rules, &control.Budget{})
	b.ReportAllocs()
	for b.Loop() {
		world.Replicas, world.Memory = engine.Replicas{Current: 2, Ready: 2}, engine.State{}
		r, _, err := cycle.Run(b.Context(), p, control.Moment{At: start})
		if err != nil || r.Decision.To != 3 {
			b.Fatal(r.Decision, err)
		}
	}
}

// BenchmarkCycleInGo is the same with the strategy written by hand: what the rest of the cycle costs, and the limit of
// how quick the whole can be.
func BenchmarkCycleInGo(b *testing.B) {
	_, p, world := three(b)
	snapshot, err := world.Observe(b.Context(), p, engine.State{}, start)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := engine.Recommendation{Action: engine.Hold, Replicas: 2, Priority: engine.Low}
		for _, t := range p.Thresholds {
			if v := snapshot.Metrics[t.Metric].Value; v != nil && *v > t.ScaleUp {
				m, _ := p.Metric(t.Metric)
				r.Action, r.Replicas, r.Priority = engine.ScaleUp, 3, engine.Medium
				r.Confidence += m.Weight
				r.Reasons = append(r.Reasons, engine.Reason{Code: "ScaleUpCrossed", Metric: t.Metric, Value: v, Threshold: &t.ScaleUp})
			}
		}
		if d, _ := guard.Decide(p, snapshot, r, engine.State{Enabled: true}); d.To != 3 {
			b.Fatal(d)
		}
	}
}
