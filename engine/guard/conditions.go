package guard

import (
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// The types of conditions.
const (
	Able     = "Able"     // nothing stands in the way of a change, should one be wished for
	Informed = "Informed" // every metric can be trusted, and the rules make something of them
	Limited  = "Limited"  // more replicas were wished for than bounds, steps and budget allow
	Vetoes   = "Vetoes"   // of each metric: it alone would keep the service from going down
)

// Conditions are what a decision says of its policy, each with the time since when it is so; before are those of the
// decision before it. They are Able, Informed and Limited, then Vetoes of each metric that something is held against.
func Conditions(before []engine.Condition, d engine.Decision, r engine.Recommendation, snap engine.Snapshot, p engine.Policy) []engine.Condition {
	s := situation{policy: p, snapshot: snap, recommendation: r, at: snap.At, current: snap.Service.Replicas.Current}
	s.low, s.high = limits(p, snap)
	now := []engine.Condition{able(d), informed(s), limited(d)}
	for _, m := range p.Metrics {
		if c, asked := vetoes(s, m); asked {
			now = append(now, c)
		}
	}
	for i, c := range now {
		now[i].Since = snap.At
		for _, was := range before {
			if was.Type == c.Type && was.Metric == c.Metric && was.Status == c.Status {
				now[i].Since = was.Since
			}
		}
	}
	return now
}

// able is false while a gate holds, or the back-off. A cooldown and the stabilization are no obstacle: they are how the
// author wants changes to come.
func able(d engine.Decision) engine.Condition {
	for _, t := range d.Trace {
		gate := slices.ContainsFunc(gates, func(g stage) bool { return g.name == t.Stage })
		if t.Reason != "" && (gate || t.Stage == "backoff") {
			return engine.Condition{Type: Able, Reason: t.Reason, Message: t.Message}
		}
	}
	return engine.Condition{Type: Able, Status: true, Reason: "NothingInTheWay"}
}

// informed is false while a metric is in doubt that forbids scaling down, no metric is ok, or the rules fail.
func informed(s situation) engine.Condition {
	doubt, reason, ok := doubts(s)
	switch {
	case reason != "":
		return engine.Condition{Type: Informed, Reason: reason, Message: strings.Join(doubt, "; ")}
	case ok == 0 && len(s.policy.Metrics) > 0:
		return engine.Condition{Type: Informed, Reason: "NoMetrics", Message: "no metric is ok"}
	case s.recommendation.Error != "":
		return engine.Condition{Type: Informed, Reason: ruleReason(s.recommendation), Message: s.recommendation.Error}
	}
	return engine.Condition{Type: Informed, Status: true, Reason: "MetricsOK"}
}

// limited is true while a raise is cut by what is set, or by what there is. What time alone lifts, as a cooldown, is no limit,
// and that a service at its minimum may not shrink is none to worry about.
func limited(d engine.Decision) engine.Condition {
	for _, t := range d.Trace {
		cuts := t.Stage == "bounds" || t.Stage == "step" || t.Stage == "budget"
		if cuts && t.Reason != "" && t.From > d.From && t.To < t.From {
			return engine.Condition{Type: Limited, Status: true, Reason: t.Reason, Message: t.Message}
		}
	}
	return engine.Condition{Type: Limited, Reason: "WithinLimits"}
}
