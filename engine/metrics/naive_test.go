package metrics

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// naive says again what Read promises, over a plain list of samples.
func naive(p engine.Policy, m engine.Metric, samples []engine.Sample, live []engine.Replica, changed, at time.Time) engine.Reading {
	window := m.Window
	if window < 5*time.Second {
		window = 5 * time.Second
	}
	// The counted samples in (from, to], by replica and in order of time.
	count := func(from, to time.Time, evidence bool) map[string][]engine.Sample {
		type instant struct {
			replica string
			at      int64
		}
		seen := map[instant]bool{}
		counted := map[string][]engine.Sample{}
		for _, s := range samples {
			key := instant{s.Replica, s.At.UnixNano()}
			i := slices.IndexFunc(live, func(r engine.Replica) bool { return r.ID == s.Replica })
			if s.Metric != m.Name || s.At.IsZero() || seen[key] || i < 0 && s.Replica != "" {
				continue
			}
			seen[key] = true
			if !s.At.After(from) || s.At.After(to) {
				continue
			}
			if evidence && m.Scope == engine.PerReplica {
				began := i >= 0 && !live[i].Started.After(at)
				if !s.At.After(changed) || began && s.At.Before(live[i].Started.Add(p.Rollout.Warmup)) {
					continue
				}
			}
			counted[s.Replica] = append(counted[s.Replica], s)
		}
		for _, of := range counted {
			sort.Slice(of, func(i, j int) bool { return of[i].At.Before(of[j].At) })
		}
		return counted
	}
	var r engine.Reading
	all := count(time.Time{}, at, false)
	if len(all) == 0 {
		return engine.Reading{Status: engine.Missing}
	}
	r.AgeSeconds = math.Inf(1)
	for _, of := range all {
		r.AgeSeconds = min(r.AgeSeconds, at.Sub(of[len(of)-1].At).Seconds())
	}
	if r.AgeSeconds > m.StaleAfter.Seconds() {
		r.Status = engine.Stale
		return r
	}
	invalid := false
	measure := func(from, to time.Time) (value, slope, forecast float64, samples, replicas, most int) {
		var pool, means, last []float64
		var mid, lastMid, c, v float64
		sumSlope, sumForecast := 0.0, 0.0
		end := at.Add(p.EvaluationInterval)
		counted := count(from, to, true)
		ids := []string{}
		for id := range counted {
			ids = append(ids, id)
		}
		sort.Strings(ids)
		for _, id := range ids {
			of := counted[id]
			if x := of[len(of)-1].Value; math.IsNaN(x) || math.IsInf(x, 0) {
				invalid = true
			}
			of = slices.DeleteFunc(of, func(s engine.Sample) bool { return math.IsNaN(s.Value) || math.IsInf(s.Value, 0) })
			counted[id] = of
			if len(of) == 0 {
				continue
			}
			if id != "" {
				replicas++
			}
			most = max(most, len(of))
			mean, t := 0.0, 0.0
			for _, s := range of {
				pool = append(pool, s.Value)
				mean += s.Value / float64(len(of))
				t += end.Sub(s.At).Minutes() / float64(len(of))
				mid += end.Sub(s.At).Minutes()
			}
			means = append(means, mean)
			last = append(last, of[len(of)-1].Value)
			lastMid += end.Sub(of[len(of)-1].At).Minutes()
			ci, vi := 0.0, 0.0
			for _, s := range of {
				d := t - end.Sub(s.At).Minutes()
				ci += d * (s.Value - mean)
				vi += d * d
			}
			c, v = c+ci, v+vi
			sumForecast += mean
			if vi > 0 {
				sumSlope += ci / vi
				sumForecast += ci / vi * t
			}
		}
		samples = len(pool)
		if samples == 0 {
			return
		}
		total := func(xs []float64) (sum float64) {
			for _, x := range xs {
				sum += x
			}
			return
		}
		slices.Sort(pool)
		rank := func(q float64) float64 {
			x := q * float64(len(pool)-1)
			i, j := int(math.Floor(x)), int(math.Ceil(x))
			return pool[i] + (pool[j]-pool[i])*(x-float64(i))
		}
		slope = c / v
		switch m.Aggregation {
		case "rate":
			value, slope, forecast = naiveRate(counted, end)
			return value, slope, forecast, samples, replicas, most
		case "avg":
			value = total(pool) / float64(len(pool))
		case "max":
			value = pool[len(pool)-1]
		case "min":
			value = pool[0]
		case "sum":
			return total(means), sumSlope, sumForecast, samples, replicas, most
		case "last":
			value = total(last) / float64(len(last))
			return value, slope, value + slope*lastMid/float64(len(last)), samples, replicas, most
		default:
			q := map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}[m.Aggregation]
			value = rank(q)
		}
		return value, slope, value + slope*mid/float64(len(pool)), samples, replicas, most
	}
	value, slope, forecast, n, replicas, most := measure(at.Add(-window), at)
	r.Samples, r.Reporting = n, replicas
	switch {
	case invalid:
		r.Status = engine.Invalid
	case most < 3:
		r.Status = engine.Missing
	default:
		r.Status, r.Value, r.SlopePerMinute, r.Forecast = engine.OK, &value, &slope, &forecast
		if previous, _, _, _, _, most := measure(at.Add(-2*window), at.Add(-window)); most >= 3 {
			r.Previous = &previous
		}
	}
	return r
}

