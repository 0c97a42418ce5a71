package explain

import (
	"math"
	"strconv"

	"github.com/flyball-dev/flyball/engine"
)

// bound is a value at which a policy looks at a metric, and the smallest step past it that counts: what rules compare has
// six digits.
type bound struct{ value, step float64 }

func at(value float64) bound { return bound{value, grain(value)} }

// times is a bound on a multiple of a size, such as a target: the value and the multiple have six digits each.
func times(size, share float64) bound {
	value := tidy(size * share)
	return bound{value, max(grain(value), size*grain(share))}
}

// tidy takes the noise of an arithmetic operation from a number.
func tidy(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64) // what was just written
	return v
}

// grain is one in the sixth digit of a number, and from a million on one.
func grain(v float64) float64 {
	if v == 0 {
		return 1e-6
	}
	return min(1, math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-5))
}

// bounds are the values at which something about a metric may change, as far as the policy tells.
func bounds(c Case, metric string) []bound {
	m, _ := c.Policy.Metric(metric)
	n := c.Snapshot.Service.Replicas
	serving := n.Ready
	if serving == 0 {
		serving = n.Current
	}
	var all []bound
	rebound := func(value float64, falls bool) { // at which fewer replicas would ask for more again
		if m.Scope != engine.PerReplica || serving == 0 {
			return
		}
		for k := max(1, n.Current-4); k < n.Current; k++ {
			ratio := float64(k) / float64(serving)
			if falls {
				ratio = 1 / ratio
			}
			all = append(all, at(tidy(value*ratio)))
		}
	}
	for _, t := range c.Policy.Thresholds {
		if t.Metric != metric {
			continue
		}
		if t.Comparison == engine.PercentageChange {
			for _, percent := range []float64{t.ScaleUp, t.ScaleDown} {
				if b, known := changed(c, metric, percent); known {
					all = append(all, b)
				}
			}
			continue
		}
		all = append(all, at(t.ScaleUp), at(t.ScaleDown))
		rebound(t.ScaleUp, t.Comparison == engine.LessThan)
	}
	for _, t := range c.Policy.Targets {
		if t.Metric != metric {
			continue
		}
		size, each := t.Value, t.Value/float64(max(1, serving))
		if m.Whole() {
			size, each = t.Value*float64(n.Current), t.Value
		}
		all = append(all, times(size, 1+t.Tolerance), times(size, 1-t.Tolerance))
		asked := 0 // for now
		if v := c.Snapshot.Metrics[metric].Value; v != nil {
			asked = int(min(*v/each, engine.MostReplicas))
		}
		for _, around := range []int{n.Current, asked} {
			for k := max(0, around-2); k <= around+2; k++ {
				all = append(all, times(each, float64(k)))
			}
		}
		rebound(t.Value*(1+t.Tolerance), false)
	}
	for _, b := range c.Policy.Bands {
		if b.Metric != metric {
			continue
		}
		for _, band := range b.Bands {
			for _, edge := range []*float64{band.Above, band.Below} {
				if edge != nil {
					all = append(all, at(*edge))
				}
			}
		}
		if _, above := b.Edges(); above != nil {
			rebound(*above, false)
		}
	}
	return all
}

// changed is the value at which a metric has changed by so many percent.
func changed(c Case, metric string, percent float64) (bound, bool) {
	previous := c.Snapshot.Metrics[metric].Previous
	if previous == nil || *previous == 0 {
		return bound{}, false
	}
	size := math.Abs(*previous)
	return bound{tidy(*previous + size*percent/100), size * grain(percent) / 100}, true
}

// end is a bound and the side of it on which a metric asks for more replicas, or for fewer.
type end struct {
	bound
	side engine.Side
}

// inside is a value just on the side of an end.
func (e end) inside() float64 {
	if e.side == engine.Above {
		return e.value + e.step
	}
	return e.value - e.step
}

// has says whether a value is on the side of an end.
func (e end) has(v float64) bool {
	switch e.side {
	case engine.Above:
		return v > e.value
	case engine.Below:
		return v < e.value
	}
	return v <= e.value
}

// ends are where a metric asks for more replicas, and where for fewer; nil where the policy does not tell.
func ends(c Case, metric string) (more, fewer *end) {
	m, _ := c.Policy.Metric(metric)
	n := c.Snapshot.Service.Replicas
	for _, t := range c.Policy.Thresholds {
		if t.Metric != metric {
			continue
		}
		switch t.Comparison {
		case engine.LessThan:
			return &end{at(t.ScaleUp), engine.Below}, &end{at(t.ScaleDown), engine.Above}
		case engine.PercentageChange:
			up, known := changed(c, metric, t.ScaleUp)
			down, _ := changed(c, metric, t.ScaleDown)
			if known {
				return &end{up, engine.Above}, &end{down, engine.Below}
			}
		default:
			fewer := &end{at(t.ScaleDown), engine.Below}
			if after := float64(n.Current-max(1, c.Policy.ScaleDownBy)) / float64(max(1, n.Ready)); m.Scope == engine.PerReplica && !m.Whole() {
				if safe := tidy(t.ScaleUp * after); safe < t.ScaleDown { // above it fewer replicas would ask for more again
					fewer = &end{at(safe), engine.AtMost}
				}
			}
			return &end{at(t.ScaleUp), engine.Above}, fewer
		}
	}
	for _, t := range c.Policy.Targets {
		if t.Metric != metric {
			continue
		}
		size, serving := t.Value, max(1, n.Ready)
		if m.Whole() {
			size, serving = t.Value*float64(n.Current), max(1, n.Current)
		}
		down := min(1-t.Tolerance, float64(n.Current-1)/float64(serving))
		return &end{times(size, 1+t.Tolerance), engine.Above}, &end{times(size, down), engine.Below}
	}
	for _, b := range c.Policy.Bands {
		if b.Metric != metric {
			continue
		}
		below, above := b.Edges()
		if above != nil {
			more = &end{at(*above), engine.Above}
		}
		if below != nil {
			fewer = &end{at(*below), engine.Below}
		}
	}
	return more, fewer
}
