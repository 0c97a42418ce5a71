package control

import (
	"context"
	"fmt"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/formula"
)

// Compute adds the metrics that have no samples of their own to a snapshot, in the policy's order: each may use those
// before it. One that the snapshot has already stays as it is.
func Compute(ctx context.Context, rules Recommender, p engine.Policy, s engine.Snapshot) engine.Snapshot {
	for _, m := range p.Metrics {
		if _, given := s.Metrics[m.Name]; given || !m.Computed() {
			continue
		}
		if m.Expr != "" {
			s.Metrics[m.Name] = byFormula(m, s)
		} else {
			s.Metrics[m.Name] = byRule(ctx, rules, p, m, s)
		}
	}
	return s
}

func byFormula(m engine.Metric, s engine.Snapshot) engine.Reading {
	f, err := formula.Parse(m.Expr)
	if err != nil {
		return engine.Reading{Status: engine.Invalid, Detail: fmt.Sprintf("expr: %v", err)}
	}
	return f.Read(m, s)
}

func byRule(ctx context.Context, rules Recommender, p engine.Policy, m engine.Metric, s engine.Snapshot) engine.Reading {
	value, err := rules.Calculate(ctx, p, m.Rule, s)
	switch {
	case err != nil:
		return engine.Reading{Status: engine.Invalid, Detail: err.Error()}
	case value == nil:
		return engine.Reading{Status: engine.Missing, Detail: fmt.Sprintf("rule %s has no answer", m.Rule)}
	}
	return engine.Reads(*value)
}
