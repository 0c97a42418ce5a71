package scenario

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// above recommends one more replica above 70, one less under 25.
type above struct{}

func (above) Recommend(_ context.Context, _ engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	n := s.Service.Replicas.Current
	r := engine.Recommendation{Action: engine.Hold, Replicas: n, Reasons: []engine.Reason{{Code: "Calm"}}}
	switch cpu := s.Metrics["cpu"]; {
	case cpu.Value == nil:
		r.Reasons[0].Code = "MetricStale"
	case *cpu.Value > 70:
		r = engine.Recommendation{Action: engine.ScaleUp, Replicas: n + 1, Reasons: []engine.Reason{{Code: "Busy"}}}
	case *cpu.Value < 25:
		r = engine.Recommendation{Action: engine.ScaleDown, Replicas: n - 1, Reasons: []engine.Reason{{Code: "Idle"}}}
	}
	return r, nil
}

func (above) Calculate(context.Context, engine.Policy, string, engine.Snapshot) (*float64, error) {
	return nil, nil
}

func policy() engine.Policy {
	return engine.Policy{
		Name: "web", Service: "web", MinReplicas: 1, MaxReplicas: 3, EvaluationInterval: time.Minute,
		Metrics:  []engine.Metric{{Name: "cpu", StaleAfter: 2 * time.Minute}},
		Cooldown: engine.UpDown{Up: 5 * time.Minute, Down: 5 * time.Minute},
	}
}

func step(at time.Duration, cpu float64, expect Expect) Step {
	return Step{At: at, Readings: map[string]engine.Reading{"cpu": engine.Reads(cpu)}, Expect: expect}
}

func to(n int) *int { return &n }

func TestTell(t *testing.T) {
	old := step(40*time.Minute, 10, Expect{Action: engine.Hold, Reason: "MetricStale"})
	r := old.Readings["cpu"]
	r.AgeSeconds = 600
	old.Readings["cpu"] = r
	story := Story{Start: time.Unix(0, 0), Replicas: engine.Replicas{Current: 1, Ready: 1}, Steps: []Step{
		step(0, 90, Expect{Action: engine.ScaleUp, To: to(2), Reason: "Busy"}),
		step(time.Minute, 90, Expect{Action: engine.Hold, To: to(2), Reason: "CooldownActive"}),
		step(10*time.Minute, 90, Expect{To: to(3)}),
		step(20*time.Minute, 90, Expect{To: to(3), Reason: "AtMaximum"}),
		step(30*time.Minute, 10, Expect{Action: engine.ScaleDown, To: to(2), Reason: "Idle"}),
		{At: 35 * time.Minute, Expect: Expect{Action: engine.Hold}},
		old,
	}}
	told, err := Tell(t.Context(), policy(), above{}, story)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range told {
		if len(s.Failures) > 0 {
			t.Errorf("at %s: %s", s.Step.At, strings.Join(s.Failures, "; "))
		}
	}
	if r := told[len(told)-1].Decision; r.From != 2 {
		t.Errorf("the last step began at %d", r.From)
	}
}

func TestFailuresSayWhatHappened(t *testing.T) {
	story := Story{Replicas: engine.Replicas{Current: 1, Ready: 1}, Steps: []Step{
		step(0, 50, Expect{Action: engine.ScaleUp, To: to(2), Reason: "Busy"}),
	}}
	told, err := Tell(t.Context(), policy(), above{}, story)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(told[0].Failures, "\n")
	for _, want := range []string{"expected scale_up, got hold", "expected 1 → 2, got 1 → 1", "expected the reason Busy, got Calm", "the decision was: Calm"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// broken is a rule without an answer.
type broken struct{ above }

func (broken) Error() string  { return "undefined" }
func (broken) Reason() string { return "RuleUndefined" }
func (broken) Recommend(context.Context, engine.Policy, engine.Snapshot) (engine.Recommendation, error) {
	return engine.Recommendation{}, broken{}
}

func TestBrokenRuleFailsTheStep(t *testing.T) {
	story := Story{Replicas: engine.Replicas{Current: 1, Ready: 1}, Steps: []Step{
		step(0, 50, Expect{Action: engine.Hold}),
		step(time.Minute, 50, Expect{Action: engine.Hold, Reason: "RuleUndefined"}),
	}}
	told, err := Tell(t.Context(), policy(), broken{}, story)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(told[0].Failures, "\n"); !strings.Contains(text, "no usable answer: undefined") {
		t.Errorf("a hold without a rule passes: %q", text)
	}
	if told[1].Failures != nil {
		t.Errorf("expected just that, and failed: %q", told[1].Failures)
	}
}
