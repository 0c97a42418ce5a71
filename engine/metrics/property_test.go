package metrics

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

var (
	aggregations = []string{"avg", "max", "min", "sum", "last", "p50", "p90", "p95", "p99", "rate"}
	scopes       = []engine.Scope{engine.PerReplica, engine.Total, engine.Independent}
)

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
			Aggregation: rapid.SampledFrom(aggregations).Draw(t, "aggregation"),
			Scope:       rapid.SampledFrom(scopes).Draw(t, "scope"),
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
		ever := w.Add(s.samples[:half])
		w.Read(s.policy, s.metric, s.live, s.changed, s.at.Add(-span(s.metric)/2)) // forgets nothing that counts
		ever = append(ever, w.Add(s.samples[half:])...)
		got := w.Read(s.policy, s.metric, s.live, s.changed, s.at)
		want := naive(s.policy, s.metric, ever, s.live, s.changed, s.at)
		if complaint := differ(got, want); complaint != "" {
			t.Fatalf("%s\n got %s\nwant %s", complaint, show(got), show(want))
		}
	})
}

func TestAnyOrderGivesTheSameReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		s.samples = onlyFirst(s.samples)
		mixed := rapid.Permutation(s.samples).Draw(t, "mixed")
		var a, b Windows
		if news := a.Add(s.samples); len(news) != len(s.samples) {
			t.Fatalf("%d of %d samples are new", len(news), len(s.samples))
		}
		for i := range mixed {
			if news := b.Add(mixed[i : i+1]); len(news) != 1 {
				t.Fatalf("%v is not new", mixed[i])
			}
		}
		one := a.Read(s.policy, s.metric, s.live, s.changed, s.at)
		other := b.Read(s.policy, s.metric, s.live, s.changed, s.at)
		if !reflect.DeepEqual(one, other) {
			t.Fatalf("another order, another reading\n %s\n %s", show(one), show(other))
		}
	})
}

type key struct {
	metric, replica string
	at              time.Time
}

func keyOf(s engine.Sample) key { return key{s.Metric, s.Replica, s.At} }

func onlyFirst(samples []engine.Sample) []engine.Sample {
	seen := map[key]bool{}
	return slices.DeleteFunc(samples, func(s engine.Sample) bool {
		again := seen[keyOf(s)]
		seen[keyOf(s)] = true
		return again
	})
}

// TestReadsAsTheNaiveReadingForLong runs many cycles over two metrics: replicas come and go, the source stalls, samples
// come late, twice, mixed and without a time, and counters start again.
func TestReadsAsTheNaiveReadingForLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quarters := func(low, high int, label string) time.Duration {
			return time.Duration(rapid.IntRange(low, high).Draw(t, label)) * time.Second / 4
		}
		p := engine.Policy{EvaluationInterval: quarters(4, 240, "interval"), Rollout: engine.Rollout{Warmup: quarters(0, 20, "warm-up")}}
		latest := time.Hour
		for _, name := range []string{"cpu", "requests"} {
			m := engine.Metric{
				Name:        name,
				Aggregation: rapid.SampledFrom(aggregations).Draw(t, "aggregation"),
				Scope:       rapid.SampledFrom(scopes).Draw(t, "scope"),
				Window:      quarters(4, 60, "window"),
				StaleAfter:  quarters(4, 120, "stale after"),
			}
			p.Metrics = append(p.Metrics, m)
			latest = min(latest, 2*span(m))
		}
		var (
			w       Windows
			ever    []engine.Sample
			have    = map[key]bool{}
			count   = map[string]float64{}
			live    []engine.Replica
			changed time.Time
			now     = start
			stalled = 0
		)
		for cycle := range rapid.IntRange(3, 25).Draw(t, "cycles") {
			now = now.Add(quarters(1, 12, "step"))
			if rapid.IntRange(0, 7).Draw(t, "comes") == 0 || cycle == 0 {
				live, changed = append(slices.Clone(live), engine.Replica{ID: string(rune('a' + cycle)), Started: now}), now
			}
			if len(live) > 0 && rapid.IntRange(0, 9).Draw(t, "goes") == 0 {
				i := rapid.IntRange(0, len(live)-1).Draw(t, "who")
				live, changed = slices.Delete(slices.Clone(live), i, i+1), now
			}
			if stalled--; stalled < 0 && rapid.IntRange(0, 9).Draw(t, "stalls") == 0 {
				stalled = rapid.IntRange(1, 12).Draw(t, "stalled for")
			}
			var batch []engine.Sample
			for _, m := range p.Metrics {
				for _, r := range append(live, engine.Replica{}) {
					if stalled > 0 {
						continue
					}
					count[r.ID] += float64(rapid.IntRange(0, 40).Draw(t, "more"))
					if rapid.IntRange(0, 19).Draw(t, "restart") == 0 {
						count[r.ID] = rapid.SampledFrom([]float64{0, 3, -5, math.NaN(), 1e6}).Draw(t, "from")
					}
					batch = append(batch, engine.Sample{Metric: m.Name, Replica: r.ID, At: now, Value: count[r.ID]})
				}
			}
			for i := range batch {
				if rapid.IntRange(0, 5).Draw(t, "is late") == 0 {
					batch[i].At = now.Add(-min(quarters(0, 100, "late"), latest-1).Truncate(time.Second / 4))
				}
			}
			if len(ever) > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				again := ever[rapid.IntRange(max(0, len(ever)-8), len(ever)-1).Draw(t, "which")]
				again.Value++
				batch = append(batch, again, engine.Sample{Metric: "cpu", Value: 99})
			}
			batch = rapid.Permutation(batch).Draw(t, "mixed")
			var want []engine.Sample
			for _, s := range batch {
				if !s.At.IsZero() && !have[keyOf(s)] {
					have[keyOf(s)] = true
					want = append(want, s)
				}
			}
			if got := w.Add(batch); !slices.EqualFunc(got, want, func(a, b engine.Sample) bool {
				return keyOf(a) == keyOf(b) && math.Float64bits(a.Value) == math.Float64bits(b.Value)
			}) {
				t.Fatalf("of %v new are\n %v, want\n %v", batch, got, want)
			}
			ever = append(ever, want...)
			for _, m := range p.Metrics {
				got, want := w.Read(p, m, live, changed, now), naive(p, m, ever, live, changed, now)
				if complaint := differ(got, want); complaint != "" {
					t.Fatalf("cycle %d, %s of %s: %s\n got %s\nwant %s", cycle, m.Aggregation, m.Name, complaint, show(got), show(want))
				}
			}
		}
	})
}

