package rego

import (
	"fmt"
	"math"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// three is the case that is measured: three metrics, three thresholds, one of them crossed.
func three() (engine.Policy, engine.Snapshot) {
	p := engine.Policy{
		Name: "backend", Service: "backend", Strategies: []string{"threshold"},
		MinReplicas: 1, MaxReplicas: 5, ScaleUpBy: 1, ScaleDownBy: 1,
		Metrics: []engine.Metric{
			{Name: "cpu_usage", Weight: 0.4}, {Name: "memory_usage", Weight: 0.3}, {Name: "request_rate", Weight: 0.3},
		},
		Thresholds: []engine.Threshold{
			{Metric: "cpu_usage", ScaleUp: 70, ScaleDown: 20, Comparison: engine.GreaterThan},
			{Metric: "memory_usage", ScaleUp: 80, ScaleDown: 30, Comparison: engine.GreaterThan},
			{Metric: "request_rate", ScaleUp: 100, ScaleDown: 20, Comparison: engine.GreaterThan},
		},
	}
	s := engine.Snapshot{
		At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Policy: "backend",
		Service: engine.ServiceView{Name: "backend", Replicas: engine.Replicas{Current: 2, Ready: 2}},
		Metrics: map[string]engine.Reading{
			"cpu_usage": engine.Reads(84.3333333), "memory_usage": engine.Reads(41.25), "request_rate": engine.Reads(63),
		},
		History: engine.History{LastAction: engine.Hold, SuccessRate: 1},
	}
	return p, s
}

// anyWorld draws a policy with its snapshot. Everything that a source could hand over may be in it.
func anyWorld(t *rapid.T) (engine.Policy, engine.Snapshot) {
	number := rapid.OneOf(
		rapid.Float64Range(-200, 200),
		rapid.Map(rapid.IntRange(-3, 120), func(i int) float64 { return float64(i) }), // meets the bounds exactly
		rapid.Map(rapid.IntRange(-3, 120), func(i int) float64 { return math.Nextafter(float64(i), 1e9) }),
		rapid.Map(rapid.IntRange(-3e6, 120e6), func(i int) float64 { return float64(i) / 1e6 }), // one digit too many, or more
		rapid.Float64(),
		rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0, math.Copysign(0, -1)}),
	)
	maybe := func(label string) *float64 {
		if !rapid.Bool().Draw(t, label+" given") {
			return nil
		}
		v := number.Draw(t, label)
		return &v
	}
	p := engine.Policy{
		Name: "p", Service: "s", Strategies: []string{"threshold"},
		MinReplicas: 1, MaxReplicas: 10,
		ScaleUpBy:   rapid.IntRange(1, 3).Draw(t, "scaleUpBy"),
		ScaleDownBy: rapid.IntRange(1, 3).Draw(t, "scaleDownBy"),
	}
	s := engine.Snapshot{
		At:      time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "at"), 0),
		Service: engine.ServiceView{Name: "s", Replicas: engine.Replicas{Current: rapid.IntRange(0, 12).Draw(t, "current")}},
		Metrics: map[string]engine.Reading{},
		History: engine.History{
			LastAction:        rapid.SampledFrom([]engine.Action{engine.Hold, engine.ScaleUp}).Draw(t, "last_action"),
			SuccessRate:       rapid.Float64Range(0, 1).Draw(t, "success_rate"),
			SecondsSinceScale: maybe("seconds_since_scale"),
		},
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "metrics") {
		name := fmt.Sprintf("m%d", i)
		p.Metrics = append(p.Metrics, engine.Metric{
			Name:      name,
			Weight:    rapid.Float64Range(0, 2).Draw(t, "weight"),
			OnMissing: rapid.SampledFrom([]string{"hold", "ignore"}).Draw(t, "onMissing"),
		})
		low := rapid.Map(rapid.IntRange(-50, 100), func(i int) float64 { return float64(i) / 2 }).Draw(t, "low")
		high := low + float64(rapid.IntRange(1, 100).Draw(t, "span"))
		threshold := engine.Threshold{Metric: name, ScaleUp: high, ScaleDown: low,
			Comparison: rapid.SampledFrom([]engine.Comparison{engine.GreaterThan, engine.LessThan, engine.PercentageChange}).Draw(t, "comparison")}
		if threshold.Comparison == engine.LessThan {
			threshold.ScaleUp, threshold.ScaleDown = low, high
		}
		p.Thresholds = append(p.Thresholds, threshold)
		if rapid.IntRange(0, 9).Draw(t, "present") == 0 {
			continue
		}
		s.Metrics[name] = engine.Reading{
			Status: rapid.SampledFrom([]engine.Status{engine.OK, engine.OK, engine.OK, engine.OK, engine.Stale, engine.Missing, engine.Invalid, "odd"}).Draw(t, "status"),
			Value:  maybe("value"), Previous: maybe("previous"), SlopePerMinute: maybe("slope"), Forecast: maybe("forecast"),
			Detail:  rapid.SampledFrom([]string{"", "no samples yet"}).Draw(t, "detail"),
			Samples: rapid.IntRange(0, 100).Draw(t, "samples"), AgeSeconds: number.Draw(t, "age"),
		}
	}
	return p, s
}
