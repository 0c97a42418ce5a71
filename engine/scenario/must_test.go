package scenario

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// day is up at 0 and 10 minutes, down at 12, and quiet at 20; what was put back at 15 was nobody's change of mind.
func day() []Instant {
	event := func(a engine.Action, from, to int) *engine.Event {
		return &engine.Event{Action: a, From: from, To: to, Reached: to}
	}
	instant := func(minute time.Duration, from, to int, code string, e *engine.Event) Instant {
		return Instant{At: minute * time.Minute, Replicas: to, Reasons: []string{code}, Event: e,
			Decision: engine.Decision{Action: engine.Between(from, to), From: from, To: to, Reason: code}}
	}
	restored := event(engine.ScaleUp, 1, 2)
	restored.Request = &engine.Request{Kind: engine.Restore}
	failed := event(engine.ScaleUp, 2, 3)
	failed.Reached = 2
	return []Instant{
		instant(0, 1, 2, "Busy", event(engine.ScaleUp, 1, 2)),
		instant(10, 2, 3, "Busy", event(engine.ScaleUp, 2, 3)),
		instant(12, 3, 2, "Idle", event(engine.ScaleDown, 3, 2)),
		instant(14, 2, 2, "Busy", failed),
		instant(15, 1, 2, "Drift", restored),
		instant(20, 2, 2, "Calm", nil),
	}
}

func TestMust(t *testing.T) {
	tests := []struct {
		name string
		must Must
		want string // empty: it holds
	}{
		{"nothing", Must{}, ""},
		{"final", Must{Final: to(2)}, ""},
		{"another final", Must{Final: to(3)}, "final is 3, and there are 2 replicas in the end"},
		{"never above", Must{NeverAbove: to(3)}, ""},
		{"above", Must{NeverAbove: to(2)}, "at 10m: neverAbove is 2, and there are 3 replicas; the decision was scale_up, 2 → 3: Busy"},
		{"never below", Must{NeverBelow: to(2)}, ""},
		{"below", Must{NeverBelow: to(3)}, "at 0s: neverBelow is 3, and there are 2 replicas; the decision was scale_up, 1 → 2: Busy"},
		{"no flap in 2 minutes", Must{NoFlap: 2 * time.Minute}, ""},
		{"a flap", Must{NoFlap: 10 * time.Minute}, "at 12m: noFlap is 10m, and 2m before it was scale_up, 2 → 3; the decision was scale_down, 3 → 2: Idle"},
		{"changes", Must{Changes: [2]*int{to(5), to(5)}}, ""},
		{"too few", Must{Changes: [2]*int{to(6), nil}}, "changes.least is 6, and it acted 5 times, at 0s, 10m, 12m, 14m, 15m"},
		{"too many", Must{Changes: [2]*int{nil, to(4)}}, "changes.most is 4, and it acted 5 times, at 0s"},
		{"reasons", Must{Reasons: []string{"Idle", "Calm"}, Never: []string{"NoMetrics"}}, ""},
		{"a reason that is not there", Must{Reasons: []string{"AtMaximum"}}, "the reason AtMaximum was never seen; there were Busy, Idle, Drift, Calm"},
		{"a reason that must not be", Must{Never: []string{"Idle"}}, "at 12m: Idle must never be; the decision was scale_down, 3 → 2: Idle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Join(tt.must.check(day(), 2), "\n")
			if tt.want == "" && text != "" || !strings.HasPrefix(text, tt.want) {
				t.Errorf("says %q, want %q", text, tt.want)
			}
		})
	}
}

func TestExpectations(t *testing.T) {
	half, sure := 0.5, 0.9
	record := engine.Record{Recommendation: engine.Recommendation{Confidence: 0.7}}
	now := Instant{Reasons: []string{"Busy"}, Replicas: 2}
	tests := []struct {
		name   string
		expect Expect
		want   string
	}{
		{"sure enough", Expect{Confidence: [2]*float64{&half, &sure}}, ""},
		{"not sure", Expect{Confidence: [2]*float64{&sure, nil}}, "expected a confidence of at least 0.9, got 0.7"},
		{"too sure", Expect{Confidence: [2]*float64{nil, &half}}, "expected a confidence of at most 0.5, got 0.7"},
		{"another reason", Expect{NoReason: "Idle"}, ""},
		{"that very reason", Expect{NoReason: "Busy"}, "expected no reason Busy, got Busy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Join(tt.expect.check(record, now, nil), "\n")
			if tt.want == "" && text != "" || !strings.HasPrefix(text, tt.want) {
				t.Errorf("says %q, want %q", text, tt.want)
			}
		})
	}
	if text := strings.Join((Step{Expect: Expect{Replicas: to(3)}}).after([]Instant{now}), "\n"); !strings.HasPrefix(text, "expected 3 replicas in the end, got 2") {
		t.Errorf("says %q", text)
	}
}

func TestBrokenRuleMayBeExpectedOfTheWhole(t *testing.T) {
	story := Story{Replicas: two(), Steps: []Step{step(0, 50, Expect{})}, Must: Must{Reasons: []string{"RuleUndefined"}}}
	tale, err := Tell(t.Context(), policy(), broken{}, story)
	if err != nil || tale.Failures != nil || tale.Steps[0].Failures != nil {
		t.Errorf("expected just that, and failed: %+v %v", tale, err)
	}
}
