package rego

import (
	"context"
	"errors"

	"github.com/flyball-dev/flyball/engine"
)

// Recommend asks the rules of each of a policy's strategies about a snapshot. Of several answers the highest count wins, and
// of equal ones the first; but a raise that the policy's minConfidence lets through wins over one that it would hold. The error, where no strategy gives a usable answer, is a *RuleError, and then the recommendation is
// empty.
//
// A strategy that gives no usable answer while others do is no vote for fewer replicas: the others may raise the count, and
// Error says what went wrong.
func (r *Rules) Recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	if len(p.Strategies) == 1 {
		return r.recommend(ctx, p, p.Strategies[0], s, nil)
	}
	var best engine.Recommendation
	var spoken, failed []engine.Reason
	var errs []error
	answers := 0
	for _, strategy := range p.Strategies {
		rec, err := r.recommend(ctx, p, strategy, s, nil)
		if err != nil {
			errs = append(errs, err)
			failed = append(failed, reasonOf(strategy, err))
			continue
		}
		for i := range rec.Reasons {
			rec.Reasons[i].Strategy = strategy
		}
		if answers++; answers == 1 || wins(rec, best, s.Service.Replicas.Current, p.MinConfidence) {
			spoken = append(rec.Reasons[:len(rec.Reasons):len(rec.Reasons)], spoken...)
			best = rec
		} else {
			spoken = append(spoken, rec.Reasons...)
		}
	}
	if answers == 0 {
		if len(errs) == 0 {
			return engine.Recommendation{}, &RuleError{Code: RuleUndefined, Rule: p.Name, Err: errors.New("the policy has no strategy")}
		}
		return engine.Recommendation{}, errs[0]
	}
	best.Reasons = append(spoken, failed...)
	if len(errs) == 0 {
		return best, nil
	}
	best.Error = errors.Join(errs...).Error()
	if current := s.Service.Replicas.Current; best.Replicas <= current {
		best.Action, best.Replicas, best.Confidence, best.Priority = engine.Hold, current, 0, engine.Low
		best.Reasons = append(failed, spoken...)
	}
	return best, nil
}

// wins says whether an answer takes the place of the best so far.
func wins(rec, best engine.Recommendation, current int, least float64) bool {
	sure := rec.Confidence >= least
	if bothRaise := rec.Replicas > current && best.Replicas > current; bothRaise && sure != (best.Confidence >= least) {
		return sure
	}
	return rec.Replicas > best.Replicas
}

func reasonOf(strategy string, err error) engine.Reason {
	code := RuleFailed
	if coded := (*RuleError)(nil); errors.As(err, &coded) {
		code = coded.Code
	}
	return engine.Reason{Code: code, Message: err.Error(), Strategy: strategy}
}
