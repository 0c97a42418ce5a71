package metrics

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

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
		seen := map[string]bool{}
		counted := map[string][]engine.Sample{}
		for _, s := range samples {
			key := s.Replica + s.At.String()
			i := slices.IndexFunc(live, func(r engine.Replica) bool { return r.ID == s.Replica })
			if seen[key] || i < 0 && s.Replica != "" {
				continue
			}
			seen[key] = true
			if !s.At.After(from) || s.At.After(to) {
				continue
			}
			if evidence && m.Scope == engine.PerReplica {
				if !s.At.After(changed) || i >= 0 && s.At.Before(live[i].Started.Add(p.Rollout.Warmup)) {
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

// story is samples that arrive in any order, and instants at which they are read.
type story struct {
	policy  engine.Policy
	metric  engine.Metric
	samples []engine.Sample
	live    []engine.Replica
	changed time.Time
	at      time.Time
}

func drawStory(t *rapid.T) story {
	seconds := func(low, high int, label string) time.Duration {
		return time.Duration(rapid.IntRange(low*4, high*4).Draw(t, label)) * time.Second / 4
	}
	s := story{
		policy: engine.Policy{
			EvaluationInterval: seconds(1, 60, "interval"),
			Rollout:            engine.Rollout{Warmup: seconds(0, 20, "warm-up")},
		},
		metric: engine.Metric{
			Name:        "cpu",
			Aggregation: rapid.SampledFrom([]string{"avg", "max", "min", "sum", "last", "p50", "p90", "p95", "p99"}).Draw(t, "aggregation"),
			Scope:       rapid.SampledFrom([]engine.Scope{engine.PerReplica, engine.Total, engine.Independent}).Draw(t, "scope"),
			Window:      seconds(1, 30, "window"),
			StaleAfter:  seconds(1, 60, "stale after"),
		},
		changed: start.Add(seconds(-100, 60, "changed")),
		at:      start.Add(seconds(40, 70, "at")),
	}
	for _, id := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(t, id+" lives") {
			s.live = append(s.live, engine.Replica{ID: id, Started: start.Add(seconds(-100, 60, id+" started"))})
		}
	}
	for range rapid.IntRange(0, 120).Draw(t, "samples") {
		value := float64(rapid.IntRange(-100, 300).Draw(t, "value")) / 4
		if rapid.IntRange(0, 60).Draw(t, "odd") == 0 {
			value = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(t, "odd value")
		}
		s.samples = append(s.samples, engine.Sample{
			Metric: "cpu", Replica: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "replica"),
			At: start.Add(seconds(0, 72, "sampled at")), Value: value,
		})
	}
	return s
}

func TestReadsAsTheNaiveReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		var w Windows
		half := len(s.samples) / 2
		w.Add(s.samples[:half])
		w.Read(s.policy, s.metric, s.live, s.changed, s.at.Add(-span(s.metric)/2)) // forgets nothing that counts
		w.Add(s.samples[half:])
		got := w.Read(s.policy, s.metric, s.live, s.changed, s.at)
		want := naive(s.policy, s.metric, s.samples, s.live, s.changed, s.at)
		if complaint := differ(got, want); complaint != "" {
			t.Fatalf("%s\n got %s\nwant %s", complaint, show(got), show(want))
		}
	})
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

// FuzzRead wants that nothing a source says makes a reading that is not sound.
func FuzzRead(f *testing.F) {
	f.Add(int64(0), int64(15), 1.0, 2.0, 3.0, uint8(0))
	f.Add(int64(-5), int64(0), math.Inf(1), math.NaN(), -1e308, uint8(3))
	f.Add(int64(1)<<62, int64(-1)<<62, 1e308, 1e308, 1e308, uint8(5))
	f.Fuzz(func(t *testing.T, from, step int64, a, b, c float64, how uint8) {
		var w Windows
		for i, v := range []float64{a, b, c, a, b, c} {
			w.Add([]engine.Sample{{Metric: "cpu", Replica: []string{"", "a"}[i%2], At: start.Add(time.Duration(from + int64(i)*step)), Value: v}})
		}
		m := cpu([]string{"avg", "max", "min", "sum", "last", "p50", "p99"}[how%7])
		r := w.Read(everyMinute, m, lives("a"), time.Time{}, at(50))
		if (r.Status == engine.OK) != (r.Value != nil) || (r.Status == engine.OK) != (r.Detail == "") {
			t.Errorf("%s", show(r))
		}
		for _, v := range []*float64{r.Value, r.Previous, r.SlopePerMinute, r.Forecast, &r.AgeSeconds} {
			if v != nil && !finite(*v) {
				t.Errorf("%s", show(r))
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, how := range []string{"avg", "p95"} {
		for _, replicas := range []int{1, 20} {
			b.Run(fmt.Sprintf("%s of %d replicas, two windows of 20 samples", how, replicas), func(b *testing.B) {
				var w Windows
				var names []string
				for i := range replicas {
					names = append(names, fmt.Sprint(i))
					for s := range 40 {
						w.Add(said(names[i], float64(15*s), float64(s%7)))
					}
				}
				m := cpu(how)
				m.Window = 5 * time.Minute
				live := lives(names...)
				b.ReportAllocs()
				for b.Loop() {
					w.Read(everyMinute, m, live, time.Time{}, at(600))
				}
			})
		}
	}
}
