package rego

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func compiled(t testing.TB, own string, p engine.Policy) *Rules {
	t.Helper()
	var files []File
	if own != "" {
		files = []File{{Path: "shop.rego", Text: []byte(own)}}
	}
	rules, problems := Compile(context.Background(), files, []engine.Policy{p}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	return rules
}

func TestThresholdAgreesWithGo(t *testing.T) {
	p, _ := three()
	rules := compiled(t, "", p)
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		got, err := rules.Recommend(context.Background(), p, s)
		if err != nil {
			t.Fatal(err)
		}
		want := reference(p, s)
		if math.Abs(got.Confidence-want.Confidence) > 1e-9 {
			t.Errorf("confidence is %v, want %v", got.Confidence, want.Confidence)
		}
		// A confidence that is 0.7 but for the last bit may be high or medium.
		if math.Abs(want.Confidence-0.7) < 1e-9 {
			want.Priority = got.Priority
		}
		want.Confidence = got.Confidence
		if a, b := asJSON(t, got), asJSON(t, want); a != b {
			t.Errorf("Rego says %s\nGo says   %s", a, b)
		}
	})
}

// TestNeverDownOnDoubt is the promise that matters, without the reference: down only when every threshold either
// reads a finite number past scaleDown, or is not ok and ignored by its author.
func TestNeverDownOnDoubt(t *testing.T) {
	p, _ := three()
	rules := compiled(t, "", p)
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		got, err := rules.Recommend(context.Background(), p, s)
		if err != nil {
			t.Fatal(err)
		}
		if got.Action != engine.ScaleDown {
			return
		}
		for _, threshold := range p.Thresholds {
			r := s.Metrics[threshold.Metric]
			m, _ := p.Metric(threshold.Metric)
			readable := r.Status == engine.OK && r.Value != nil && !math.IsNaN(*r.Value) && !math.IsInf(*r.Value, 0)
			switch {
			case !readable && m.OnMissing == "ignore":
			case !readable:
				t.Errorf("down, though %s could not be read", threshold.Metric)
			case threshold.Comparison == engine.GreaterThan && *r.Value >= threshold.ScaleDown,
				threshold.Comparison == engine.LessThan && *r.Value <= threshold.ScaleDown:
				t.Errorf("down, though %s is %v and scaleDown %v", threshold.Metric, *r.Value, threshold.ScaleDown)
			}
		}
	})
}

// The defects that others had in deciding.
func TestThresholdDecides(t *testing.T) {
	type readings map[string]engine.Reading
	number := func(v float64) *float64 { return &v }
	for name, c := range map[string]struct {
		metrics    readings
		ignore     bool // request_rate, where it is missing
		comparison engine.Comparison
		action     engine.Action
		code       string // of the first reason
	}{
		"one high": {
			metrics: readings{"cpu_usage": engine.Reads(71), "memory_usage": engine.Reads(10), "request_rate": engine.Reads(10)},
			action:  engine.ScaleUp, code: "ScaleUpCrossed",
		},
		"at the bound nothing happens": {
			metrics: readings{"cpu_usage": engine.Reads(70), "memory_usage": engine.Reads(10), "request_rate": engine.Reads(10)},
			action:  engine.Hold, code: "WithinBounds",
		},
		"a hair above it is at it": {
			metrics: readings{"cpu_usage": engine.Reads(math.Nextafter(70, 71)), "memory_usage": engine.Reads(10), "request_rate": engine.Reads(10)},
			action:  engine.Hold, code: "WithinBounds",
		},
		"a digit above it something does": {
			metrics: readings{"cpu_usage": engine.Reads(70.0001), "memory_usage": engine.Reads(10), "request_rate": engine.Reads(10)},
			action:  engine.ScaleUp, code: "ScaleUpCrossed",
		},
		"all low": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1), "request_rate": engine.Reads(1)},
			action:  engine.ScaleDown, code: "ScaleDownCrossed",
		},
		"one missing, the others low": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1)},
			action:  engine.Hold, code: "MetricMissing",
		},
		"one missing, another high": {
			metrics: readings{"cpu_usage": engine.Reads(99), "memory_usage": engine.Reads(1)},
			action:  engine.ScaleUp, code: "ScaleUpCrossed",
		},
		"one missing and ignored": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1)}, ignore: true,
			action: engine.ScaleDown, code: "ScaleDownCrossed",
		},
		"one stale, whatever value it carries": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1), "request_rate": {Status: engine.Stale, Value: number(1)}},
			action:  engine.Hold, code: "MetricStale",
		},
		"a stale one does not raise": {
			metrics: readings{"cpu_usage": engine.Reads(30), "memory_usage": engine.Reads(50), "request_rate": {Status: engine.Stale, Value: number(999)}},
			action:  engine.Hold, code: "MetricStale",
		},
		"NaN": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1), "request_rate": {Status: engine.OK, Value: number(math.NaN())}},
			action:  engine.Hold, code: "MetricInvalid",
		},
		"minus infinity": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1), "request_rate": {Status: engine.OK, Value: number(math.Inf(-1))}},
			action:  engine.Hold, code: "MetricInvalid",
		},
		"plus infinity": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1), "request_rate": {Status: engine.OK, Value: number(math.Inf(1))}},
			action:  engine.Hold, code: "MetricInvalid",
		},
		"negative is a number like others": {
			metrics: readings{"cpu_usage": engine.Reads(-5), "memory_usage": engine.Reads(1), "request_rate": engine.Reads(1)},
			action:  engine.ScaleDown, code: "ScaleDownCrossed",
		},
		"huge": {
			metrics: readings{"cpu_usage": engine.Reads(math.MaxFloat64), "memory_usage": engine.Reads(1), "request_rate": engine.Reads(1)},
			action:  engine.ScaleUp, code: "ScaleUpCrossed",
		},
		"nothing at all": {action: engine.Hold, code: "MetricMissing"},
		"a change against 0 abstains": {
			metrics: readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1),
				"request_rate": {Status: engine.OK, Value: number(50), Previous: number(0)}},
			comparison: engine.PercentageChange, action: engine.Hold, code: "Abstains",
		},
		"a change against nothing abstains": {
			metrics:    readings{"cpu_usage": engine.Reads(1), "memory_usage": engine.Reads(1), "request_rate": engine.Reads(50)},
			comparison: engine.PercentageChange, action: engine.Hold, code: "Abstains",
		},
		"a change": {
			metrics: readings{"cpu_usage": engine.Reads(30), "memory_usage": engine.Reads(50),
				"request_rate": {Status: engine.OK, Value: number(30), Previous: number(10)}},
			comparison: engine.PercentageChange, action: engine.ScaleUp, code: "ScaleUpCrossed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := three()
			s.Metrics = c.metrics
			if c.ignore {
				p.Metrics[2].OnMissing = "ignore"
			}
			if c.comparison != "" {
				p.Thresholds[2].Comparison = c.comparison
			}
			got, err := compiled(t, "", p).Recommend(context.Background(), p, s)
			if err != nil {
				t.Fatal(err)
			}
			if got.Action != c.action || got.Reasons[0].Code != c.code {
				t.Errorf("%s because of %s, want %s because of %s", got.Action, got.Reasons[0].Code, c.action, c.code)
			}
			if len(got.Reasons) != 3 {
				t.Errorf("%d reasons, want one for each threshold: %+v", len(got.Reasons), got.Reasons)
			}
		})
	}
}

func asJSON(t interface{ Fatal(...any) }, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
