package rego

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// wishing is a rule of an author's that wishes for so many replicas of the 4 that there are.
func wishing(pkg, action, replicas, confidence string) File {
	return File{Path: pkg + ".rego", Text: []byte("package shop." + pkg + "\n\nrecommendation := " +
		`{"action": "` + action + `", "replicas": ` + replicas + `, "confidence": ` + confidence + `, "priority": "medium", "reasons": [{"code": "` +
		strings.ToUpper(pkg) + `", "message": "` + pkg + ` said so"}]}` + "\n")}
}

func TestCombine(t *testing.T) {
	own := []File{
		wishing("up", "scale_up", "6", "0.6"), wishing("high", "scale_up", "9", "0.9"), wishing("also", "scale_up", "6", "0.5"),
		wishing("stay", "hold", "4", "0.4"), wishing("down", "scale_down", "3", "0.3"), wishing("low", "scale_down", "1", "0.1"),
		{Path: "broken.rego", Text: []byte("package shop.broken\n\nrecommendation := {\"action\": \"hold\", \"replicas\": input.metrics.gone.value}\n")},
		{Path: "odd.rego", Text: []byte("package shop.odd\n\nrecommendation := \"up\"\n")},
	}
	for name, c := range map[string]struct {
		strategies string
		action     engine.Action
		replicas   int
		confidence float64
		reasons    string // strategy: code
		wrong      string // a part of Error
	}{
		"the highest wins":                         {"up high down", engine.ScaleUp, 9, 0.9, "high: HIGH, up: UP, down: DOWN", ""},
		"the highest wins, wherever it stands":     {"high down up", engine.ScaleUp, 9, 0.9, "high: HIGH, down: DOWN, up: UP", ""},
		"of equal ones the first":                  {"up also", engine.ScaleUp, 6, 0.6, "up: UP, also: ALSO", ""},
		"one that stays keeps from going down":     {"low stay", engine.Hold, 4, 0.4, "stay: STAY, low: LOW", ""},
		"down as far as all allow":                 {"low down", engine.ScaleDown, 3, 0.3, "down: DOWN, low: LOW", ""},
		"one is broken, another raises":            {"broken up", engine.ScaleUp, 6, 0.6, "up: UP, broken: RuleUndefined", "data.shop.broken"},
		"one is broken, another stays":             {"stay broken", engine.Hold, 4, 0, "broken: RuleUndefined, stay: STAY", "data.shop.broken"},
		"one is broken, so nothing goes down":      {"down broken low", engine.Hold, 4, 0, "broken: RuleUndefined, down: DOWN, low: LOW", "data.shop.broken"},
		"two are broken, and both are told":        {"broken up odd", engine.ScaleUp, 6, 0.6, "up: UP, broken: RuleUndefined, odd: RuleShape", "data.shop.odd"},
		"one that flyball ships, and the author's": {"threshold up", engine.ScaleUp, 6, 0.6, "up: UP, threshold: MetricMissing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := combined(c.strategies)
			rules, problems := Compile(context.Background(), own, []engine.Policy{p}, nil)
			if rules == nil {
				t.Fatal(problems)
			}
			got, err := rules.Recommend(context.Background(), p, s)
			if err != nil {
				t.Fatal(err)
			}
			if got.Action != c.action || got.Replicas != c.replicas || got.Confidence != c.confidence {
				t.Errorf("%s to %d, confidence %v, want %s to %d, %v", got.Action, got.Replicas, got.Confidence, c.action, c.replicas, c.confidence)
			}
			var reasons []string
			for _, r := range got.Reasons {
				reasons = append(reasons, strings.TrimPrefix(r.Strategy, "shop.")+": "+r.Code)
			}
			if text := strings.Join(reasons, ", "); text != c.reasons {
				t.Errorf("reasons are %s, want %s", text, c.reasons)
			}
			if !strings.Contains(got.Error, c.wrong) || (c.wrong == "") != (got.Error == "") {
				t.Errorf("error is %q, want %q", got.Error, c.wrong)
			}
		})
	}
}

