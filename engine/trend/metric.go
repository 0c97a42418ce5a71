package trend

import (
	"math"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Metric is the history of one: what its aggregation makes of each step, and the lowest and highest samples there where a step
// is longer than the window, and has more to tell than the policy sees at once. Those are nil where it is not, and of sums and
// rates, which no sample can be beside.
type Metric struct{ Values, Low, High Line }

// period is how long the stretch is that a rollup sums up.
const period = 5 * time.Minute

// Before is how far before the beginning of an axis samples may matter.
func (a Axis) Before(m engine.Metric) time.Duration { return 2 * max(a.Step, fullest(m)) }

// fullest is how long it takes to sample a metric as often as it takes to be believed. A step that is shorter looks back so far,
// or many would have no sample.
func fullest(m engine.Metric) time.Duration {
	return engine.Instants * engine.SampleEvery([]engine.Metric{m})
}

// OfSamples makes the history of a metric of its samples.
func OfSamples(a Axis, m engine.Metric, all []engine.Series) Metric {
	s := summary{axis: a, metric: m, back: max(a.Step, fullest(m)), every: engine.SampleEvery([]engine.Metric{m})}
	for _, one := range all {
		bits := make([]bit, 0, len(one.Points))
		for _, p := range one.Points {
			if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
				bits = append(bits, bit{at: p.At.UnixNano(), count: 1, mean: p.Value, low: p.Value, high: p.Value})
			}
		}
		s.add(bits)
	}
	return s.metricOf(s.samples)
}

// OfRollups makes it of five-minute summaries. Each counts for the step that has its middle. What is lost in them are
// percentiles, for which the mean stands.
func OfRollups(a Axis, m engine.Metric, all []engine.Rollups) Metric {
	s := summary{axis: a, metric: m, back: max(a.Step, period), every: period}
	for _, one := range all {
		bits := make([]bit, 0, len(one.Rollups))
		for _, r := range one.Rollups {
			if r.Count > 0 {
				bits = append(bits, bit{at: r.From.Add(period / 2).UnixNano(), count: float64(r.Count), mean: r.Mean, low: r.Min, high: r.Max})
			}
		}
		s.add(bits)
	}
	return s.metricOf(s.rollups)
}

// bit is a sample, or a rollup.
type bit struct {
	at              int64 // nanoseconds since 1970: there are many, and each is compared
	count           float64
	mean, low, high float64
}

// summary is what a metric is made of.
type summary struct {
	axis   Axis
	metric engine.Metric
	back   time.Duration // how far a value looks back
	every  time.Duration // a bit is there about so often
	series [][]bit       // oldest first; none is empty
}

func (s *summary) add(bits []bit) {
	if len(bits) > 0 {
		s.series = append(s.series, bits)
	}
}

// metricOf goes along the axis. Each series has the part that lies behind an instant, and begins where it did for the one before.
func (s *summary) metricOf(value func(parts []part) float64) Metric {
	m := Metric{Values: s.axis.line()}
	pooled := s.metric.Aggregation != "sum" && s.metric.Aggregation != "rate"
	if pooled && s.axis.Step > s.metric.Window {
		m.Low, m.High = s.axis.line(), s.axis.line()
	}
	begins, ends := make([]int, len(s.series)), make([]int, len(s.series))
	parts := make([]part, 0, len(s.series))
	for i := range s.axis.Points {
		to := s.axis.At(i).UnixNano()
		from := to - int64(s.back)
		parts = parts[:0]
		for n, bits := range s.series {
			for ends[n] < len(bits) && bits[ends[n]].at <= to {
				ends[n]++
			}
			for begins[n] < ends[n] && bits[begins[n]].at <= from {
				begins[n]++
			}
			if begin, end := begins[n], ends[n]; begin < end {
				p := part{bits[begin:end], bits[begin:end]}
				if begin > 0 && bits[begin-1].at > from-int64(s.back) {
					p.longer = bits[begin-1 : end]
				}
				parts = append(parts, p)
			}
		}
		if len(parts) == 0 {
			continue
		}
		v := value(parts)
		if pooled {
			low, high := extremes(parts)
			v = min(max(v, low), high) // a mean of equal numbers may be off by a bit
			if m.Low != nil {
				m.Low.set(i, low)
				m.High.set(i, high)
			}
		}
		m.Values.set(i, v)
	}
	return m
}

