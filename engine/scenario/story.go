package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// Story is what happens to one policy, step by step, and what is expected of it.
type Story struct {
	Start    time.Time
	Replicas engine.Replicas // at the start; later steps begin where the decision before left off
	Steps    []Step
}

// Step is one instant of a story.
type Step struct {
	At       time.Duration // since the start
	Replicas *engine.Replicas
	Readings map[string]engine.Reading
	Expect   Expect
}

// Expect is what must hold of a step's decision. What is empty may be anything.
type Expect struct {
	Action engine.Action
	To     *int
	Reason string // of the decision, of a stage or of the rule
}

// Told is a step as it went.
type Told struct {
	Step     Step
	Decision engine.Decision
	Failures []string // empty: as expected
}

// Tell runs a story through the cycle. The policy decides as if it and autoscaling were on. A rule that gives no usable
// answer fails the step, unless the step expects just that reason.
func Tell(ctx context.Context, p engine.Policy, rules control.Recommender, story Story) ([]Told, error) {
	p.Enabled, p.Mode = true, engine.Live
	world := &World{Replicas: story.Replicas}
	cycle := world.Cycle(rules, &control.Budget{})
	told := make([]Told, 0, len(story.Steps))
	for _, step := range story.Steps {
		if step.Replicas != nil {
			world.Replicas = *step.Replicas
		}
		world.Readings = step.Readings
		record, _, err := cycle.Run(ctx, p, control.Moment{At: story.Start.Add(step.At)})
		if err != nil {
			return told, fmt.Errorf("at %s: %w", step.At, err)
		}
		told = append(told, Told{Step: step, Decision: record.Decision, Failures: step.Expect.check(record)})
	}
	return told, nil
}

func (e Expect) check(r engine.Record) []string {
	d := r.Decision
	var failures []string
	if e.Action != "" && d.Action != e.Action {
		failures = append(failures, fmt.Sprintf("expected %s, got %s", e.Action, d.Action))
	}
	if e.To != nil && d.To != *e.To {
		failures = append(failures, fmt.Sprintf("expected %d → %d, got %d → %d", d.From, *e.To, d.From, d.To))
	}
	if e.Reason != "" && !slices.Contains(reasons(r), e.Reason) {
		failures = append(failures, fmt.Sprintf("expected the reason %s, got %s", e.Reason, strings.Join(reasons(r), ", ")))
	}
	if broken := r.Recommendation.Error; broken != "" && !slices.Contains(reasonsOfRule(r), e.Reason) {
		failures = append(failures, "the rule gave no usable answer: "+broken)
	}
	if failures != nil {
		failures = append(failures, fmt.Sprintf("the decision was: %s (%s)", d.Reason, d.Message))
	}
	return failures
}

// reasons are all codes of a record, the guard's before the rule's.
func reasons(r engine.Record) []string {
	var codes []string
	for _, s := range r.Decision.Trace {
		if s.Reason != "" {
			codes = append(codes, s.Reason)
		}
	}
	return append(codes, reasonsOfRule(r)...)
}

func reasonsOfRule(r engine.Record) []string {
	var codes []string
	for _, reason := range r.Recommendation.Reasons {
		codes = append(codes, reason.Code)
	}
	return codes
}
