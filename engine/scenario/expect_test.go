package scenario

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// silent recommends what is there, and does not say why.
type silent struct{ above }

func (silent) Recommend(_ context.Context, _ engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	return engine.Recommendation{Action: engine.Hold, Replicas: s.Service.Replicas.Current}, nil
}

// That a decision has no reason can be expected, and be what must never be.
func TestNoReason(t *testing.T) {
	story := Story{Replicas: two(), Steps: []Step{step(0, 40, Expect{Reason: "NoReason"})}, Must: Must{Never: []string{"NoReason"}}}
	tale, err := Tell(t.Context(), policy(), silent{}, story)
	if err != nil {
		t.Fatal(err)
	}
	if len(tale.Steps[0].Failures) != 0 || len(tale.Failures) != 1 {
		t.Errorf("the step says %q, the whole %q", tale.Steps[0].Failures, tale.Failures)
	}
}

// A decision that several things are wrong with is named once.
func TestDecisionIsNamedOnce(t *testing.T) {
	for name, tt := range map[string]struct{ failures, want []string }{
		"twice": {[]string{"expected hold", "the decision was A", "expected 3 replicas; the decision was A"},
			[]string{"expected hold", "the decision was A", "expected 3 replicas"}},
		"on lines of their own": {[]string{"the decision was A", "no", "the decision was A"}, []string{"the decision was A", "no"}},
		"another one":           {[]string{"a; the decision was A", "b; the decision was B"}, []string{"a; the decision was A", "b; the decision was B"}},
		"with its instant":      {[]string{"the decision was A", "b; at 5m the decision was A"}, []string{"the decision was A", "b; at 5m the decision was A"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := once(tt.failures); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	tale, err := Tell(t.Context(), policy(), above{}, Story{Replicas: two(), Steps: []Step{step(0, 90, Expect{Action: engine.Hold, Replicas: to(5)})}})
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(tale.Steps[0].Failures, "\n"); strings.Count(text, "the decision was") != 1 {
		t.Errorf("says %s", text)
	}
}
