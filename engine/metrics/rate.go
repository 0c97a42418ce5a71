package metrics

import "time"

// gain is what a counter gained from one sample to the next.
type gain struct {
	at      time.Time // of the later sample
	minutes float64   // since the earlier one
	value   float64
}

// gains are those between the neighbours of a counter's samples: one less than there are samples. A counter that falls
// was started again from zero, so that what it gained is its new value, as Prometheus counts it. It never is negative:
// a sample that is so all the same is read as zero, which is a fall from whatever it was.
func gains(points []point) []gain {
	all := make([]gain, 0, len(points))
	for i := 1; i < len(points); i++ {
		before, now := max(points[i-1].value, 0), max(points[i].value, 0)
		if now >= before {
			now -= before
		}
		all = append(all, gain{points[i].at, points[i].at.Sub(points[i-1].at).Minutes(), now})
	}
	return all
}

// pace is the gain a minute.
func pace(all []gain) float64 {
	total, minutes := 0.0, 0.0
	for _, g := range all {
		total += g.value
		minutes += g.minutes
	}
	return total / minutes
}

// rate is the increase a minute of a counter. Each series counts alone, from its first sample in the window to its last:
// what was gained before its first is not known. One with a single sample adds nothing.
func (w window) rate() float64 {
	total := 0.0
	for _, s := range w.series {
		if len(s.points) > 1 {
			total += pace(gains(s.points))
		}
	}
	return total
}

// rateTrend is the trend of a rate: the sum, over the series, of the least squares lines through the rates of their gains.
// Each stands at the end of its time and weighs as much as that is long, so that the mean of the line is the rate of the
// series, and two samples that come right after each other say no more than they know.
func (w window) rateTrend(until time.Time) (slope, rise float64, ok bool) {
	for _, s := range w.series {
		all := gains(s.points)
		if len(all) < 2 {
			continue
		}
		level, ahead, minutes := pace(all), 0.0, 0.0
		for _, g := range all {
			ahead += g.minutes * until.Sub(g.at).Minutes()
			minutes += g.minutes
		}
		ahead /= minutes
		covariance, variance := 0.0, 0.0
		for _, g := range all {
			d := ahead - until.Sub(g.at).Minutes() // after the mean time
			covariance += d * (g.value - level*g.minutes)
			variance += d * d * g.minutes
		}
		slope += covariance / variance
		rise += covariance / variance * ahead
		ok = true
	}
	return slope, rise, ok
}
