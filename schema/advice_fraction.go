package schema

import (
	"fmt"
	"math"
	"slices"

	"github.com/flyball-dev/flyball/engine"
)

// fractions finds percentages that are written as parts of one: each bound that a metric has lies between 0 and 1.
func (w *written) fractions() {
	p := w.policy
	for i, t := range p.Thresholds {
		if t.Comparison != engine.PercentageChange {
			w.fraction(t.Metric, fmt.Sprintf("thresholds[%d].scaleUp", w.bounds[i]), t.ScaleUp, t.ScaleDown)
		}
	}
	for i, t := range p.Targets {
		w.fraction(t.Metric, fmt.Sprintf("thresholds[%d].target", w.aims[i]), t.Value)
	}
	for i, b := range p.Bands {
		var edges []float64
		for _, band := range b.Bands {
			if band.Above != nil {
				edges = append(edges, *band.Above)
			} else {
				edges = append(edges, *band.Below)
			}
		}
		path := fmt.Sprintf("thresholds[%d].bands[0].above", w.bands[i])
		if b.Bands[0].Above == nil {
			path = fmt.Sprintf("thresholds[%d].bands[0].below", w.bands[i])
		}
		w.fraction(b.Metric, path, edges...)
	}
}

// fraction warns at the first of a metric's bounds.
func (w *written) fraction(metric, path string, bounds ...float64) {
	m, _ := w.policy.Metric(metric)
	low, high := slices.Min(bounds), slices.Max(bounds)
	named := slices.Contains([]string{"cpu", "memory", "error_rate", "throttling"}, m.Type)
	whole := high == 1 && m.Type == "error_rate" // one error in a hundred is many
	if !named || whole || m.Aggregation == "rate" || low < 0 || high > 1 || high == 0 {
		return
	}
	under := "under "
	if bounds[0] == 1 {
		under = ""
	}
	w.lint("fraction-for-percent", path, "%s is in percent, 0 to 100; %v is %s1 %%: did you mean %v?",
		metric, bounds[0], under, math.Round(bounds[0]*1e6)/1e4)
}
