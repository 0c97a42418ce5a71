package guard

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"pgregory.net/rapid"
)

// conditions are some that an earlier decision may have left.
func conditions(t *rapid.T, at time.Time) []engine.Condition {
	var all []engine.Condition
	for _, kind := range []string{Able, Informed, Limited, Vetoes} {
		if rapid.Bool().Draw(t, "condition") {
			c := engine.Condition{Type: kind, Status: rapid.Bool().Draw(t, "so"), Since: at.Add(-seconds(t, "since", 3600))}
			if kind == Vetoes {
				c.Metric = rapid.SampledFrom([]string{"a", "b", "gone"}).Draw(t, "of")
			}
			all = append(all, c)
		}
	}
	return all
}

// conditionsFollow holds what is true of the conditions after any decision: one of each, and a time that moves with the
// status alone.
func conditionsFollow(t *rapid.T, in drawn, after []engine.Condition) {
	seen := map[string]bool{}
	for _, c := range after {
		key := c.Type + " " + c.Metric
		if seen[key] {
			t.Fatalf("%s twice", key)
		}
		seen[key] = true
		if c.Reason == "" {
			t.Fatalf("no reason: %+v", c)
		}
		want := in.s.At
		for _, was := range in.st.Conditions {
			if was.Type == c.Type && was.Metric == c.Metric && was.Status == c.Status {
				want = was.Since
			}
		}
		if c.Since != want {
			t.Fatalf("%+v since %s, want %s; before it was %+v", c, c.Since, want, in.st.Conditions)
		}
	}
	for _, key := range []string{"Able ", "Informed ", "Limited "} {
		if !seen[key] {
			t.Fatalf("no %sin %+v", key, after)
		}
	}
}

// find is a condition after a decision.
func find(t *testing.T, all []engine.Condition, kind, metric string) engine.Condition {
	t.Helper()
	for _, c := range all {
		if c.Type == kind && c.Metric == metric {
			return c
		}
	}
	t.Fatalf("no %s of %q in %+v", kind, metric, all)
	return engine.Condition{}
}

