package rego

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// BenchmarkStrategies is one recommendation of target_tracking from one metric: what a backtest spends its time with.
func BenchmarkStrategies(b *testing.B) {
	m := engine.Metric{Name: "request_rate", Type: "request_rate", Scope: engine.Total, Window: 15 * time.Second, Service: "s", Weight: 1}
	p := engine.Policy{
		Name: "t", Service: "s", MinReplicas: 1, MaxReplicas: 1000, ScaleUpBy: 1, ScaleDownBy: 1, Metrics: []engine.Metric{m},
		Targets: []engine.Target{{Metric: m.Name, Value: 48, Tolerance: 0.1}}, Strategies: []string{"target_tracking"},
	}
	s := engine.Snapshot{
		At: time.Unix(1e9, 0), Policy: "t", Service: engine.ServiceView{Name: "s", Replicas: engine.Replicas{Current: 3, Ready: 3}},
		History: engine.History{LastAction: engine.Hold, SuccessRate: 1},
	}
	for name, v := range map[string]float64{"hold": 131.3, "up": 210.7, "down": 61.5} {
		b.Run(name, func(b *testing.B) {
			s.Metrics = map[string]engine.Reading{m.Name: engine.Reads(v)}
			recommends(b, p, s)
		})
	}
}
