package scenario

import (
	"context"
	"slices"
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
	tale, err := Tell(t.Context(), policy(), above{}, story)
	if err != nil {
		t.Fatal(err)
	}
	told := tale.Steps
	for i, s := range told {
		if len(s.Failures) > 0 {
			t.Errorf("at %s: %s", story.Steps[i].At, strings.Join(s.Failures, "; "))
		}
	}
	if r := told[len(told)-1].Instants[0].Decision; r.From != 2 {
		t.Errorf("the last step began at %d", r.From)
	}
}

func TestFailuresSayWhatHappened(t *testing.T) {
	story := Story{Replicas: engine.Replicas{Current: 1, Ready: 1}, Steps: []Step{
		step(0, 50, Expect{Action: engine.ScaleUp, To: to(2), Reason: "Busy"}),
	}}
	tale, err := Tell(t.Context(), policy(), above{}, story)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(tale.Steps[0].Failures, "\n")
	for _, want := range []string{"expected scale_up, got hold", "expected 1 → 2, got 1 → 1", "expected the reason Busy, got Calm", "the decision was hold, 1 → 1: Calm"} {
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
	tale, err := Tell(t.Context(), policy(), broken{}, story)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(tale.Steps[0].Failures, "\n"); !strings.Contains(text, "no usable answer: undefined") {
		t.Errorf("a hold without a rule passes: %q", text)
	}
	if tale.Steps[1].Failures != nil {
		t.Errorf("expected just that, and failed: %q", tale.Steps[1].Failures)
	}
}

// tell tells a story that is expected to go well.
func tell(t *testing.T, story Story) Tale {
	t.Helper()
	tale, err := Tell(t.Context(), policy(), above{}, story)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range tale.Steps {
		if len(s.Failures) > 0 {
			t.Errorf("at %s: %s", story.Steps[i].At, strings.Join(s.Failures, "; "))
		}
	}
	return tale
}

func two() engine.Replicas { return engine.Replicas{Current: 2, Ready: 2} }

func TestStretch(t *testing.T) {
	tests := []struct {
		name  string
		step  Step
		next  time.Duration // of the step after it
		times []time.Duration
		cpu   []float64
	}{
		{name: "both ends", step: Step{Until: 3 * time.Minute}, next: time.Hour, times: []time.Duration{0, 1, 2, 3}, cpu: []float64{30, 40, 50, 60}},
		{name: "the next takes the place of the last", step: Step{Until: 3 * time.Minute}, next: 3 * time.Minute, times: []time.Duration{0, 1, 2}, cpu: []float64{30, 40, 50}},
		{name: "at another pace", step: Step{Until: 3 * time.Minute, Every: 2 * time.Minute}, next: time.Hour, times: []time.Duration{0, 2}, cpu: []float64{30, 50}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.step.Readings = map[string]engine.Reading{"cpu": engine.Reads(30)}
			tt.step.Ramps = map[string]Ramp{"cpu": {30, 60}}
			tale := tell(t, Story{Start: time.Unix(0, 0), Replicas: two(), Steps: []Step{tt.step, step(tt.next, 50, Expect{})}})
			instants := tale.Steps[0].Instants
			if len(instants) != len(tt.times) {
				t.Fatalf("has %d instants, want %d", len(instants), len(tt.times))
			}
			for i, instant := range instants {
				if instant.At != tt.times[i]*time.Minute {
					t.Errorf("instant %d is at %s, want %d m", i, instant.At, tt.times[i])
				}
				if v := *tt.step.readings(policy(), instant.At)["cpu"].Value; v != tt.cpu[i] {
					t.Errorf("at %s cpu is %g, want %g", instant.At, v, tt.cpu[i])
				}
			}
		})
	}
}

func TestFailuresInAStretchSayWhen(t *testing.T) {
	story := Story{Replicas: two(), Steps: []Step{{
		Until: 10 * time.Minute, Readings: map[string]engine.Reading{"cpu": engine.Reads(0)},
		Ramps: map[string]Ramp{"cpu": {50, 80}}, Expect: Expect{Action: engine.Hold},
	}}}
	tale, err := Tell(t.Context(), policy(), above{}, story)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(tale.Steps[0].Failures, "\n"); text != "at 7m: expected hold, got scale_up\nthe decision was scale_up, 2 → 3: Busy" {
		t.Errorf("says %s", text)
	}
	story.Steps[0].Expect = Expect{Reason: "Idle"}
	if tale, err = Tell(t.Context(), policy(), above{}, story); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(tale.Steps[0].Failures, "\n"); !strings.HasSuffix(text, "not as expected at 11 of 11 instants") {
		t.Errorf("says %s", text)
	}
}

