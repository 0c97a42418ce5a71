package schema

import (
	"fmt"
	"slices"

	"github.com/flyball-dev/flyball/engine"
)

// unreachableAmounts finds a maxStep that cuts scaleUpBy or scaleDownBy short.
func (w *written) unreachableAmounts() {
	p := w.policy
	if !uses(p, "threshold") || p.MaxStep == 0 {
		return
	}
	for path, by := range map[string]int{"scaleUpBy": p.ScaleUpBy, "scaleDownBy": p.ScaleDownBy} {
		if by > p.MaxStep {
			w.lint("unreachable-bound", path, "%s %d is more than maxStep %d allows at once; raise maxStep or lower %s", path, by, p.MaxStep, path)
		}
	}
}

// unreachable finds bounds that no value of a metric crosses: crossing is strict, none of the known types goes under 0, and
// some are percentages that end at 100.
func (w *written) unreachable() {
	p := w.policy
	for i, t := range p.Thresholds {
		if t.Comparison == engine.PercentageChange {
			continue
		}
		up, down := fmt.Sprintf("thresholds[%d].scaleUp", w.bounds[i]), fmt.Sprintf("thresholds[%d].scaleDown", w.bounds[i])
		if t.Comparison == engine.LessThan {
			w.neverBelow(up, t.Metric, t.ScaleUp, "up")
			w.neverAbove(down, t.Metric, t.ScaleDown, "down")
			continue
		}
		w.neverBelow(down, t.Metric, t.ScaleDown, "down")
		w.neverAbove(up, t.Metric, t.ScaleUp, "up")
	}
	for i, b := range p.Bands {
		for j, band := range b.Bands {
			path := fmt.Sprintf("thresholds[%d].bands[%d]", w.bands[i], j)
			if band.Above != nil {
				w.neverAbove(path+".above", b.Metric, *band.Above, "up")
			} else {
				w.neverBelow(path+".below", b.Metric, *band.Below, "down")
			}
		}
	}
	for i, t := range p.Targets {
		edge := t.Value * (1 + t.Tolerance)
		if m, _ := p.Metric(t.Metric); percentage(m, edge) {
			path := fmt.Sprintf("thresholds[%d].target", w.aims[i])
			w.lint("unreachable-bound", path, "%s is a percentage and ends at 100; target %v with tolerance %v asks for more only above %.4g, "+
				"so it never scales up; write a target below %.4g", t.Metric, t.Value, t.Tolerance, edge, under(100/(1+t.Tolerance)))
		}
	}
}

func (w *written) neverBelow(path, metric string, bound float64, direction string) {
	if m, _ := w.policy.Metric(metric); bound <= 0 && m.Type != "custom" {
		w.lint("unreachable-bound", path, "%s is never below %v, so it never scales %s", metric, bound, direction)
	}
}

func (w *written) neverAbove(path, metric string, bound float64, direction string) {
	if m, _ := w.policy.Metric(metric); percentage(m, bound) {
		w.lint("unreachable-bound", path, "%s is a percentage and never above %v, so it never scales %s", metric, bound, direction)
	}
}

// percentage says whether a metric is a percentage that is never above a bound. What Docker gives as cpu is percent of what the
// replica may use; a burst can read a little more than 100. Added up over replicas there is no end.
func percentage(m engine.Metric, bound float64) bool {
	if m.Aggregation == "sum" || m.Aggregation == "rate" {
		return false
	}
	if m.Type == "cpu" && m.Source == "system" {
		return bound > 105
	}
	return bound >= 100 && slices.Contains([]string{"memory", "error_rate", "throttling"}, m.Type)
}