// TestASampleIsNewOnce adds samples as late as can be, of replicas that come and go, and wants that none is new twice, and
// that all that some reading can still need are.
func TestASampleIsNewOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Windows
		m := cpu("avg")
		m.Window = 10 * time.Second
		seen := map[key]bool{}
		now, read := start, time.Time{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "step")) * time.Second)
			if rapid.Bool().Draw(t, "read") {
				w.Read(everyMinute, m, lives(rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.ID[string]).Draw(t, "live")...), time.Time{}, now)
				read = now
				continue
			}
			s := engine.Sample{Metric: "cpu", Replica: rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "replica"),
				At: now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "late")) * time.Second)}
			switch news := len(w.Add([]engine.Sample{s})); {
			case news == 1 && seen[keyOf(s)]:
				t.Fatalf("%v is new again", s)
			case news == 0 && !seen[keyOf(s)] && s.At.After(read.Add(-2*m.Window)):
				t.Fatalf("%v is not new", s)
			case news == 1:
				seen[keyOf(s)] = true
			}
		}
	})
}

// TestOnlyFiniteNumbersComeOut feeds what no source should say.
func TestOnlyFiniteNumbersComeOut(t *testing.T) {
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e308, -1e308, math.MaxFloat64, -math.MaxFloat64, 5e-324, math.Copysign(0, -1), 0, 1}
	rapid.Check(t, func(t *rapid.T) {
		s := drawStory(t)
		for i := range s.samples {
			s.samples[i].Value = rapid.SampledFrom(odd).Draw(t, "value")
		}
		var w Windows
		w.Add(s.samples)
		r := w.Read(s.policy, s.metric, s.live, s.changed, s.at)
		if complaint := unsound(r); complaint != "" {
			t.Fatalf("%s: %s", complaint, show(r))
		}
		want := naive(s.policy, s.metric, s.samples, s.live, s.changed, s.at)
		if r.Status != want.Status && !(r.Status == engine.Invalid && want.Status == engine.OK) { // the naive one overflows elsewhere
			t.Fatalf("%s, want %s", show(r), show(want))
		}
	})
}

// unsound says what must never come out of a reading.
func unsound(r engine.Reading) string {
	if (r.Status == engine.OK) != (r.Value != nil) || (r.Status == engine.OK) != (r.Detail == "") {
		return "status, value and detail do not agree"
	}
	for name, v := range map[string]*float64{"value": r.Value, "previous": r.Previous, "slope": r.SlopePerMinute, "forecast": r.Forecast, "age": &r.AgeSeconds} {
		if v != nil && !finite(*v) {
			return name + " is not finite"
		}
	}
	return ""
}

// FuzzRead wants that nothing a source says makes a reading that is not sound.
func FuzzRead(f *testing.F) {
	f.Add(int64(0), int64(15), 1.0, 2.0, 3.0, uint8(0))
	f.Add(int64(-5), int64(0), math.Inf(1), math.NaN(), -1e308, uint8(3))
	f.Add(int64(1)<<62, int64(-1)<<62, 1e308, 1e308, 1e308, uint8(9))
	f.Fuzz(func(t *testing.T, from, step int64, a, b, c float64, how uint8) {
		var w Windows
		for i, v := range []float64{a, b, c, a, b, c} {
			w.Add([]engine.Sample{{Metric: "cpu", Replica: []string{"", "a"}[i%2], At: start.Add(time.Duration(from + int64(i)*step)), Value: v}})
		}
		m := cpu(aggregations[int(how)%len(aggregations)])
		r := w.Read(everyMinute, m, lives("a"), time.Time{}, at(50))
		if complaint := unsound(r); complaint != "" {
			t.Errorf("%s: %s", complaint, show(r))
		}
	})
}
