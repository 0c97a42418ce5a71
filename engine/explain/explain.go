// Package explain finds what would have to be different for a decision to be another one. It moves a metric, lets time
// pass, or silences a stage of the guard on a copy of what the decision was made from, and asks the same rules and the
// same guard again: what it states is what they answered.
package explain

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Case is what a decision was made from.
type Case struct {
	Policy   engine.Policy
	Snapshot engine.Snapshot
	State    engine.State
	Request  *engine.Request // of a person, in the place of the rules

	answer *engine.Recommendation // of the rules, where they are not to be asked again
}

// Bounds on the questions, so that an explanation takes a second even of slow rules.
const (
	mostEach = 64   // decisions for one metric in one direction
	mostAll  = 2000 // decisions
)

// Alternatives are the changes that would give another outcome: of the strategies, of single metrics, of all of them together where only that
// scales down, of time, and of the guard. The metrics' are the nearest in each direction. now is when they are told: what
// is to come is counted from there.
//
// A bound of the policy's is exact. For rules that compare with something else the metric is tried further and further
// away, up to a thousandfold, and the bound then narrowed down to a millionth; a change that is undone again in between is
// not found. Everything but the metric stays: its slope, its forecast, its former value.
func Alternatives(ctx context.Context, rules control.Recommender, c Case, now time.Time) []engine.Alternative {
	a := &asker{ctx: ctx, rules: rules, now: now, all: mostAll, left: mostEach}
	a.computed = a.recomputable(c)
	base, lifted := a.decide(c), a.lifted(c)
	if !lifted.asked {
		return []engine.Alternative{}
	}
	alternatives := []engine.Alternative{}
	if c.Request == nil {
		alternatives = append(alternatives, a.byStrategies(c, base, lifted)...)
		moved := a.byMetrics(c, base, lifted)
		alternatives = append(alternatives, moved...)
		if !lowers(lifted, moved) {
			alternatives = append(alternatives, a.together(c, base, lifted)...)
		}
	}
	alternatives = append(alternatives, a.later(c, base, lifted)...)
	return append(alternatives, a.without(c, base)...)
}

// asker asks the rules and the guard.
type asker struct {
	ctx      context.Context
	rules    control.Recommender
	now      time.Time
	all      int             // decisions that may still be asked for
	left     int             // of them, for the metric that is moved now
	late     bool            // a rule gave no answer in time: no more are asked for
	computed map[string]bool // metrics that are computed again when another one moves
}

// outcome is a decision, with what had to be lifted for it.
type outcome struct {
	decision engine.Decision
	once     []engine.Wait
	state    engine.State // after it
	wish     int          // that came past the bounds
	asked    bool         // false: too much was asked already
}

func (o outcome) same(other outcome) bool {
	return o.decision.Action == other.decision.Action && o.decision.To == other.decision.To
}

// decide is what the cycle does, on paper.
func (a *asker) decide(c Case) outcome {
	if a.late || a.all == 0 || a.left == 0 || a.ctx.Err() != nil {
		return outcome{}
	}
	a.all, a.left = a.all-1, a.left-1
	request := c.Request
	if request == nil {
		request = guard.Restore(c.Policy, c.Snapshot, c.State)
	}
	o := outcome{asked: true}
	if request != nil {
		o.decision, o.state = guard.Obey(c.Policy, c.Snapshot, *request, c.State)
	} else {
		r := a.recommendation(c)
		o.decision, o.state = guard.Decide(c.Policy, c.Snapshot, r, c.State)
	}
	o.wish = c.Snapshot.Service.Replicas.Current
	for _, s := range o.decision.Trace {
		if s.Stage == "bounds" {
			o.wish = s.To
		}
	}
	return o
}

func (a *asker) recommendation(c Case) engine.Recommendation {
	if c.answer != nil {
		return *c.answer
	}
	r := control.Recommend(a.ctx, a.rules, c.Policy, c.Snapshot)
	a.late = a.late || slices.ContainsFunc(r.Reasons, func(r engine.Reason) bool { return r.Code == "RuleTimeout" })
	return r
}

// lifted decides with everything lifted that only time, or a person, keeps: cooldowns, pauses, a change under way.
func (a *asker) lifted(c Case) outcome {
	return a.lift(c, waits)
}

// lift decides again and again, each time with one more stage silenced of those that may be.
func (a *asker) lift(c Case, may func(reason string) bool) outcome {
	var once []engine.Wait
	var lifted []string
	for {
		o := a.decide(c)
		o.once = once
		if !o.asked {
			return o
		}
		i := slices.IndexFunc(o.decision.Trace, func(s engine.Step) bool {
			return s.Reason != "" && may(s.Reason) && !slices.Contains(lifted, s.Reason)
		})
		if i < 0 {
			return o
		}
		step := o.decision.Trace[i]
		next, silenced := a.silence(c, step)
		if !silenced.possible {
			return o
		}
		c, lifted = next, append(lifted, step.Reason)
		if a.over(silenced) {
			continue
		}
		once = append(once[:len(once):len(once)], engine.Wait{Stage: step.Stage, Reason: step.Reason, Field: silenced.field, Until: silenced.until, Message: silenced.message})
	}
}

// recomputable are the metrics that are computed from the others as the snapshot shows them.
func (a *asker) recomputable(c Case) map[string]bool {
	computed := map[string]bool{}
	for _, m := range c.Policy.Metrics {
		if _, found := c.Snapshot.Metrics[m.Name]; found && m.Computed() {
			computed[m.Name] = true
		}
	}
	if len(computed) == 0 {
		return computed
	}
	again := a.compute(c, computed)
	for name := range computed {
		was, is := c.Snapshot.Metrics[name], again.Snapshot.Metrics[name]
		if was.Status != is.Status || was.Value != nil && *was.Value != *is.Value {
			delete(computed, name)
		}
	}
	return computed
}

// compute computes metrics anew.
func (a *asker) compute(c Case, which map[string]bool) Case {
	c.Snapshot.Metrics = maps.Clone(c.Snapshot.Metrics)
	for name := range which {
		delete(c.Snapshot.Metrics, name)
	}
	c.Snapshot = control.Compute(a.ctx, a.rules, c.Policy, c.Snapshot)
	return c
}

// move lets metrics read other values, and what is computed from them.
func (a *asker) move(c Case, moves ...engine.Move) Case {
	c.Snapshot.Metrics = maps.Clone(c.Snapshot.Metrics)
	if c.Snapshot.Metrics == nil {
		c.Snapshot.Metrics = map[string]engine.Reading{}
	}
	again := maps.Clone(a.computed)
	for _, m := range moves {
		r := c.Snapshot.Metrics[m.Metric]
		if r.Status != engine.OK {
			r = engine.Reading{Samples: r.Samples}
		}
		value := m.Value
		r.Status, r.Value = engine.OK, &value
		c.Snapshot.Metrics[m.Metric] = r
		delete(again, m.Metric)
	}
	if len(again) == 0 {
		return c
	}
	return a.compute(c, again)
}
