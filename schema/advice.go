package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// advise warns of what is allowed and will not do what its author hopes.
func (w *written) advise() {
	p := w.policy
	if p.MinReplicas == p.MaxReplicas {
		w.warn(w.place("maxReplicas"), "maxReplicas", "unreachable bound: minReplicas and maxReplicas are both %d, so this policy never scales",
			p.MaxReplicas)
	}
	w.unreachableAmounts()
	w.unread()
	w.nothingAhead()
	w.deadline(w.warn) // against the default minReady: with a health check, its author need not know of that
	weights := 0.0
	for i, t := range p.Thresholds {
		m, _ := p.Metric(t.Metric)
		weights += m.Weight
		w.unreachable(w.bounds[i], t, m)
		if uses(p, "threshold") {
			w.flaps(w.bounds[i], t, m)
		}
	}
	if uses(p, "threshold") && p.MinConfidence > 0 && weights == 0 {
		w.warn(w.place("minConfidence"), "minConfidence", "unreachable bound: minConfidence %v is never met, because every metric "+
			"with a threshold has weight 0; give one a weight", p.MinConfidence)
	}
}

// unreachableAmounts finds a maxStep that cuts scaleUpBy or scaleDownBy short.
func (w *written) unreachableAmounts() {
	p := w.policy
	if !uses(p, "threshold") || p.MaxStep == 0 {
		return
	}
	for path, by := range map[string]int{"scaleUpBy": p.ScaleUpBy, "scaleDownBy": p.ScaleDownBy} {
		if by > p.MaxStep {
			w.warn(w.place(path), path, "unreachable bound: %s %d is more than maxStep %d allows at once; raise maxStep or lower %s",
				path, by, p.MaxStep, path)
		}
	}
}

// unread finds thresholds in a form that none of the strategies reads. Rules of the author's may read any.
func (w *written) unread() {
	if slices.ContainsFunc(w.policy.Strategies, func(s string) bool { return strings.Contains(s, ".") }) {
		return
	}
	for _, form := range []struct {
		fields, strategy string
		read             bool
		written          []int
	}{
		{"scaleUp and scaleDown", "threshold", uses(w.policy, "threshold"), w.bounds},
		{"a target", "target_tracking", uses(w.policy, "target_tracking") || uses(w.policy, "predictive"), w.aims},
		{"bands", "step", uses(w.policy, "step"), w.bands},
	} {
		for _, i := range form.written {
			if path := fmt.Sprintf("thresholds[%d]", i); !form.read {
				w.warn(w.place(path), path, "%s never scales: no strategy of this policy reads %s; add %s to strategy, or remove it", path, form.fields, form.strategy)
			}
		}
	}
}

// nothingAhead finds a predictive strategy that nothing is forecast for. What a perReplica metric read last week was shared out
// over the replicas of then, so only metrics of the whole service are.
func (w *written) nothingAhead() {
	whole := func(t engine.Target) bool {
		m, _ := w.policy.Metric(t.Metric)
		return m.Whole()
	}
	if uses(w.policy, "predictive") && !slices.ContainsFunc(w.policy.Targets, whole) {
		w.warn(w.place("strategy"), "strategy", "strategy predictive has nothing to look ahead at: only metrics of the whole service are forecast (scope total, "+
			"or aggregation sum), and no target is of one")
	}
}

// unreachable finds bounds that no value of a metric crosses: crossing is strict, none of the known types goes under
// 0, and memory, error rates and throttling are percentages that end at 100. CPU may pass 100 where a replica has several cores.
func (w *written) unreachable(i int, t engine.Threshold, m engine.Metric) {
	if t.Comparison == engine.PercentageChange || m.Type == "custom" || m.Aggregation == "sum" {
		return
	}
	above, below := "scaleUp", "scaleDown"
	upper, lower := t.ScaleUp, t.ScaleDown
	if t.Comparison == engine.LessThan {
		above, below, upper, lower = below, above, lower, upper
	}
	effect := map[string]string{"scaleUp": "up", "scaleDown": "down"}
	if lower <= 0 {
		path := fmt.Sprintf("thresholds[%d].%s", i, below)
		w.warn(w.place(path), path, "unreachable bound: %s is never below %v, so it never scales %s", t.Metric, lower, effect[below])
	}
	if percent := slices.Contains([]string{"memory", "error_rate", "throttling"}, m.Type); percent && upper >= 100 {
		path := fmt.Sprintf("thresholds[%d].%s", i, above)
		w.warn(w.place(path), path, "unreachable bound: %s is a percentage and never above %v, so it never scales %s", t.Metric, upper, effect[above])
	}
}

// flaps finds a policy that undoes what it just did. A perReplica metric is shared out over the replicas, so what is
// read as v with n of them is read as v·n/m with m. Where scaling up at scaleUp lands at or past scaleDown, the service
// goes up and down for ever under a constant load. A sum over the replicas stays as it is. less_than has no such case: there
// a raise moves a shared metric further past scaleUp.
func (w *written) flaps(i int, t engine.Threshold, m engine.Metric) {
	p := w.policy
	if m.Scope != engine.PerReplica || m.Aggregation == "sum" || t.Comparison != engine.GreaterThan {
		return
	}
	var first, last int
	for n := p.MinReplicas; n < p.MaxReplicas; n++ {
		if lands(t, n, p) <= t.ScaleDown {
			last = n
			if first == 0 {
				first = n
			}
		}
	}
	if first == 0 {
		return
	}
	count := fmt.Sprintf("%d to %d replicas", first, last)
	switch last {
	case 1:
		count = "1 replica"
	case first:
		count = fmt.Sprintf("%d replicas", first)
	}
	path := fmt.Sprintf("thresholds[%d].scaleDown", i)
	w.warn(w.place(path), path, "flap hazard: with %s, scaling up undoes itself: %s just above scaleUp %v on %d is shared out over %d, "+
		"where it reads %.4g, at or under scaleDown %v; write a scaleDown below %.4g",
		count, t.Metric, t.ScaleUp, first, raised(first, p), lands(t, first, p), t.ScaleDown, lands(t, first, p))
}

// lands is where a perReplica metric that reads scaleUp with n replicas comes to rest after one raise.
func lands(t engine.Threshold, n int, p engine.Policy) float64 {
	return t.ScaleUp * float64(n) / float64(raised(n, p))
}

// raised is the count after one raise by the threshold strategy.
func raised(n int, p engine.Policy) int {
	by := p.ScaleUpBy
	if p.MaxStep > 0 {
		by = min(by, p.MaxStep)
	}
	return min(n+by, p.MaxReplicas)
}
