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

// threeFor is the same case in the form that another strategy reads.
func threeFor(strategy string) (engine.Policy, engine.Snapshot) {
	p, s := three()
	p.Strategies = []string{strategy}
	for _, t := range p.Thresholds {
		switch strategy {
		case "target_tracking", "predictive":
			p.Targets = append(p.Targets, engine.Target{Metric: t.Metric, Value: t.ScaleUp, Tolerance: 0.1})
		case "step":
			p.Bands = append(p.Bands, engine.Bands{Metric: t.Metric, Bands: []engine.Band{
				{Above: new(t.ScaleUp + 20), Add: 3}, {Above: new(t.ScaleUp), Add: 1}, {Below: new(t.ScaleDown), Remove: 1},
			}})
		}
	}
	if strategy == "schedule" {
		s.Schedule = &engine.Scheduled{Windows: []string{"office"}, Window: "office", MinReplicas: 4}
	}
	if strategy != "threshold" {
		p.Thresholds = nil
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
		Service: engine.ServiceView{Name: "s", Replicas: anyReplicas(t)},
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

			Scope:       rapid.SampledFrom([]engine.Scope{engine.PerReplica, engine.PerReplica, engine.Total, engine.Independent}).Draw(t, "scope"),
			Aggregation: rapid.SampledFrom([]string{"avg", "avg", "sum"}).Draw(t, "aggregation"),
			Service:     rapid.SampledFrom([]string{"s", "s", "other"}).Draw(t, "service"),
		})
		low := rapid.Map(rapid.IntRange(-50, 100), func(i int) float64 { return float64(i) / 2 }).Draw(t, "low")
		high := low + float64(rapid.IntRange(1, 100).Draw(t, "span"))
		threshold := engine.Threshold{Metric: name, ScaleUp: high, ScaleDown: low,
			Comparison: rapid.SampledFrom([]engine.Comparison{engine.GreaterThan, engine.LessThan, engine.PercentageChange}).Draw(t, "comparison")}
		if threshold.Comparison == engine.LessThan {
			threshold.ScaleUp, threshold.ScaleDown = low, high
		}
		p.Thresholds = append(p.Thresholds, threshold)
		if rapid.Bool().Draw(t, "tracked") {
			p.Targets = append(p.Targets, engine.Target{
				Metric:    name,
				Value:     rapid.SampledFrom([]float64{1e-300, 0.5, 1, 3, 60, 100, 1e15}).Draw(t, "target"),
				Tolerance: rapid.SampledFrom([]float64{0, 0.05, 0.1, 0.3, 1}).Draw(t, "tolerance"),
			})
		}
		if rapid.Bool().Draw(t, "banded") {
			p.Bands = append(p.Bands, engine.Bands{Metric: name, Bands: anyBands(t)})
		}
		if rapid.IntRange(0, 9).Draw(t, "present") == 0 {
			continue
		}
		s.Metrics[name] = engine.Reading{
			Status: rapid.SampledFrom([]engine.Status{engine.OK, engine.OK, engine.OK, engine.OK, engine.Stale, engine.Missing, engine.Invalid, "odd"}).Draw(t, "status"),
			Value:  maybe("value"), Previous: maybe("previous"), SlopePerMinute: maybe("slope"), Forecast: maybe("forecast"),
			Detail:  rapid.SampledFrom([]string{"", "no samples yet"}).Draw(t, "detail"),
			Samples: rapid.IntRange(0, 100).Draw(t, "samples"), AgeSeconds: number.Draw(t, "age"),
			Expected: maybe("expected"), Reporting: rapid.IntRange(0, 13).Draw(t, "reporting"),
		}
	}
	if rapid.Bool().Draw(t, "scheduled") {
		s.Schedule = &engine.Scheduled{
			Windows:     rapid.SliceOfN(rapid.SampledFrom([]string{"office", "night"}), 0, 2).Draw(t, "windows"),
			MinReplicas: rapid.IntRange(0, 10).Draw(t, "window's min"),
			Window:      rapid.SampledFrom([]string{"", "office"}).Draw(t, "window"),
			MaxReplicas: rapid.IntRange(0, 10).Draw(t, "window's max"),
			Prewarming:  rapid.Bool().Draw(t, "prewarming"),
			Pause:       rapid.SampledFrom([]string{"", "sale"}).Draw(t, "pause"),
		}
	}
	return p, s
}

func anyReplicas(t *rapid.T) engine.Replicas {
	current := rapid.IntRange(0, 12).Draw(t, "current")
	ready := rapid.OneOf(rapid.Just(current), rapid.IntRange(0, current)).Draw(t, "ready")
	return engine.Replicas{Current: current, Ready: ready, Starting: current - ready}
}

// anyBands draws bands that do not overlap, as the schema has them.
func anyBands(t *rapid.T) []engine.Band {
	low := rapid.IntRange(-20, 60).Draw(t, "lowest above")
	amount := rapid.IntRange(1, 4)
	var bands []engine.Band
	for range rapid.IntRange(0, 3).Draw(t, "above") {
		bands = append(bands, engine.Band{Above: new(float64(low + rapid.IntRange(0, 60).Draw(t, "higher"))), Add: amount.Draw(t, "add")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "below") {
		bands = append(bands, engine.Band{Below: new(float64(low - rapid.IntRange(0, 60).Draw(t, "lower"))), Remove: amount.Draw(t, "remove")})
	}
	return rapid.Permutation(bands).Draw(t, "bands")
}