// combined is a policy of several strategies, with 4 replicas and nothing known of its metric.
func combined(strategies string) (engine.Policy, engine.Snapshot) {
	p, s := three()
	p.Strategies = strings.Fields(strategies)
	for i, name := range p.Strategies {
		if name != "threshold" {
			p.Strategies[i] = "shop." + name
		}
	}
	p.Metrics, p.Thresholds = p.Metrics[:1], p.Thresholds[:1]
	s.Metrics = nil
	s.Service.Replicas = engine.Replicas{Current: 4, Ready: 4}
	return p, s
}

func TestCombineWhereAllFail(t *testing.T) {
	own := []File{
		{Path: "a.rego", Text: []byte("package shop.a\n\nrecommendation := \"up\"\n")},
		{Path: "b.rego", Text: []byte("package shop.b\n\nrecommendation := \"up\"\n")},
	}
	p, s := combined("a b")
	rules, problems := Compile(context.Background(), own, []engine.Policy{p}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	got, err := rules.Recommend(context.Background(), p, s)
	var e *RuleError
	if !errors.As(err, &e) || e.Code != RuleShape || e.Rule != "data.shop.a.recommendation" || got.Action != "" || got.Reasons != nil {
		t.Errorf("%+v, %v", got, err)
	}
	p.Strategies = nil
	if _, err := rules.Recommend(context.Background(), p, s); !errors.As(err, &e) || e.Code != RuleUndefined {
		t.Errorf("without a strategy: %v", err)
	}
}

// The answer of one strategy alone says nothing of who gave it: there is no other.
func TestOneStrategyIsNotNamed(t *testing.T) {
	p, s := three()
	got, err := compiled(t, "", p).Recommend(context.Background(), p, s)
	if err != nil || slices.ContainsFunc(got.Reasons, func(r engine.Reason) bool { return r.Strategy != "" }) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Each that flyball ships is asked in turn, of one snapshot, and the schedule adds to what the load asks for.
func TestShippedStrategiesTogether(t *testing.T) {
	p, s := three()
	p.Strategies = []string{"threshold", "target_tracking", "step", "schedule", "predictive"}
	for _, strategy := range p.Strategies {
		of, _ := threeFor(strategy)
		p.Targets, p.Bands = append(p.Targets, of.Targets...), append(p.Bands, of.Bands...)
	}
	rules := compiled(t, "", p)
	for name, c := range map[string]struct {
		least, replicas int
		strategy        string // whose reason comes first
	}{
		"the load asks for more":     {2, 3, "threshold"},
		"the schedule asks for more": {5, 5, "schedule"},
	} {
		t.Run(name, func(t *testing.T) {
			s.Schedule = &engine.Scheduled{Windows: []string{"office"}, Window: "office", MinReplicas: c.least}
			got, err := rules.Recommend(context.Background(), p, s)
			if err != nil || got.Replicas != c.replicas || got.Reasons[0].Strategy != c.strategy {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// A raise that minConfidence holds stands in the way of no other.
func TestASureRaiseWinsOverAnUnsureOne(t *testing.T) {
	answers := []engine.Recommendation{{Replicas: 7, Confidence: 0.3}, {Replicas: 4, Confidence: 0.8}, {Replicas: 3, Confidence: 0.9}, {Replicas: 1, Confidence: 1}}
	for name, c := range map[string]struct {
		least float64
		want  int
	}{"any will do": {0, 7}, "one is unsure": {0.5, 4}, "two are": {0.85, 3}, "all are, or fewer": {0.95, 7}} {
		t.Run(name, func(t *testing.T) {
			for first := range answers { // in any order
				best := answers[first]
				for i := range answers {
					if rec := answers[(first+i)%len(answers)]; wins(rec, best, 2, c.least) {
						best = rec
					}
				}
				if best.Replicas != c.want {
					t.Errorf("from %d on: %d replicas, want %d", first, best.Replicas, c.want)
				}
			}
		})
	}
}
