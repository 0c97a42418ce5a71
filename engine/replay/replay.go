// Package replay makes decisions of the ledger again, from what is on record of what they were made from, and says what
// comes out otherwise. It is pure: the policy and the rules of then are given to it.
package replay

import (
	"context"
	"fmt"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Maker is what decisions are made with: a policy, and the rules that it asks.
type Maker struct {
	Policy engine.Policy
	Rules  control.Recommender
}

// Again makes a recorded decision again: from the same look at the world, and the same state before it. What a policy computes
// of what was seen is computed again too.
func Again(ctx context.Context, with Maker, r engine.Record) engine.Record {
	p := with.Policy
	p.Mode = r.Mode // in a dry run every policy is a shadow
	s := seen(ctx, with.Rules, p, r.Snapshot)
	again := r
	again.Snapshot, again.Request = s, asked(p, s, r)
	if req := again.Request; req != nil {
		again.Recommendation = guard.Asked(*req, s)
		again.Decision, _ = guard.Obey(p, s, *req, r.State)
		return again
	}
	again.Recommendation = control.Recommend(ctx, with.Rules, p, s)
	again.Decision, _ = guard.Decide(p, s, again.Recommendation, r.State)
	return again
}

// asked is what was asked for in the place of the rules. What is put back nobody asks for: it is found again.
func asked(p engine.Policy, s engine.Snapshot, r engine.Record) *engine.Request {
	switch {
	case r.Request == nil:
		return guard.Restore(p, s, r.State)
	case r.Request.Kind != engine.Restore:
		return r.Request
	}
	before := r.State // switch and pauses were read once more after it was found
	before.Enabled, before.Pauses = true, nil
	return guard.Restore(p, s, before)
}

// seen is a snapshot as a policy sees it: its own metrics, those that it computes computed anew, and what its schedule says.
func seen(ctx context.Context, rules control.Recommender, p engine.Policy, s engine.Snapshot) engine.Snapshot {
	readings := make(map[string]engine.Reading, len(p.Metrics))
	for _, m := range p.Metrics {
		r, found := s.Metrics[m.Name]
		switch {
		case m.Computed():
		case found:
			readings[m.Name] = r
		default:
			readings[m.Name] = engine.Reading{Status: engine.Missing, Detail: "not measured then"}
		}
	}
	s.Metrics = readings
	s.Schedule = control.Scheduled(p.Schedule, s.At)
	return control.Compute(ctx, rules, p, s)
}

// TimedOut says that rules got no answer in time: that was the machine's doing, and no replay can show it.
func TimedOut(r engine.Recommendation) bool {
	return slices.ContainsFunc(r.Reasons, func(reason engine.Reason) bool { return reason.Code == "RuleTimeout" })
}

// Unread names the metrics of a policy that were not read as it reads them, when another revision of it looked: what that
// one saw is all there is of them.
func Unread(then, now engine.Policy) []string {
	var all []string
	for _, m := range now.Metrics {
		before, found := then.Metric(m.Name)
		switch {
		case m.Computed():
		case !found || before.Computed():
			all = append(all, fmt.Sprintf("policy %s: metric %s was not measured then, so it is missing in the replay", now.Name, m.Name))
		case before.Signal() != m.Signal() || before.Aggregation != m.Aggregation || before.Window != m.Window ||
			before.StaleAfter != m.StaleAfter || then.Rollout.Warmup != now.Rollout.Warmup:
			all = append(all, fmt.Sprintf("policy %s: metric %s was read in another way then, and is replayed as it was read", now.Name, m.Name))
		}
	}
	return all
}
