package schema

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/flyball-dev/flyball/engine"
)

// flaps finds a policy that undoes what it just did. A perReplica metric is shared out over the replicas, so what is read as v
// with n of them is read as v·n/m with m. Where scaling up at a bound lands at or past the bound on the way down, the
// service goes up and down for ever under a constant load.
//
// It is proved for every count within the bounds, and those of windows, by doing what the strategies would do. Just above a bound
// is the worst case: a higher value that adds as many lands higher. So is the beginning of a rate's period, when it lets
// the most be added. less_than has no such case: there a raise moves a shared metric further past scaleUp.
//
// Nor has a target with a tolerance: m = ⌈load/target⌉ is asked for again at the m that it led to, whatever led there, and back to n
// leads only a load that falls to n·target, where it was above n·target·(1 + tolerance).
func (w *written) flaps() {
	p := w.policy
	if room(p.Rates.Down, p.MaxReplicas) == 0 {
		return // nothing is ever taken away
	}
	for i, t := range p.Thresholds {
		if !uses(p, "threshold") || t.Comparison != engine.GreaterThan {
			continue
		}
		if f := flapping(p, t.Metric, []float64{t.ScaleUp}); f != nil {
			w.lint("flap-hazard", fmt.Sprintf("thresholds[%d].scaleDown", w.bounds[i]), "%s, at or under scaleDown %v; write a scaleDown below %v",
				f.told(t.Metric, "scaleUp "), t.ScaleDown, under(f.lands))
		}
	}
	for i, b := range p.Bands {
		if !uses(p, "step") {
			continue
		}
		var edges []float64
		for _, band := range b.Bands {
			if band.Above != nil {
				edges = append(edges, *band.Above)
			}
		}
		if f := flapping(p, b.Metric, edges); f != nil {
			below, _ := b.Edges()
			w.lint("flap-hazard", fmt.Sprintf("thresholds[%d].bands", w.bands[i]), "%s, at or under the band below %v; write every below under %v",
				f.told(b.Metric, ""), *below, under(f.lands))
		}
	}
}

// noTolerance finds a target around which there is nothing that is left alone.
func (w *written) noTolerance() {
	p := w.policy
	if !tracks(p) || room(p.Rates.Down, p.MaxReplicas) == 0 {
		return
	}
	for i, t := range p.Targets {
		if n := p.MinReplicas; t.Tolerance == 0 && n < p.MaxReplicas {
			w.lint("flap-hazard", fmt.Sprintf("thresholds[%d].tolerance", w.aims[i]), "with %d to %d replicas the slightest change of load can add one and take "+
				"it away again: a load just above what %d carry at target %v asks for %d, one just below it for %d; write a tolerance such as 0.1",
				n, p.MaxReplicas-1, n, t.Value, n+1, n)
		}
	}
}

// flap is where scaling up undoes itself.
type flap struct {
	counts   []int   // all of them
	from, to int     // where it lands lowest
	edge     float64 // which bound it is just above
	lands    float64 // what it reads then
	season   season
}

func (f *flap) told(metric, edge string) string {
	counts := "1 replica"
	if len(f.counts) > 1 || f.counts[0] > 1 {
		counts = ranges(f.counts) + " replicas"
	}
	return fmt.Sprintf("with %s%s, scaling up undoes itself: %s just above %s%v on %d is shared out over %d, where it reads %.4g",
		counts, f.season.during(), metric, edge, f.edge, f.from, f.to, f.lands)
}

