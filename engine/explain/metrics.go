package explain

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/flyball-dev/flyball/engine"
)

// byMetrics moves each metric up and down until the outcome is another one.
func (a *asker) byMetrics(c Case, base, lifted outcome) []engine.Alternative {
	var found []engine.Alternative
	add := func(o outcome, m engine.Move) {
		if o.asked && !slices.ContainsFunc(found, func(f engine.Alternative) bool {
			return f.Metrics[0].Metric == m.Metric && f.Metrics[0].Side == m.Side && f.Action == o.decision.Action
		}) {
			found = append(found, a.alternative(o, []engine.Move{m}, base, lifted))
		}
	}
	for _, m := range c.Policy.Metrics {
		r := c.Snapshot.Metrics[m.Name]
		if r.Status != engine.OK || r.Value == nil {
			a.okAgain(c, m.Name, lifted, add)
			continue
		}
		for _, up := range []bool{true, false} {
			a.left = mostEach
			a.search(c, m.Name, *r.Value, up, lifted, add)
		}
	}
	return found
}

func (a *asker) alternative(o outcome, moves []engine.Move, base, lifted outcome) engine.Alternative {
	return engine.Alternative{
		Kind: engine.ByMetric, Metrics: moves, Once: o.once,
		Action: o.decision.Action, To: o.decision.To, Message: moved(o, moves, base, lifted),
	}
}

// try is the outcome with one metric at a value, whatever waits are lifted for it.
func (a *asker) try(c Case, metric string, value float64) outcome {
	return a.lifted(a.move(c, engine.Move{Metric: metric, Value: value}))
}

// search looks for the nearest value in one direction at which the outcome is another one, and behind it for those at which
// the action is yet another.
func (a *asker) search(c Case, metric string, from float64, up bool, base outcome, add func(outcome, engine.Move)) {
	known := bounds(c, metric)
	before, found, seen := from, false, []engine.Action{base.decision.Action}
	for _, value := range points(known, from, up) {
		other := func(v float64) (outcome, bool) {
			o := a.try(c, metric, v)
			return o, o.asked && (!found && !o.same(base) || !slices.Contains(seen, o.decision.Action))
		}
		o, is := other(value)
		if !o.asked {
			return
		}
		if !is {
			before = value
			continue
		}
		m := a.narrow(known, before, value, func(v float64) bool { _, is := other(v); return is })
		now := from
		m.Metric, m.Now, m.Status = metric, &now, engine.OK
		if first, is := other(m.Value); is {
			add(first, m)
		}
		found, before, seen = true, value, append(seen, o.decision.Action)
	}
}

// points are the values to try, the nearest first: each bound, what lies just before and just past it, and for rules that
// compare with something else some that lie further and further away.
func points(known []bound, from float64, up bool) []float64 {
	var all []float64
	for _, b := range known {
		all = append(all, b.value-b.step, b.value, b.value+b.step)
	}
	size := max(math.Abs(from), 1)
	for _, share := range []float64{0.1, 0.25, 0.5, 0.75, 0.9, 1, 3, 9, 99, 999} {
		switch far := size * share; {
		case up:
			all = append(all, from+far)
		case from-far >= 0 || from < 0: // few metrics fall under 0
			all = append(all, from-far)
		}
	}
	all = slices.DeleteFunc(all, func(v float64) bool { return up && v <= from || !up && v >= from })
	slices.SortFunc(all, func(x, y float64) int { return cmp.Compare(math.Abs(x-from), math.Abs(y-from)) })
	return slices.Compact(all)
}

// narrow finds where between two values, of which only the second has another outcome, that begins.
func (a *asker) narrow(known []bound, before, value float64, is func(float64) bool) engine.Move {
	past, reached := engine.Above, engine.AtLeast
	if value < before {
		past, reached = engine.Below, engine.AtMost
	}
	for _, b := range known {
		switch near := math.Abs(value-before) <= 1.01*b.step; {
		case near && before == b.value:
			return engine.Move{Bound: before, Side: past, Value: value}
		case near && value == b.value:
			return engine.Move{Bound: value, Side: reached, Value: value}
		}
	}
	way := math.Copysign(1, value-before)
	for a.left > 3 && math.Abs(value-before) > 1.5*grain(value) {
		round := shortest(before, value) // which is what an author would write
		if is(round) {
			near := round - way*grain(round)
			if (near-before)*way <= 0 || !is(near) {
				return engine.Move{Bound: round, Side: reached, Value: round}
			}
			value = near
		} else {
			near := round + way*grain(round)
			if (value-near)*way <= 0 || is(near) {
				return engine.Move{Bound: round, Side: past, Value: near}
			}
			before = near
		}
		if middle := before + (value-before)/2; is(middle) {
			value = middle
		} else {
			before = middle
		}
	}
	return engine.Move{Bound: value, Side: reached, Value: value, Within: math.Abs(value - before)}
}

// shortest is the number with the fewest digits between two.
func shortest(x, y float64) float64 {
	low, high := min(x, y), max(x, y)
	for n := 1; n < 17; n++ {
		middle := low + (high-low)/2
		v, err := strconv.ParseFloat(strconv.FormatFloat(middle, 'g', n, 64), 64)
		if err == nil && v > low && v < high {
			return v
		}
	}
	return low + (high-low)/2
}

// okAgain lets a metric that is not ok read what asks for more replicas, and what asks for fewer.
func (a *asker) okAgain(c Case, metric string, lifted outcome, add func(outcome, engine.Move)) {
	a.left = mostEach
	more, fewer := ends(c, metric)
	for _, e := range []*end{more, fewer} {
		if e == nil {
			continue
		}
		value := e.inside()
		if o := a.try(c, metric, value); o.asked && !o.same(lifted) {
			add(o, engine.Move{Metric: metric, Status: status(c, metric), Bound: e.value, Side: e.side, Value: value})
		}
	}
}

func status(c Case, metric string) engine.Status {
	return cmp.Or(c.Snapshot.Metrics[metric].Status, engine.Missing)
}

// lowers says whether the count comes down as it is, or with one metric moved.
func lowers(lifted outcome, found []engine.Alternative) bool {
	return lifted.decision.Action == engine.ScaleDown ||
		slices.ContainsFunc(found, func(f engine.Alternative) bool { return f.Action == engine.ScaleDown })
}

// together moves all metrics to where they ask for fewer replicas, where no single one brings the count down.
func (a *asker) together(c Case, base, lifted outcome) []engine.Alternative {
	a.left = mostEach
	var moves []engine.Move
	for _, m := range c.Policy.Metrics {
		_, fewer := ends(c, m.Name)
		r := c.Snapshot.Metrics[m.Name]
		switch {
		case fewer == nil || r.Status != engine.OK && m.OnMissing == "ignore":
			continue
		case r.Value != nil && fewer.has(*r.Value):
			continue
		}
		moves = append(moves, engine.Move{Metric: m.Name, Now: r.Value, Status: status(c, m.Name), Bound: fewer.value, Side: fewer.side, Value: fewer.inside()})
	}
	if len(moves) < 2 {
		return nil
	}
	o := a.lifted(a.move(c, moves...))
	if !o.asked || o.decision.Action != engine.ScaleDown {
		return nil
	}
	return []engine.Alternative{a.alternative(o, moves, base, lifted)}
}