func TestConditions(t *testing.T) {
	soon := engine.Deadline{Until: start.Add(90 * time.Second), Wait: 5 * time.Minute}
	stale := engine.Reading{Status: engine.Stale, Detail: "3m old"}
	for name, c := range map[string]struct {
		wish    int
		with    func(in *drawn)
		kind    string
		so      bool
		reason  string
		message string
	}{
		"able":                     {3, nil, Able, true, "NothingInTheWay", ""},
		"able in a cooldown":       {3, func(in *drawn) { in.st.Cooldown.Up = soon }, Able, true, "NothingInTheWay", ""},
		"not able while off":       {3, func(in *drawn) { in.st.Enabled = false }, Able, false, "Disabled", "flyball enable"},
		"not able while paused":    {3, func(in *drawn) { in.st.Pauses = []engine.Pause{{Actor: "ana", Reason: "sale"}} }, Able, false, "Paused", "by ana"},
		"not able when stopped":    {3, func(in *drawn) { in.s.Service.Replicas = engine.Replicas{} }, Able, false, "Stopped", "start it first"},
		"not able during a change": {3, func(in *drawn) { in.s.Service.Rollout = "compose recreates web" }, Able, false, "RolloutInProgress", "compose recreates web"},
		"not able in a drift": {3, func(in *drawn) {
			in.st.Known = engine.Count{Replicas: 4, At: start}
			in.s.Service.Touched = start
		}, Able, false, "Drift", "found 2 where 4 were left"},
		"not able in a back-off": {3, func(in *drawn) { in.st.Backoff = engine.Backoff{Failures: 2, Deadline: soon} }, Able, false, "BackoffActive", "2 failed in a row"},

		"informed":               {3, nil, Informed, true, "MetricsOK", ""},
		"stale":                  {3, func(in *drawn) { in.s.Metrics["cpu"] = stale; also(in, "mem") }, Informed, false, "MetricStale", "cpu is stale (3m old)"},
		"stale while paused":     {3, func(in *drawn) { in.s.Metrics["cpu"] = stale; in.st.Pauses = []engine.Pause{{}} }, Informed, false, "MetricStale", "cpu is stale (3m old)"},
		"of some replicas alone": {3, func(in *drawn) { report(in, 1) }, Informed, false, "MetricPartial", "1 replica of 2 ready"},
		"without one that is ignored": {3, func(in *drawn) {
			in.s.Metrics["cpu"] = stale
			in.p.Metrics[0].OnMissing = "ignore"
			also(in, "mem")
		}, Informed, true, "MetricsOK", ""},
		"without any": {3, func(in *drawn) { in.s.Metrics["cpu"] = stale; in.p.Metrics[0].OnMissing = "ignore" }, Informed, false, "NoMetrics", "no metric is ok"},
		"asking none": {3, func(in *drawn) { in.p.Metrics, in.p.Thresholds = nil, nil }, Informed, true, "MetricsOK", ""},
		"with rules that fail": {2, func(in *drawn) {
			in.r = engine.Recommendation{Action: engine.Hold, Replicas: 2, Error: "it took too long", Reasons: []engine.Reason{{Code: "RuleTimeout", Message: "it took too long"}}}
		}, Informed, false, "RuleTimeout", "it took too long"},
		"with one of its strategies that fails": {3, func(in *drawn) {
			in.r.Reasons = []engine.Reason{{Code: "AboveTarget", Message: "cpu is high"}, {Code: "Unsaid"}, {Code: "RuleTimeout", Message: "it took too long"}}
			in.r.Error = "it took too long"
		}, Informed, false, "RuleTimeout", "it took too long"},

		"not limited":               {3, nil, Limited, false, "WithinLimits", ""},
		"limited by the maximum":    {9, nil, Limited, true, "AtMaximum", "wished for 9, the maximum is 5"},
		"limited by maxStep":        {5, func(in *drawn) { in.p.MaxStep = 1 }, Limited, true, "StepLimited", "maxStep is 1"},
		"limited by the budget":     {5, func(in *drawn) { in.st.Budget = engine.Budget{MaxReplicas: 10, Others: 7} }, Limited, true, "BudgetExhausted", "7 replicas of 10"},
		"the minimum is no limit":   {0, func(in *drawn) { in.s.Metrics["cpu"] = engine.Reads(10) }, Limited, false, "WithinLimits", ""},
		"a cooldown is no limit":    {3, func(in *drawn) { in.st.Cooldown.Up = soon }, Limited, false, "WithinLimits", ""},
		"not limited behind a gate": {9, func(in *drawn) { in.st.Enabled = false }, Limited, false, "WithinLimits", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := calm()
			in.wish(c.wish)
			if c.with != nil {
				c.with(&in)
			}
			_, after := Decide(in.p, in.s, in.r, in.st)
			got := find(t, after.Conditions, c.kind, "")
			if got.Status != c.so || got.Reason != c.reason || !strings.Contains(got.Message, c.message) {
				t.Errorf("got %+v, want %v (%s: …%s…)", got, c.so, c.reason, c.message)
			}
		})
	}
}

// Since moves with the status alone, also over a restart and on a clock that is set.
func TestSince(t *testing.T) {
	in := calm()
	in.wish(3)
	in.st.Boot = engine.Boot{ID: "a", Started: start.Add(-time.Hour)}
	in.st.Pauses = []engine.Pause{{Actor: "ana", Reason: "sale"}}
	_, in.st = Decide(in.p, in.s, in.r, in.st)
	in.s.At = start.Add(time.Minute)
	in.st.Pauses[0].Actor = "ben"
	_, in.st = Decide(in.p, in.s, in.r, in.st)
	if c := find(t, in.st.Conditions, Able, ""); c.Since != start || !strings.Contains(c.Message, "ben") {
		t.Errorf("%+v; want the newest message, and since the start", c)
	}

	was := in.st
	in.st = Rebase(in.st, engine.Boot{ID: "a", Started: start}, in.s.At.Add(time.Hour)) // an hour ahead
	if c := find(t, in.st.Conditions, Able, ""); c.Since != start.Add(time.Hour) {
		t.Errorf("on a clock an hour ahead: %+v", c)
	}
	if find(t, was.Conditions, Able, "").Since != start {
		t.Error("the state before was changed")
	}
	in.s.At = start.Add(time.Hour + 2*time.Minute)
	in.st.Pauses = nil
	_, in.st = Decide(in.p, in.s, in.r, in.st)
	if c := find(t, in.st.Conditions, Able, ""); !c.Status || c.Since != in.s.At || c.Message != "" {
		t.Errorf("resumed: %+v", c)
	}
	if _, after := Obey(in.p, in.s, engine.Request{Kind: engine.Scale, Replicas: 3}, in.st); len(after.Conditions) != len(in.st.Conditions) {
		t.Errorf("a request changed them: %+v", after.Conditions)
	}
}