// part is what one series has in a step; longer has the bit before, too, where that is not long past.
type part struct{ bits, longer []bit }

func (p part) first() int64 { return p.bits[0].at }

func (p part) last() int64 { return p.bits[len(p.bits)-1].at }

func extremes(parts []part) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range parts {
		for _, b := range p.bits {
			low, high = min(low, b.low), max(high, b.high)
		}
	}
	return low, high
}

// samples aggregates parts of samples.
func (s *summary) samples(parts []part) float64 {
	q, is := map[string]float64{"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}[s.metric.Aggregation]
	if !is {
		return s.rollups(parts)
	}
	n := 0
	for _, p := range parts {
		n += len(p.bits)
	}
	pool := make([]float64, 0, n)
	for _, p := range parts {
		for _, b := range p.bits {
			pool = append(pool, b.mean)
		}
	}
	return percentile(pool, q)
}

// rollups aggregates parts of either.
func (s *summary) rollups(parts []part) float64 {
	switch s.metric.Aggregation {
	case "max":
		_, high := extremes(parts)
		return high
	case "min":
		low, _ := extremes(parts)
		return low
	case "sum":
		return s.together(parts, func(p part) (float64, bool) { return mean(p), true })
	case "rate":
		return s.together(parts, pace)
	case "last":
		return s.last(parts)
	}
	return mean(parts...)
}

// last is the mean of the newest of each series that had not ended by then.
func (s *summary) last(parts []part) float64 {
	newest := parts[0].last()
	for _, p := range parts {
		newest = max(newest, p.last())
	}
	total, n := 0.0, 0.0
	for _, p := range parts {
		if newest-p.last() < engine.Instants*int64(s.every) {
			total += p.bits[len(p.bits)-1].mean
			n++
		}
	}
	return total / n
}

// together adds what is known of each series up. One that was there for a part of the step, as of a replica that was replaced,
// counts for that part of it: two that came after each other are no two.
func (s *summary) together(parts []part, known func(part) (float64, bool)) float64 {
	first, last := parts[0].first(), parts[0].last()
	for _, p := range parts {
		first, last = min(first, p.first()), max(last, p.last())
	}
	whole := last - first + int64(s.every)
	total, any := 0.0, false
	for _, p := range parts {
		value, is := known(p)
		if !is {
			continue
		}
		any = true
		if lived := p.last() - p.first() + int64(s.every); whole-lived >= engine.Instants*int64(s.every) { // less is how sampling goes
			value *= float64(lived) / float64(whole)
		}
		total += value
	}
	if !any {
		return math.NaN()
	}
	return total
}

// pace is what a counter gained a minute. One that falls was started again from zero, and gained its new value; below zero it
// never is.
func pace(p part) (perMinute float64, known bool) {
	bits := p.longer
	total := 0.0
	for i := 1; i < len(bits); i++ {
		was, now := max(bits[i-1].mean, 0), max(bits[i].mean, 0)
		if now >= was {
			now -= was
		}
		total += now
	}
	minutes := time.Duration(bits[len(bits)-1].at - bits[0].at).Minutes()
	return total / minutes, minutes > 0
}

func mean(parts ...part) float64 {
	total, n := 0.0, 0.0
	for _, p := range parts {
		for _, b := range p.bits {
			total += b.mean * b.count
			n += b.count
		}
	}
	return total / n
}

// percentile interpolates between the two nearest ranks, as metrics do for decisions. It sorts values.
func percentile(values []float64, q float64) float64 {
	slices.Sort(values)
	rank := q * float64(len(values)-1)
	i := int(rank)
	if i+1 >= len(values) {
		return values[len(values)-1]
	}
	part := rank - float64(i)
	return values[i]*(1-part) + values[i+1]*part
}
