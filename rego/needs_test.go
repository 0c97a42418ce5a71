package rego

import (
	"context"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// What a strategy's rules cannot see is not laid out, and what they may see, in whatever way, is.
func TestNeeds(t *testing.T) {
	all := needs{metrics: true, events: true, at: true, since: true}
	for name, c := range map[string]struct {
		answer string // a part of input, in Rego
		want   needs
	}{
		"neither":                {answer: "input.history.success_rate == 1"},
		"a metric":               {answer: "input.metrics.cpu_usage.value > 84", want: needs{metrics: true}},
		"a metric in brackets":   {answer: `input["metrics"]["cpu_usage"].value > 84`, want: needs{metrics: true}},
		"every metric":           {answer: "count(input.metrics) == 3", want: needs{metrics: true}},
		"an event":               {answer: `input.history.events[_].to == 2`, want: needs{events: true}},
		"all of history":         {answer: "count(input.history) == 3", want: needs{events: true, since: true}},
		"the time":               {answer: `input.at != ""`, want: needs{at: true}},
		"since when":             {answer: `not input.history.seconds_since_scale`, want: needs{since: true}},
		"all of input":           {answer: `count(input) == 8`, want: all},
		"a walk over input":      {answer: `count([1 | walk(input, [["metrics", "cpu_usage", "value"], _])]) == 1`, want: all},
		"input by another name":  {answer: `count([1 | x := input; x.metrics.cpu_usage; x.history.events[0]]) == 1`, want: all},
		"input got by a builtin": {answer: `count(object.get(input, ["history", "events"], [])) == 1`, want: all},
		"a part of any name":     {answer: `count([k | some k; input[k]]) == 8`, want: all},
		"a part of a part":       {answer: `count([k | some k; input[k].events]) == 1`, want: needs{metrics: true, events: true, at: true}},
		"in another package":     {answer: "data.shop.shared.answer", want: needs{metrics: true}},
		"in any package":         {answer: `data.shop[["shared"][_]].answer`, want: needs{metrics: true}},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := shopPolicy()
			s.History.Events = []engine.Past{{At: time.Unix(0, 0), Action: engine.ScaleUp, From: 1, To: 2}}
			own := []File{
				{"shop.rego", []byte(rule(holdHere + " if {\n\t" + c.answer + "\n}"))},
				{"shared.rego", []byte("package shop.shared\n\nanswer if input.metrics.cpu_usage.value > 84\n")},
			}
			rules, problems := Compile(context.Background(), own, []engine.Policy{p}, nil)
			if rules == nil {
				t.Fatal(problems)
			}
			if got := rules.queries[p.Strategies[0]].needs; got != c.want {
				t.Errorf("needs are %+v, want %+v", got, c.want)
			}
			// Each condition above holds for this snapshot, so the rule must see its part.
			if _, err := rules.Recommend(context.Background(), p, s); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheStrategiesNeedNeither(t *testing.T) {
	for _, strategy := range []string{"threshold", "target_tracking", "step", "schedule", "predictive"} {
		p, _ := threeFor(strategy)
		if got := compiled(t, "", p).queries[strategy].needs; got != (needs{}) {
			t.Errorf("needs of %s are %+v", strategy, got)
		}
	}
}
