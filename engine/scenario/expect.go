package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// Expect is what must hold of a step's decisions, at each of its instants. What is empty may be anything.
type Expect struct {
	Action     engine.Action
	To         *int
	Reason     string // of the decision, of a stage or of the rule
	NoReason   string
	Confidence [2]*float64 // the least and the most, of the recommendation
	Replicas   *int        // once the step is over
}

// check says what is not as expected. usual are the codes that the story expects somewhere.
func (e Expect) check(r engine.Record, i Instant, usual []string) []string {
	d := r.Decision
	var failures []string
	fail := func(format string, args ...any) { failures = append(failures, fmt.Sprintf(format, args...)) }
	if e.Action != "" && d.Action != e.Action {
		fail("expected %s, got %s", e.Action, d.Action)
	}
	if e.To != nil && d.To != *e.To {
		fail("expected %d → %d, got %d → %d", d.From, *e.To, d.From, d.To)
	}
	if e.Reason != "" && !slices.Contains(i.Reasons, e.Reason) {
		fail("expected the reason %s, got %s", e.Reason, strings.Join(i.Reasons, ", "))
	}
	if e.NoReason != "" && slices.Contains(i.Reasons, e.NoReason) {
		fail("expected no reason %s, got %s", e.NoReason, strings.Join(i.Reasons, ", "))
	}
	sure := r.Recommendation.Confidence
	if least := e.Confidence[0]; least != nil && sure < *least {
		fail("expected a confidence of at least %g, got %.3g", *least, sure)
	}
	if most := e.Confidence[1]; most != nil && sure > *most {
		fail("expected a confidence of at most %g, got %.3g", *most, sure)
	}
	broken := func(code string) bool { return code == e.Reason || slices.Contains(usual, code) }
	if why := r.Recommendation.Error; why != "" && !slices.ContainsFunc(reasonsOfRule(r), broken) {
		fail("the rule gave no usable answer: %s", why)
	}
	if failures != nil {
		fail("%s%s", decided, i)
	}
	return failures
}

// decided is how failures name the decision that they are about.
const decided = "the decision was "

// once takes out of failures each decision that one before them has named.
func once(failures []string) []string {
	var left, named []string
	for _, failure := range failures {
		before, decision, found := strings.Cut(failure, decided)
		switch {
		case !found || !slices.Contains(named, decision):
			left = append(left, failure)
		case strings.HasSuffix(before, "; "):
			left = append(left, strings.TrimSuffix(before, "; "))
		case before != "":
			left = append(left, failure)
		}
		named = append(named, decision)
	}
	return left
}

// after says what is not as expected once a step is over.
func (s Step) after(instants []Instant) []string {
	var failures []string
	fail := func(format string, args ...any) { failures = append(failures, fmt.Sprintf(format, args...)) }
	last := instants[len(instants)-1]
	if n := s.Expect.Replicas; n != nil && last.Replicas != *n {
		fail("expected %d replicas in the end, got %d; %s%s", *n, last.Replicas, decided, last)
	}
	if s.Outcome != "" && s.Outcome != engine.Succeeded {
		if wrong := untold(s.Outcome, instants); wrong != "" {
			fail("outcome is %s, %s", s.Outcome, wrong)
		}
	}
	return failures
}

// untold is why an outcome was not that of any change, or can't be that of one; empty: it can.
func untold(outcome engine.Result, instants []Instant) string {
	begun := false
	for _, i := range instants {
		if i.Event == nil {
			continue
		}
		begun = true
		d := i.Decision
		switch {
		case outcome == engine.RolledBack && d.Action == engine.ScaleDown:
			return fmt.Sprintf("which only a raise can be; at %s the decision was %s", engine.Short(i.At), i)
		case outcome == engine.Partial && max(d.From-d.To, d.To-d.From) < 2:
			return fmt.Sprintf("which takes a change by two or more; at %s the decision was %s", engine.Short(i.At), i)
		}
	}
	if !begun {
		return fmt.Sprintf("and nothing was begun; %s%s", decided, instants[len(instants)-1])
	}
	return ""
}

// reasons are all codes of a record, the guard's before the rule's.
func reasons(r engine.Record) []string {
	var codes []string
	for _, s := range r.Decision.Trace {
		if s.Reason != "" {
			codes = append(codes, s.Reason)
		}
	}
	if codes = append(codes, reasonsOfRule(r)...); codes == nil {
		codes = []string{r.Decision.Reason} // NoReason
	}
	return codes
}

func reasonsOfRule(r engine.Record) []string {
	var codes []string
	for _, reason := range r.Recommendation.Reasons {
		codes = append(codes, reason.Code)
	}
	return codes
}