// flapping finds the counts at which being just above one of the edges undoes itself; nil: there are none.
func flapping(p engine.Policy, metric string, edges []float64) *flap {
	const hair = 1e-9 // so that a value that lands at a bound counts as past it: the next sample may be
	if m, _ := p.Metric(metric); !p.Shares(m) {
		return nil // it stays as it is, or depends on somebody else
	}
	var found *flap
	for _, s := range seasons(p) {
		for n := s.low; n < s.high; n++ {
			for _, edge := range edges {
				to := raised(p, n, asked(p, metric, edge*(1+hair), n), s.high)
				lands := edge * float64(n) / float64(to)
				if edge <= 0 || to == n || asked(p, metric, lands*(1-hair), to) >= to {
					continue
				}
				if found == nil {
					found = &flap{lands: math.Inf(1)}
				}
				if found.counts = append(found.counts, n); lands < found.lands {
					found.from, found.to, found.edge, found.lands, found.season = n, to, edge, lands, s
				}
			}
		}
	}
	if found != nil {
		slices.Sort(found.counts)
		found.counts = slices.Compact(found.counts)
	}
	return found
}

// raised is the count that one raise leads to.
func raised(p engine.Policy, n, wish, high int) int {
	if p.MaxStep > 0 {
		wish = min(wish, n+p.MaxStep)
	}
	return max(n, min(wish, n+room(p.Rates.Up, n), high))
}

// asked is what the strategies together ask for where a shared metric reads v on n replicas, and all other metrics go along:
// the highest of their answers, of those that look at the metric.
func asked(p engine.Policy, metric string, v float64, n int) int {
	answer := -1
	for _, strategy := range p.Strategies {
		switch strategy {
		case "threshold":
			answer = max(answer, byThresholds(p, metric, v, n))
		case "step":
			answer = max(answer, byBands(p, metric, v, n))
		case "target_tracking", "predictive":
			answer = max(answer, byTargets(p, metric, v, n))
		}
	}
	if answer < 0 {
		return n
	}
	return answer
}

// byThresholds is the answer of strategy threshold, -1 where it does not look at the metric.
func byThresholds(p engine.Policy, metric string, v float64, n int) int {
	answer := -1
	for _, t := range p.Thresholds {
		up, down := v > t.ScaleUp, v < t.ScaleDown
		switch {
		case t.Metric != metric || t.Comparison == engine.PercentageChange:
			continue
		case t.Comparison == engine.LessThan:
			up, down = v < t.ScaleUp, v > t.ScaleDown
		}
		switch {
		case up:
			return n + p.ScaleUpBy
		case down:
			answer = max(answer, max(0, n-p.ScaleDownBy))
		default:
			answer = n
		}
	}
	return answer
}

// byBands is the answer of strategy step, -1 where it does not look at the metric.
func byBands(p engine.Policy, metric string, v float64, n int) int {
	answer := -1
	for _, b := range p.Bands {
		if b.Metric != metric {
			continue
		}
		by, edge := 0, 0.0
		for _, band := range b.Bands {
			switch {
			case band.Above != nil && v > *band.Above && (by == 0 || *band.Above > edge):
				by, edge = band.Add, *band.Above
			case band.Below != nil && v < *band.Below && (by == 0 || *band.Below < edge):
				by, edge = -band.Remove, *band.Below
			}
		}
		answer = max(answer, max(0, n+by))
	}
	return answer
}

// byTargets is the answer of the strategies that hold targets, -1 where they do not look at the metric.
func byTargets(p engine.Policy, metric string, v float64, n int) int {
	answer := -1
	for _, t := range p.Targets {
		if t.Metric != metric {
			continue
		}
		replicas := n
		if ratio := v / t.Value; ratio > 1+t.Tolerance || ratio < 1-t.Tolerance {
			load, _ := strconv.ParseFloat(strconv.FormatFloat(ratio*float64(n), 'g', 6, 64), 64) // as rules see it
			replicas = int(math.Ceil(load))
		}
		answer = max(answer, replicas)
	}
	return answer
}

// under is a number to four significant digits, rounded down.
func under(x float64) float64 {
	if x <= 0 {
		return x
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-3)
	low, _ := strconv.ParseFloat(strconv.FormatFloat(math.Floor(x/unit+1e-9)*unit, 'g', 4, 64), 64)
	return low
}
