package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/formula"
)

// deadForms finds thresholds of a form that no strategy of the policy reads.
func (w *written) deadForms() {
	p := w.policy
	if own(p) {
		return
	}
	dead := func(entries []int, has, reader string) {
		for _, i := range entries {
			path := fmt.Sprintf("thresholds[%d]", i)
			w.lint("dead-threshold", path, "%s has %s, and asks for nothing: strategy %s reads that, and this policy decides by %s; name it in strategy, or remove %s",
				path, has, reader, strings.Join(p.Strategies, ", "), path)
		}
	}
	if !uses(p, "threshold") {
		dead(w.bounds, "scaleUp and scaleDown", "threshold")
	}
	if !tracks(p) {
		dead(w.aims, "a target", "target_tracking or predictive")
	}
	if !uses(p, "step") {
		dead(w.bands, "bands", "step")
	}
}

// outdone finds thresholds that change nothing beside another of the same metric. Up goes who is crossed first, and down only when
// all are crossed: so one with a higher scaleUp is dead only if its scaleDown is no lower, as otherwise it is what keeps the
// service from going down.
func (w *written) outdone() {
	p := w.policy
	if own(p) {
		return
	}
	for i, t := range p.Thresholds {
		j := slices.IndexFunc(p.Thresholds, func(other engine.Threshold) bool { return outdoes(other, t) })
		if j < 0 || j == i || j > i && outdoes(t, p.Thresholds[j]) || !uses(p, "threshold") {
			continue
		}
		path, other := fmt.Sprintf("thresholds[%d]", w.bounds[i]), p.Thresholds[j]
		w.lint("dead-threshold", path, "%s changes nothing: wherever %s crosses its scaleUp %v it has crossed %v of thresholds[%d], and "+
			"going down has to wait for %v of that one, not for %v; remove %s", path, t.Metric, t.ScaleUp, other.ScaleUp, w.bounds[j], other.ScaleDown, t.ScaleDown, path)
	}
	for i, t := range p.Targets {
		j := slices.IndexFunc(p.Targets, func(other engine.Target) bool { return outaims(other, t) })
		if j < 0 || j == i || j > i && outaims(t, p.Targets[j]) || !tracks(p) {
			continue
		}
		path, other := fmt.Sprintf("thresholds[%d]", w.aims[i]), p.Targets[j]
		w.lint("dead-threshold", path, "%s changes nothing: at any value of %s target %v of thresholds[%d] asks for as many replicas as target %v, or more; remove %s",
			path, t.Metric, other.Value, w.aims[j], t.Value, path)
	}
}

// outdoes says whether a threshold stands between the metric and all that another would do. One outdoes itself.
func outdoes(a, b engine.Threshold) bool {
	if a.Metric != b.Metric || a.Comparison != b.Comparison {
		return false
	}
	if a.Comparison == engine.LessThan {
		return a.ScaleUp >= b.ScaleUp && a.ScaleDown >= b.ScaleDown
	}
	return a.ScaleUp <= b.ScaleUp && a.ScaleDown <= b.ScaleDown
}

// outaims says whether a target asks for no fewer replicas than another, whatever the metric reads. One outaims itself.
func outaims(a, b engine.Target) bool {
	return a.Metric == b.Metric && a.Value <= b.Value &&
		a.Value*(1+a.Tolerance) <= b.Value*(1+b.Tolerance) && a.Value*(1-a.Tolerance) <= b.Value*(1-b.Tolerance)
}

// unused finds metrics that nothing looks at. Each still forbids scaling down while it is not ok.
func (w *written) unused() {
	p := w.policy
	if own(p) {
		return
	}
	used := map[string]bool{}
	for _, t := range (reader{w.value}).list("thresholds") {
		used[t.text("metric")] = true
	}
	for _, m := range p.Metrics {
		if f, err := formula.Parse(m.Expr); m.Expr != "" && err == nil {
			for _, name := range f.Metrics() {
				used[name] = true
			}
		}
	}
	for i, m := range p.Metrics {
		if path := fmt.Sprintf("metrics[%d]", i); !used[m.Name] && m.Floor == 0 {
			effect := "all that it can do is forbid scaling down while it is not ok"
			if m.OnMissing == "ignore" {
				effect = "it has no effect"
			}
			w.lint("unused-metric", path, "no threshold and no expr uses %s: %s; give it a threshold, or remove it", m.Name, effect)
		}
	}
}

// weightless finds strategies whose metrics all weigh nothing: the half of the confidence that is theirs is 0.
func (w *written) weightless() {
	p := w.policy
	metrics := map[string][]string{}
	for _, t := range p.Thresholds {
		metrics["threshold"] = append(metrics["threshold"], t.Metric)
	}
	for _, t := range p.Targets {
		metrics["target_tracking"] = append(metrics["target_tracking"], t.Metric)
	}
	metrics["predictive"] = metrics["target_tracking"]
	for _, b := range p.Bands {
		metrics["step"] = append(metrics["step"], b.Metric)
	}
	for _, strategy := range p.Strategies {
		names := metrics[strategy]
		weighs := func(name string) bool { m, _ := p.Metric(name); return m.Weight > 0 }
		if len(names) == 0 || slices.ContainsFunc(names, weighs) {
			continue
		}
		i := slices.IndexFunc(p.Metrics, func(m engine.Metric) bool { return m.Name == names[0] })
		never := ""
		if p.MinConfidence > 0.5 {
			never = fmt.Sprintf(", and minConfidence %v is never met", p.MinConfidence)
		}
		w.lint("no-weight", fmt.Sprintf("metrics[%d].weight", i), "every metric that strategy %s goes by has weight 0, so the confidence of a change "+
			"is at most 0.5%s; give one a weight", strategy, never)
	}
}
