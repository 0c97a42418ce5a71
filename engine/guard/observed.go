package guard

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// observed forbids what the evidence can't carry: no scale-down while a metric is not ok or some ready replicas do not
// report it, unless its author lets the policy go down without it, or while the rules give no usable answer; and no change
// at all when no metric is ok.
func observed(s situation, wish int) ruling {
	if wish == s.current {
		return ruling{to: wish}
	}
	doubt, reason, ok := doubts(s)
	failed := s.recommendation.Error
	switch {
	case wish < s.current && failed != "":
		return ruling{s.current, ruleReason(s.recommendation), "no scale-down: " + failed}
	case ok == 0 && len(s.policy.Metrics) > 0: // a policy without metrics goes by its schedule
		return ruling{s.current, "NoMetrics", "no metric is ok: " + strings.Join(doubt, "; ")}
	case wish > s.current:
		return ruling{to: wish}
	case reason != "":
		return ruling{s.current, reason, "no scale-down: " + strings.Join(doubt, "; ")}
	}
	for _, t := range s.policy.Thresholds {
		r := s.snapshot.Metrics[t.Metric]
		if t.Comparison == engine.PercentageChange && r.Status == engine.OK && (r.Previous == nil || *r.Previous == 0) {
			return ruling{s.current, "NoBaseline", fmt.Sprintf("no scale-down: %s has nothing to be a percentage of", t.Metric)}
		}
	}
	return ruling{to: wish}
}

// doubts are what forbids scaling down about the metrics, with the reason of the first; ok counts those that can be trusted.
func doubts(s situation) (doubt []string, reason string, ok int) {
	for _, m := range s.policy.Metrics {
		r, found := s.snapshot.Metrics[m.Name]
		if !found {
			r.Status = engine.Missing
		}
		if r.Status == engine.OK {
			ok++
			if silent := s.silent(m, r); silent > 0 && m.OnMissing != "ignore" {
				doubt = append(doubt, fmt.Sprintf("%s: %s of %d ready do not report", m.Name, replicas(silent), s.snapshot.Service.Replicas.Ready))
				reason = cmp.Or(reason, "MetricPartial")
			}
			continue
		}
		if m.OnMissing != "ignore" {
			doubt = append(doubt, describe(m.Name, r))
			reason = cmp.Or(reason, statusReason[r.Status])
		}
	}
	return doubt, reason, ok
}

// ruleReason is the code of what went wrong. Where other strategies did answer, their reasons may come first.
func ruleReason(r engine.Recommendation) string {
	for _, of := range r.Reasons {
		if of.Message != "" && strings.Contains(r.Error, of.Message) {
			return of.Code
		}
	}
	return "RuleFailed"
}

// silent counts the ready replicas that a metric hears nothing of, though it hears of others. The busiest is the first to
// fall silent.
func (s situation) silent(m engine.Metric, r engine.Reading) int {
	if r.Reporting == 0 || m.Service != s.policy.Service {
		return 0
	}
	return max(0, s.snapshot.Service.Replicas.Ready-r.Reporting)
}

var statusReason = map[engine.Status]string{
	engine.Stale:   "MetricStale",
	engine.Missing: "MetricMissing",
	engine.Invalid: "MetricInvalid",
}

func describe(name string, r engine.Reading) string {
	text := fmt.Sprintf("%s is %s", name, r.Status)
	if r.Detail != "" {
		text += " (" + r.Detail + ")"
	}
	return text
}