func TestFaults(t *testing.T) {
	busy := func(s Step) Step { // a wish for more, whatever else is
		s.Readings = map[string]engine.Reading{"cpu": engine.Reads(90)}
		return s
	}
	why := "the sale"
	some := func(n int) *engine.Replicas { return &engine.Replicas{Current: n, Ready: n} }
	tests := []struct {
		name  string
		steps []Step
	}{
		{"a raise fails", []Step{
			busy(Step{Outcome: engine.Failed, Expect: Expect{To: to(3), Replicas: to(2)}}),
			busy(Step{At: 5 * time.Minute, Outcome: engine.RolledBack, Expect: Expect{To: to(3), Replicas: to(2)}}),
			busy(Step{At: 10 * time.Minute, Expect: Expect{To: to(3), Replicas: to(3)}}),
		}},
		{"a pause holds for its step alone", []Step{
			busy(Step{Paused: &why, Expect: Expect{Reason: "Paused"}}),
			busy(Step{At: time.Minute, Expect: Expect{Action: engine.ScaleUp, NoReason: "Paused"}}),
		}},
		{"a rollout holds for its step alone", []Step{
			busy(Step{Rollout: "an update", Expect: Expect{Reason: "RolloutInProgress"}}),
			busy(Step{At: time.Minute, Expect: Expect{Action: engine.ScaleUp}}),
		}},
		{"a cooldown goes on after a restart of the daemon", []Step{
			busy(Step{Expect: Expect{Action: engine.ScaleUp}}),
			busy(Step{At: 4 * time.Minute, Replicas: some(2), Restart: "daemon", Expect: Expect{Reason: "CooldownActive"}}),
			busy(Step{At: 5 * time.Minute, Expect: Expect{Action: engine.ScaleUp}}),
		}},
		{"and begins anew after another boot", []Step{
			busy(Step{Expect: Expect{Action: engine.ScaleUp}}),
			busy(Step{At: 4 * time.Minute, Replicas: some(2), Restart: "machine", Expect: Expect{Reason: "CooldownActive"}}),
			busy(Step{At: 5 * time.Minute, Expect: Expect{Reason: "CooldownActive"}}),
			busy(Step{At: 9 * time.Minute, Expect: Expect{Action: engine.ScaleUp}}),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tell(t, Story{Start: time.Unix(0, 0), Replicas: two(), Steps: tt.steps})
		})
	}
}

// seen notes how many replicas a rule was shown as ready.
type seen struct {
	above
	ready *[]int
}

func (s seen) Recommend(ctx context.Context, p engine.Policy, snap engine.Snapshot) (engine.Recommendation, error) {
	*s.ready = append(*s.ready, snap.Service.Replicas.Ready)
	return s.above.Recommend(ctx, p, snap)
}

func TestStarting(t *testing.T) {
	var ready []int
	story := Story{Replicas: two(), Steps: []Step{
		{Starting: 2, Readings: map[string]engine.Reading{"cpu": engine.Reads(50)}},
		{At: time.Minute, Starting: 1, Readings: map[string]engine.Reading{"cpu": engine.Reads(50)}},
		step(2*time.Minute, 50, Expect{}),
	}}
	if _, err := Tell(t.Context(), policy(), seen{above{}, &ready}, story); err != nil || !slices.Equal(ready, []int{0, 1, 2}) {
		t.Errorf("shows %v ready, %v", ready, err)
	}
	story.Steps[0].Starting = 3
	if _, err := Tell(t.Context(), policy(), above{}, story); err == nil || !strings.Contains(err.Error(), "at 0s: 3 are starting, and there are 2 replicas") {
		t.Errorf("3 of 2 are starting: %v", err)
	}
}

func TestStoryWithoutEnd(t *testing.T) {
	story := Story{Steps: []Step{{Until: 168 * time.Hour, Every: time.Second}}}
	if _, err := Tell(t.Context(), policy(), above{}, story); err == nil || !strings.Contains(err.Error(), "more than 25000 instants") {
		t.Errorf("was told to its end: %v", err)
	}
}

func TestOutcomes(t *testing.T) {
	tests := []struct {
		outcome  engine.Result
		from, to int
		reached  int
	}{
		{"", 2, 5, 5},
		{engine.Succeeded, 5, 2, 2},
		{engine.Failed, 2, 5, 2},
		{engine.RolledBack, 2, 5, 2},
		{engine.Partial, 2, 5, 4},
		{engine.Partial, 5, 2, 3},
	}
	for _, tt := range tests {
		w := World{Outcome: tt.outcome, Replicas: engine.Replicas{Current: tt.from, Ready: tt.from}}
		done := w.Scale(t.Context(), engine.Order{From: tt.from, To: tt.to})
		if done.Reached != tt.reached || w.Replicas.Current != tt.reached || (done.Error == "") != (done.Result == engine.Succeeded) {
			t.Errorf("%d → %d %s ends at %d: %+v", tt.from, tt.to, tt.outcome, w.Replicas.Current, done)
		}
	}
}

func TestOutcomesThatCanNotBe(t *testing.T) {
	tests := []struct {
		name string
		step Step
		want string
	}{
		{"nothing begun", Step{Outcome: engine.Failed}, "outcome is failed, and nothing was begun; the decision was hold, 2 → 2"},
		{"half of one", Step{Outcome: engine.Partial, Readings: map[string]engine.Reading{"cpu": engine.Reads(90)}},
			"outcome is partial, which takes a change by two or more; at 0s the decision was scale_up, 2 → 3"},
		{"a lowering rolled back", Step{Outcome: engine.RolledBack, Readings: map[string]engine.Reading{"cpu": engine.Reads(5)}},
			"outcome is rolled_back, which only a raise can be; at 0s the decision was scale_down, 2 → 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tale, err := Tell(t.Context(), policy(), above{}, Story{Replicas: two(), Steps: []Step{tt.step}})
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(tale.Steps[0].Failures, "\n"); !strings.Contains(text, tt.want) {
				t.Errorf("says %q, want %q", text, tt.want)
			}
		})
	}
}
