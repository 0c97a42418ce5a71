package chunk

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Period is what one rollup sums up.
const Period = 5 * time.Minute

// Order sorts points by time, in place, and drops all of one time but the first given.
func Order(points []engine.Point) []engine.Point {
	earlier := func(a, b engine.Point) int { return a.At.Compare(b.At) }
	if !slices.IsSortedFunc(points, earlier) {
		slices.SortStableFunc(points, earlier)
	}
	return slices.CompactFunc(points, func(a, b engine.Point) bool { return a.At.Equal(b.At) })
}

// SumUp makes rollups of points that are in order. What is not a finite number is left out.
func SumUp(points []engine.Point) []engine.Rollup {
	var all []engine.Rollup
	for rest := points; len(rest) > 0; {
		from := period(rest[0].At)
		n := 1
		for n < len(rest) && period(rest[n].At).Equal(from) {
			n++
		}
		if r := sum(from, rest[:n]); r.Count > 0 {
			all = append(all, r)
		}
		rest = rest[n:]
	}
	return all
}

// Join sorts rollups, in place, and makes one of those of the same five minutes: their means weighted by their counts.
func Join(all []engine.Rollup) []engine.Rollup {
	slices.SortStableFunc(all, func(a, b engine.Rollup) int { return a.From.Compare(b.From) })
	joined := all[:0]
	for _, r := range all {
		if n := len(joined); n > 0 && joined[n-1].From.Equal(r.From) {
			joined[n-1] = join(joined[n-1], r)
		} else {
			joined = append(joined, r)
		}
	}
	return joined
}

func period(at time.Time) time.Time { return at.Truncate(Period) } // from the year 1 on, which began with one

func sum(from time.Time, points []engine.Point) engine.Rollup {
	r := engine.Rollup{From: from}
	var values []float64
	for _, p := range points {
		if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			values = append(values, p.Value)
		}
	}
	if len(values) == 0 {
		return r
	}
	r.Count, r.Min, r.Max = len(values), slices.Min(values), slices.Max(values)
	for _, v := range values {
		r.Mean += v / float64(len(values)) // each for itself: the sum of large ones would be infinite
	}
	r.Mean = brief(r.Mean, r.Min, r.Max)
	return r
}

func join(a, b engine.Rollup) engine.Rollup {
	n := a.Count + b.Count
	r := engine.Rollup{From: a.From, Count: n, Min: min(a.Min, b.Min), Max: max(a.Max, b.Max)}
	r.Mean = brief(a.Mean*(float64(a.Count)/float64(n))+b.Mean*(float64(b.Count)/float64(n)), r.Min, r.Max)
	return r
}

// brief is a mean to six significant digits, which is two more than samples have and half the bytes of sixteen. It
// stays between the lowest and the highest.
func brief(mean, lowest, highest float64) float64 {
	if v, err := strconv.ParseFloat(strconv.FormatFloat(mean, 'g', 6, 64), 64); err == nil {
		mean = v
	}
	return max(lowest, min(mean, highest))
}
