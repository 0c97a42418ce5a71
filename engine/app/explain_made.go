package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/explain"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
)

// pointed takes a name that is no policy's and no service's for what else it may be: the number of a decision, or the id of an
// event.
func pointed(ctx context.Context, ledger store.Reader, policies []engine.Policy, q api.Question) (api.Question, error) {
	asked := q.Of == "" || q.Event != "" || q.Decision != 0 || !q.At.IsZero()
	if asked || slices.ContainsFunc(policies, func(p engine.Policy) bool { return p.Name == q.Of || p.Service == q.Of }) {
		return q, nil
	}
	if n, err := strconv.ParseInt(q.Of, 10, 64); err == nil && n > 0 {
		return api.Question{Decision: n}, nil
	}
	if _, is, err := ledger.Event(ctx, q.Of); err != nil || is {
		return api.Question{Event: q.Of}, err
	}
	return q, nil
}

// complete adds what the rules say line by line, and the alternatives: by the policy at work where it made the decision, else
// by its revision of then. rules compiles those of the policies at work, or says why it can't.
func complete(ctx context.Context, ledger store.Revisions, policies []engine.Policy, rules func(engine.Policy) (*rego.Rules, string), e *api.Explanation) error {
	r := e.Record
	e.Rules, e.Alternatives, e.Metrics = []engine.Line{}, []engine.Alternative{}, readings(engine.Policy{}, r.Snapshot)
	now, newest := "", fmt.Sprintf("there is no policy %s any more", r.Policy)
	if i := slices.IndexFunc(policies, func(p engine.Policy) bool { return p.Name == r.Policy }); i >= 0 {
		now, newest = policies[i].Revision, "at work now is revision "+policies[i].Revision
		if now == r.Revision {
			compiled, why := rules(policies[i])
			if compiled == nil {
				e.Changed = why
				return nil
			}
			e.File = policies[i].File
			elaborate(ctx, compiled, policies[i], e)
			return nil
		}
	}
	then, known, err := ledger.Revision(ctx, r.Revision)
	if err != nil {
		return err
	}
	if !known {
		e.Changed = fmt.Sprintf("made by revision %s, which is not on record, and %s: this is what was recorded", r.Revision, newest)
		return nil
	}
	e.Then = &api.Then{Revision: then.ID, Since: then.At, Commit: then.Commit, Now: now}
	compiled, wrong := compiled(ctx, then)
	if compiled == nil {
		e.Changed = fmt.Sprintf("the rules of then can't be used any more: %s: this is what was recorded", first(wrong))
		return nil
	}
	elaborate(ctx, compiled, then.Policy, e)
	return nil
}

// elaborate explains with a policy and its rules.
func elaborate(ctx context.Context, rules *rego.Rules, p engine.Policy, e *api.Explanation) {
	r := e.Record
	e.Rules, e.Alternatives = []engine.Line{}, []engine.Alternative{}
	p.Mode = r.Mode
	e.Metrics = readings(p, r.Snapshot)
	c := explain.Case{Policy: p, Snapshot: r.Snapshot, State: r.State}
	if r.Request != nil && r.Request.Kind != engine.Restore { // which is flyball's own, and found again
		c.Request = r.Request
	}
	if r.Request == nil {
		lines, err := rules.Trace(ctx, p, r.Snapshot)
		e.Rules = lines
		if err != nil {
			e.RulesError = err.Error()
		}
		now, _ := rules.Recommend(ctx, p, r.Snapshot)
		e.Voices = explain.Voices(ctx, rules, p, r.Snapshot)
		if err == nil && (now.Action != r.Recommendation.Action || now.Replicas != r.Recommendation.Replicas) {
			e.Differs = fmt.Sprintf("asked again, the rules that this flyball has recommend %s", now.Wish())
		}
	}
	e.Alternatives = explain.Alternatives(ctx, rules, c, e.At)
}
