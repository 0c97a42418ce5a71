package rego

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/flyball-dev/flyball/engine"
)

// The ways in which a rule gives no usable answer.
const (
	RuleUndefined = "RuleUndefined" // no answer for this input, or no such rule
	RuleConflict  = "RuleConflict"  // two answers
	RuleShape     = "RuleShape"     // an answer that is not a recommendation, or that contradicts itself
	RuleFailed    = "RuleFailed"    // an error on the way, such as a division by zero, or too much memory
	RuleTimeout   = "RuleTimeout"   // no answer in time
)

// RuleError says why a rule gave no usable answer.
type RuleError struct {
	Code string // one of the above
	Rule string // data.shop.checkout.recommendation
	Err  error
}

func (e *RuleError) Error() string { return fmt.Sprintf("rule %s: %v", e.Rule, e.Err) }

func (e *RuleError) Unwrap() error { return e.Err }

// Reason is the code, for the decision that holds because of it.
func (e *RuleError) Reason() string { return e.Code }

// answer is the variable that a query binds to the recommendation.
const answer = ast.Var("answer")

// recommend asks the rule of one strategy, in its own way where set says how. Every error is a *RuleError, and then the
// recommendation is empty.
func (r *Rules) recommend(ctx context.Context, p engine.Policy, strategy string, s engine.Snapshot, set func(*topdown.Query)) (engine.Recommendation, error) {
	rec, code, err := r.answer(ctx, p, strategy, s, set)
	if err != nil {
		return engine.Recommendation{}, &RuleError{Code: code, Rule: "data." + packageOf(strategy) + ".recommendation", Err: err}
	}
	return rec, nil
}

func (r *Rules) answer(ctx context.Context, p engine.Policy, strategy string, s engine.Snapshot, set func(*topdown.Query)) (engine.Recommendation, string, error) {
	query, found := r.queries[strategy]
	if !found {
		return engine.Recommendation{}, RuleUndefined, fmt.Errorf("strategy %q was not compiled", strategy)
	}
	input := r.words.document(Input(p, s), query.needs)
	key := memoKey{p.Name, strategy}
	if rec, found := r.memo.recall(key, input); found && set == nil {
		return rec, "", nil
	}
	value, code, err := r.ask(ctx, query, input, s.At, set)
	switch {
	case err != nil:
		return engine.Recommendation{}, code, err
	case value == nil:
		return engine.Recommendation{}, RuleUndefined, errors.New("undefined for this input; give it a default: hold at input.service.replicas.current or, beside another strategy, data.flyball.lib.abstention")
	}
	rec, err := read(value.Value, s.Service.Replicas.Current)
	if err == nil {
		r.memo.keep(key, input, rec)
	}
	return rec, RuleShape, err
}

// Calculate asks a rule of the author's for the value of a computed metric. It is nil where the rule is undefined for the
// snapshot. Every error is a *RuleError.
func (r *Rules) Calculate(ctx context.Context, p engine.Policy, rule string, s engine.Snapshot) (*float64, error) {
	query, found := r.metrics[rule]
	if !found {
		return nil, &RuleError{Code: RuleUndefined, Rule: "data." + rule, Err: errors.New("was not compiled")}
	}
	answered, code, err := r.ask(ctx, query, r.words.document(Input(p, s), query.needs), s.At, nil)
	if err != nil {
		return nil, &RuleError{Code: code, Rule: "data." + rule, Err: err}
	}
	if answered == nil {
		return nil, nil
	}
	value, err := float(answered.Value)
	if err != nil {
		return nil, &RuleError{Code: RuleShape, Rule: "data." + rule, Err: fmt.Errorf("the answer is %w", err)}
	}
	return value, nil
}

// ask evaluates a query over an input, at an instant; nil where it is undefined.
func (r *Rules) ask(ctx context.Context, q query, input *ast.Term, at time.Time, set func(*topdown.Query)) (value *ast.Term, code string, err error) {
	// A rule is an author's, and OPA is large: whatever breaks there must not take the daemon along.
	defer func() {
		if broken := recover(); broken != nil {
			value, code, err = nil, RuleFailed, fmt.Errorf("evaluation broke: %v", broken)
		}
	}()
	w := watch(ctx, r.limit)
	defer w.stop()
	query := topdown.NewQuery(q.body).
		WithCompiler(r.compiler).
		WithStore(r.store).
		WithTransaction(r.txn).
		WithInput(input).
		WithTime(at).
		WithCancel(w).
		WithMetrics(metrics.NoOp()).
		WithStrictBuiltinErrors(true)
	if set != nil {
		set(query)
	}
	err = query.Iter(ctx, func(found topdown.QueryResult) error {
		value = found[answer]
		return nil
	})
	if err != nil {
		code, err = w.explain(err)
	}
	return value, code, err
}
