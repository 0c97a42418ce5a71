package app

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/explain"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/rego"
)

// What is stated of a metric holds with the shipped strategies: at the value the outcome is the stated one, at the bound
// of the policy it is another.
func TestStatedBoundsAreThoseOfTheStrategies(t *testing.T) {
	policy := func(strategy string, scope engine.Scope) engine.Policy {
		p := engine.Policy{
			Name: strategy + string(scope), Service: "web", Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: 9,
			ScaleUpBy: 1, ScaleDownBy: 1, Strategies: []string{strategy}, EvaluationInterval: time.Minute,
			Metrics: []engine.Metric{{Name: "load", Scope: scope, Weight: 1, OnMissing: "hold", Service: "web"}},
		}
		above, further, below := 100.0, 200.0, 20.0
		switch strategy {
		case "threshold":
			p.Thresholds = []engine.Threshold{{Metric: "load", ScaleUp: 70, ScaleDown: 33, Comparison: engine.GreaterThan}}
		case "target_tracking":
			p.Targets = []engine.Target{{Metric: "load", Value: 60, Tolerance: 0.1}}
		case "step":
			p.Bands = []engine.Bands{{Metric: "load", Bands: []engine.Band{{Above: &above, Add: 1}, {Above: &further, Add: 3}, {Below: &below, Remove: 1}}}}
		}
		return p
	}
	var policies []engine.Policy
	for _, strategy := range []string{"threshold", "target_tracking", "step"} {
		policies = append(policies, policy(strategy, engine.PerReplica), policy(strategy, engine.Total))
	}
	rules, problems := rego.Compile(t.Context(), nil, policies, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	stated := 0
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(policies).Draw(t, "policy")
		n := rapid.IntRange(1, 7).Draw(t, "replicas")
		value := float64(rapid.IntRange(1, 400).Draw(t, "value"))
		c := explain.Case{Policy: p, State: engine.State{Enabled: true}, Snapshot: engine.Snapshot{
			At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Policy: p.Name, Metrics: map[string]engine.Reading{"load": engine.Reads(value)},
			Service: engine.ServiceView{Name: "web", Replicas: engine.Replicas{Current: n, Ready: n}}, History: engine.History{SuccessRate: 1},
		}}
		decide := func(v float64) engine.Decision {
			s := c.Snapshot
			s.Metrics = map[string]engine.Reading{"load": engine.Reads(v)}
			d, _ := guard.Decide(p, s, control.Recommend(context.Background(), rules, p, s), c.State)
			return d
		}
		for _, a := range explain.Alternatives(context.Background(), rules, c, c.Snapshot.At) {
			if a.Kind != engine.ByMetric {
				continue
			}
			stated++
			m := a.Metrics[0]
			if d := decide(m.Value); d.Action != a.Action || d.To != a.To {
				t.Fatalf("%q, but it is %s to %d (%s)", a.Message, d.Action, d.To, d.Reason)
			}
			if m.Within > 0 {
				t.Fatalf("%q is not exact", a.Message)
			}
			if m.Side == engine.Above || m.Side == engine.Below {
				if d := decide(m.Bound); d.Action == a.Action && d.To == a.To {
					t.Fatalf("%q, but it is so at %v already", a.Message, m.Bound)
				}
			}
		}
	})
	if stated == 0 {
		t.Error("nothing was stated")
	}
}

// What is stated of one of several strategies is what the rules, compiled as they are, and the guard do without it.
func TestStatedStrategiesAreTrue(t *testing.T) {
	own := func(pkg, action, replicas string) rego.File {
		return rego.File{Path: pkg + ".rego", Text: []byte("package shop." + pkg + "\n\nrecommendation := {\"action\": \"" + action +
			"\", \"replicas\": " + replicas + ", \"confidence\": 1, \"priority\": \"low\", \"reasons\": []}\n")}
	}
	p := engine.Policy{
		Name: "web", Service: "web", Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: 9, EvaluationInterval: time.Minute,
		Strategies: []string{"target_tracking", "shop.stay", "shop.more", "shop.broken"},
		Metrics:    []engine.Metric{{Name: "load", Scope: engine.Total, Weight: 1, OnMissing: "hold", Service: "web"}},
		Targets:    []engine.Target{{Metric: "load", Value: 60, Tolerance: 0.1}},
	}
	rules, problems := rego.Compile(t.Context(), []rego.File{
		own("stay", "hold", "input.service.replicas.current"), own("more", "scale_up", "input.service.replicas.current + 2"),
		own("broken", "hold", "input.metrics.load.forecast"),
	}, []engine.Policy{p}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	stated := 0
	rapid.Check(t, func(t *rapid.T) {
		p := p
		p.Strategies = rapid.Permutation(p.Strategies).Draw(t, "strategies")[:rapid.IntRange(2, 4).Draw(t, "how many")]
		p.MinConfidence = rapid.SampledFrom([]float64{0, 0.99}).Draw(t, "minConfidence")
		n := rapid.IntRange(1, 7).Draw(t, "replicas")
		s := engine.Snapshot{
			At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Policy: p.Name,
			Metrics: map[string]engine.Reading{"load": engine.Reads(float64(rapid.IntRange(1, 400).Draw(t, "load")))},
			Service: engine.ServiceView{Name: "web", Replicas: engine.Replicas{Current: n, Ready: n}}, History: engine.History{SuccessRate: 1},
		}
		c := explain.Case{Policy: p, State: engine.State{Enabled: true}, Snapshot: s}
		for _, a := range explain.Alternatives(context.Background(), rules, c, s.At) {
			if a.Kind != engine.ByStrategy {
				continue
			}
			stated++
			without := p
			without.Strategies = slices.DeleteFunc(slices.Clone(p.Strategies), func(name string) bool { return name == a.Without })
			d, _ := guard.Decide(without, s, control.Recommend(context.Background(), rules, without, s), c.State)
			if len(without.Strategies) != len(p.Strategies)-1 || d.Action != a.Action || d.To != a.To {
				t.Fatalf("%q, but it is %s to %d (%s)", a.Message, d.Action, d.To, d.Reason)
			}
		}
		answer := control.Recommend(context.Background(), rules, p, s)
		winners := 0
		for _, v := range explain.Voices(context.Background(), rules, p, s) {
			if v.Wins {
				winners++
			}
			if v.Wins && v.Replicas != answer.Replicas {
				t.Fatalf("%s wins with %d, and the answer is %d", v.Strategy, v.Replicas, answer.Replicas)
			}
		}
		if winners > 1 || winners == 0 && answer.Error == "" {
			t.Fatalf("%d win of %v", winners, p.Strategies)
		}
	})
	if stated == 0 {
		t.Error("nothing was stated")
	}
}