// naiveRate is the rate of counters, its slope and its forecast, by the normal equations of weighted least squares.
func naiveRate(counted map[string][]engine.Sample, end time.Time) (value, slope, forecast float64) {
	for _, of := range counted {
		if len(of) < 2 {
			continue
		}
		total, n := 0.0, 0
		var w, wx, wy, wxx, wxy float64
		for i, s := range of[1:] {
			was, is := math.Max(0, of[i].Value), math.Max(0, s.Value)
			gained := is - was
			if is < was {
				gained = is
			}
			minutes := s.At.Sub(of[i].At).Minutes()
			x, y := s.At.Sub(end).Minutes(), gained/minutes
			w, wx, wy = w+minutes, wx+minutes*x, wy+minutes*y
			wxx, wxy = wxx+minutes*x*x, wxy+minutes*x*y
			total, n = total+gained, n+1
		}
		value += total / of[len(of)-1].At.Sub(of[0].At).Minutes()
		tilt := 0.0
		if n > 1 {
			tilt = (w*wxy - wx*wy) / (w*wxx - wx*wx)
		}
		slope += tilt
		forecast += (wy - tilt*wx) / w // at the end, where x is 0
	}
	return value, slope, forecast
}

func differ(a, b engine.Reading) string {
	if a.Status != b.Status || a.Samples != b.Samples || a.Reporting != b.Reporting || math.Abs(a.AgeSeconds-b.AgeSeconds) > 1e-9 {
		return "another status or count"
	}
	for name, pair := range map[string][2]*float64{
		"value": {a.Value, b.Value}, "previous": {a.Previous, b.Previous},
		"slope": {a.SlopePerMinute, b.SlopePerMinute}, "forecast": {a.Forecast, b.Forecast},
	} {
		x, y := pair[0], pair[1]
		if (x == nil) != (y == nil) || x != nil && math.Abs(*x-*y) > 1e-6*max(1, math.Abs(*y)) {
			return "another " + name
		}
	}
	return ""
}

func show(r engine.Reading) string {
	text := fmt.Sprintf("%s %q samples %d reporting %d age %v", r.Status, r.Detail, r.Samples, r.Reporting, r.AgeSeconds)
	for name, v := range map[string]*float64{"value": r.Value, "previous": r.Previous, "slope": r.SlopePerMinute, "forecast": r.Forecast} {
		if v != nil {
			text += fmt.Sprintf(" %s %v", name, *v)
		}
	}
	return text
}
