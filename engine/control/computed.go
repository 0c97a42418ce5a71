package control

import (
	"context"
	"fmt"
	"time"

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
		var r engine.Reading
		if m.Expr != "" {
			r = byFormula(m, s)
		} else {
			r = byRule(ctx, rules, p, m, s)
		}
		s.Metrics[m.Name] = aged(m, r)
	}
	return s
}

// aged is a reading that is stale where what it was computed from is too old for the metric.
func aged(m engine.Metric, r engine.Reading) engine.Reading {
	age := time.Duration(r.AgeSeconds * float64(time.Second))
	if r.Status != engine.OK || m.StaleAfter <= 0 || age <= m.StaleAfter {
		return r
	}
	return engine.Reading{Status: engine.Stale, AgeSeconds: r.AgeSeconds, Samples: r.Samples, Reporting: r.Reporting,
		Detail: fmt.Sprintf("computed from what is %s old, limit %s", age.Round(time.Second), m.StaleAfter)}
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
	r := engine.Reads(*value)
	r.AgeSeconds = oldest(p, m, s)
	return r
}

// oldest is the age of the oldest newest sample among the metrics that a rule may have used: those above its own that are ok.
func oldest(p engine.Policy, m engine.Metric, s engine.Snapshot) float64 {
	age := 0.0
	for _, above := range p.Metrics {
		if above.Name == m.Name {
			break
		}
		if r := s.Metrics[above.Name]; r.Status == engine.OK {
			age = max(age, r.AgeSeconds)
		}
	}
	return age
}
