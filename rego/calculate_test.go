package rego

import (
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

func calculator(body string) File {
	return File{"load.rego", []byte("package shop.metrics\n\n" + body + "\n")}
}

// calculating is a policy with a metric that a rule computes.
func calculating(rule string) engine.Policy {
	p, _ := three()
	p.Metrics = append(slices.Clone(p.Metrics), engine.Metric{Name: "load", Type: "custom", Source: "custom", Rule: rule})
	return p
}

func TestCalculate(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want any // a float64, nil for no answer, or a part of the error
	}{
		"from the others":          {"load := input.metrics.request_rate.value / input.service.replicas.ready", 31.5},
		"the one before is not ok": {"load := input.metrics.gone.value", nil},
		"undefined":                {"load := 1 if input.service.replicas.current == 99", nil},
		"by a helper":              {"load := half\nhalf := 0.5", 0.5},
		"a text":                   {`load := "much"`, `rule data.shop.metrics.load: the answer is "much", not a finite number`},
		"too large":                {"load := 1e308 * 1e308", "not a finite number"},
		"conflict":                 {"load := 1 if input.at\nload := 2 if input.policy", "rule data.shop.metrics.load"},
		"division by zero":         {"load := 1 / (input.service.replicas.current - 2)", "divide by zero"},
		"the clock":                {"load := time.parse_duration_ns(\"1s\")", 1e9},
	} {
		t.Run(name, func(t *testing.T) {
			p := calculating("shop.metrics.load")
			rules, problems := Compile(t.Context(), []File{calculator(c.body)}, []engine.Policy{p}, nil)
			if len(problems) > 0 && rules == nil {
				t.Fatal(problems)
			}
			_, s := three()
			got, err := rules.Calculate(t.Context(), p, "shop.metrics.load", s)
			switch want := c.want.(type) {
			case nil:
				if got != nil || err != nil {
					t.Errorf("got %v, %v", got, err)
				}
			case float64:
				if err != nil || got == nil || *got != want {
					t.Errorf("got %v, %v, want %v", got, err, want)
				}
			case string:
				if got != nil || err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, %v, want an error with %q", got, err, want)
				}
			}
		})
	}
}

func TestCalculatorsThatAreNotThere(t *testing.T) {
	for rule, want := range map[string]string{
		"shop.metrics.laod": "metric load: there is no Rego rule data.shop.metrics.laod beside the policy",
		"shop.metrics.by":   "metric load: data.shop.metrics.by is a function",
	} {
		_, problems := Compile(t.Context(), []File{calculator("load := 1\n\nby(x) := x")}, []engine.Policy{calculating(rule)}, nil)
		if len(problems) != 1 || !strings.Contains(problems[0].Message, want) {
			t.Errorf("%s: %v, want %q", rule, problems, want)
		}
	}
	rules, _ := Compile(t.Context(), nil, nil, nil)
	p, s := three()
	if _, err := rules.Calculate(t.Context(), p, "shop.metrics.load", s); err == nil {
		t.Error("a rule that was not compiled answered")
	}
}
