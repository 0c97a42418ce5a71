package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// selected is the part of one series that a reading looks at. The replica is the zero one for the whole service.
type selected struct {
	replica engine.Replica
	points  []point
}

func byReplica(a, b selected) int { return cmp.Compare(a.replica.ID, b.replica.ID) }

func newest(all []selected) time.Time {
	var at time.Time
	for _, s := range all {
		at = later(at, s.points[len(s.points)-1].at)
	}
	return at
}

// window is the samples of one stretch of time: finite ones in series, and which series ended in one that is not.
type window struct {
	series []selected
	broken []engine.Replica
}

// cut parts the finite samples from the others.
func cut(all []selected) window {
	var w window
	for _, s := range all {
		if !finite(s.points[len(s.points)-1].value) {
			w.broken = append(w.broken, s.replica)
		}
		good := s.points
		if slices.ContainsFunc(good, notFinite) {
			good = slices.DeleteFunc(slices.Clone(good), notFinite)
		}
		if len(good) > 0 {
			w.series = append(w.series, selected{s.replica, good})
		}
	}
	return w
}

func notFinite(p point) bool { return !finite(p.value) }

func (w window) invalid() (engine.Replica, bool) {
	if len(w.broken) == 0 {
		return engine.Replica{}, false
	}
	return w.broken[0], true
}

func (w window) samples() int {
	n := 0
	for _, s := range w.series {
		n += len(s.points)
	}
	return n
}

// instants is how often the metric was sampled: as often as the replica that has the most samples.
func (w window) instants() int {
	n := 0
	for _, s := range w.series {
		n = max(n, len(s.points))
	}
	return n
}

func (w window) replicas() int {
	n := 0
	for _, s := range w.series {
		if s.replica.ID != "" {
			n++
		}
	}
	return n
}

// aggregate needs at least one sample. It may overflow to an infinity.
func (w window) aggregate(how string) float64 {
	switch how {
	case "rate":
		return w.rate()
	case "sum":
		total := 0.0
		for _, s := range w.series {
			total += mean(s.points)
		}
		return total
	case "last":
		return mean(w.last())
	case "avg":
		return mean(w.behind(how))
	}
	behind := w.behind(how)
	pool := make([]float64, len(behind))
	for i, p := range behind {
		pool[i] = p.value
	}
	switch how {
	case "max":
		return slices.Max(pool)
	case "min":
		return slices.Min(pool)
	case "p50":
		return percentile(pool, 0.50)
	case "p90":
		return percentile(pool, 0.90)
	case "p95":
		return percentile(pool, 0.95)
	case "p99":
		return percentile(pool, 0.99)
	}
	return mean(behind)
}

func (w window) last() []point {
	points := make([]point, 0, len(w.series))
	for _, s := range w.series {
		points = append(points, s.points[len(s.points)-1])
	}
	return points
}

// trend is the slope a minute by least squares, and what the aggregate gains along it from the mean time of its samples
// until an instant: for an average that leads to the least squares line itself. Each series has a level of its own, so
// that a replica that joins with another level is not taken for a trend; with one series, or series sampled together,
// the slope is that of the plain line. The slope of a sum is the sum of the slopes. There is none when no series has
// samples at two times.
func (w window) trend(how string, until time.Time) (slope, rise float64, ok bool) {
	if how == "rate" {
		return w.rateTrend(until)
	}
	covariance, variance := 0.0, 0.0
	for _, s := range w.series {
		level, ahead := mean(s.points), minutesTo(s.points, until)
		c, v := 0.0, 0.0
		for _, p := range s.points {
			d := ahead - until.Sub(p.at).Minutes() // after the mean time
			c += d * (p.value - level)
			v += d * d
		}
		if v > 0 {
			slope += c / v
			rise += c / v * ahead
		}
		covariance += c
		variance += v
	}
	if how == "sum" {
		return slope, rise, variance > 0
	}
	slope = covariance / variance
	return slope, slope * minutesTo(w.behind(how), until), variance > 0
}

// behind are the samples that an aggregate stands on.
func (w window) behind(how string) []point {
	if how == "last" {
		return w.last()
	}
	if len(w.series) == 1 {
		return w.series[0].points
	}
	var points []point
	for _, s := range w.series {
		points = append(points, s.points...)
	}
	return points
}

// minutesTo is how far the mean time of samples is before an instant.
func minutesTo(points []point, until time.Time) float64 {
	total := 0.0
	for _, p := range points {
		total += until.Sub(p.at).Minutes()
	}
	return total / float64(len(points))
}

func mean(points []point) float64 {
	total := 0.0
	for _, p := range points {
		total += p.value
	}
	return total / float64(len(points))
}

// percentile interpolates between the two nearest ranks, at (n-1)·q from the lowest. It sorts values.
func percentile(values []float64, q float64) float64 {
	slices.Sort(values)
	rank := q * float64(len(values)-1)
	low := math.Floor(rank)
	i := int(low)
	if i+1 >= len(values) {
		return values[len(values)-1]
	}
	part := rank - low
	return values[i]*(1-part) + values[i+1]*part
}
