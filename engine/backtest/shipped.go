package backtest

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Shipped are the strategies with settings that were fixed beforehand and are the same for every trace. They know one thing of
// the service: what one replica can do (requests a minute).
//
//   - threshold: the brief's default policy: cpu_usage, one up above 70 %, one down under 25 %, every 2 minutes, cooldown 5 minutes.
//   - step: cpu_usage, the further the more, every 15 s.
//   - target_tracking: the request rate at 80 % of what the replicas can do, every 15 s; down after 10 minutes.
//   - predictive: the same, with the forecast of a day.
func Shipped(capacity float64) []engine.Policy {
	used := engine.Metric{Name: "cpu_usage", Type: "cpu", Scope: engine.PerReplica, Window: time.Minute}
	rate := engine.Metric{Name: "request_rate", Type: "request_rate", Scope: engine.Total, Window: 15 * time.Second}
	target := []engine.Target{{Metric: rate.Name, Value: 0.8 * capacity, Tolerance: 0.1}}

	threshold := shipped("threshold", used)
	threshold.Thresholds = []engine.Threshold{{Metric: used.Name, ScaleUp: 70, ScaleDown: 25, Comparison: engine.GreaterThan}}
	threshold.EvaluationInterval = 2 * time.Minute
	threshold.Cooldown = engine.UpDown{Up: 5 * time.Minute, Down: 5 * time.Minute}

	step := shipped("step", used)
	step.Bands = []engine.Bands{{Metric: used.Name, Bands: []engine.Band{
		{Above: new(90.0), Add: 3}, {Above: new(70.0), Add: 1}, {Below: new(40.0), Remove: 1},
	}}}
	step.Stabilization.Down = 5 * time.Minute

	tracking := shipped("target_tracking", rate)
	tracking.Targets = target
	tracking.Stabilization.Down = 10 * time.Minute

	predictive := shipped("predictive", rate)
	predictive.Targets = target
	predictive.Stabilization.Down = 10 * time.Minute
	predictive.Forecast = engine.Forecast{Season: 24 * time.Hour, Horizon: 5 * time.Minute}

	return []engine.Policy{threshold, step, tracking, predictive}
}

func shipped(strategy string, m engine.Metric) engine.Policy {
	m.Service, m.Aggregation, m.Weight, m.OnMissing, m.StaleAfter = "service", "avg", 1, "hold", 2*time.Minute
	return engine.Policy{
		Name: strategy, Service: "service", Target: engine.Place{Driver: "sim"},
		MinReplicas: fewest, MaxReplicas: most, ScaleUpBy: 1, ScaleDownBy: 1,
		Metrics: []engine.Metric{m}, Thresholds: []engine.Threshold{}, Strategies: []string{strategy},
		EvaluationInterval: 15 * time.Second,
	}
}
