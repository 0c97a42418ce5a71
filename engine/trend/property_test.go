package trend

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

var aggregations = []string{"avg", "max", "min", "sum", "last", "p50", "p90", "p95", "p99", "rate"}

// drawn is an axis, and what was sampled around it.
type drawn struct {
	axis   Axis
	metric engine.Metric
	series []engine.Series
}

func draw(t *rapid.T) drawn {
	d := drawn{
		axis: Axis{
			To:     after(float64(rapid.IntRange(0, 100).Draw(t, "to"))),
			Step:   time.Duration(rapid.IntRange(1, 200).Draw(t, "step")) * time.Second,
			Points: rapid.IntRange(1, 30).Draw(t, "points"),
		},
		metric: metric(rapid.SampledFrom(aggregations).Draw(t, "aggregation"), time.Duration(rapid.IntRange(1, 300).Draw(t, "window"))*time.Second),
	}
	for range rapid.IntRange(0, 4).Draw(t, "series") {
		at, s := d.axis.At(0).Add(-time.Duration(rapid.IntRange(-1000, 1000).Draw(t, "begins"))*time.Second), engine.Series{}
		for range rapid.IntRange(0, 60).Draw(t, "samples") {
			at = at.Add(time.Duration(rapid.IntRange(1, 60_000).Draw(t, "later")) * time.Millisecond)
			value := float64(rapid.IntRange(-20, 400).Draw(t, "value")) / 4
			if rapid.IntRange(0, 60).Draw(t, "odd") == 0 {
				value = rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.MaxFloat64}).Draw(t, "odd value")
			}
			s.Points = append(s.Points, engine.Point{At: at, Value: value})
		}
		d.series = append(d.series, s)
	}
	return d
}

// naive is the value of one instant, from all samples there are.
func naive(d drawn, i int) (value, low, high float64, known bool) {
	every := engine.SampleEvery([]engine.Metric{d.metric})
	back := max(d.axis.Step, 3*every)
	to := d.axis.At(i)
	var pool, sums, lasts []float64
	var newest []time.Time
	first, last := to, to.Add(-back)
	type lived struct {
		from, to time.Time
		value    float64
	}
	var lives []lived
	for _, s := range d.series {
		var in []engine.Point
		var before *engine.Point
		for _, p := range s.Points {
			switch {
			case math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
			case p.At.After(to.Add(-back)) && !p.At.After(to):
				in = append(in, p)
			case p.At.After(to.Add(-2*back)) && !p.At.After(to):
				before = &p
			}
		}
		if len(in) == 0 {
			continue
		}
		total := 0.0
		for _, p := range in {
			pool = append(pool, p.Value)
			total += p.Value
			first, last = earlier(first, p.At), later(last, p.At)
		}
		end := in[len(in)-1]
		lasts, newest = append(lasts, end.Value), append(newest, end.At)
		alive := lived{in[0].At, end.At, total / float64(len(in))}
		if d.metric.Aggregation == "rate" {
			if before != nil {
				in = append([]engine.Point{*before}, in...)
			}
			gained := 0.0
			for n, p := range in[1:] {
				if was := max(in[n].Value, 0); p.Value >= was {
					gained += p.Value - was
				} else {
					gained += max(p.Value, 0)
				}
			}
			alive.value = gained / end.At.Sub(in[0].At).Minutes()
			if len(in) < 2 {
				continue
			}
		}
		lives = append(lives, alive)
	}
	if pool == nil {
		return 0, 0, 0, false
	}
	low, high = slices.Min(pool), slices.Max(pool)
	average := func(of []float64) float64 {
		total := 0.0
		for _, v := range of {
			total += v
		}
		return total / float64(len(of))
	}
	rank := func(q float64) float64 {
		slices.Sort(pool)
		at := q * float64(len(pool)-1)
		under := pool[int(math.Floor(at))]
		return under + (pool[int(math.Ceil(at))]-under)*(at-math.Floor(at))
	}
	switch d.metric.Aggregation {
	case "avg":
		value = average(pool)
	case "max":
		value = high
	case "min":
		value = low
	case "p50":
		value = rank(0.5)
	case "p90":
		value = rank(0.9)
	case "p95":
		value = rank(0.95)
	case "p99":
		value = rank(0.99)
	case "last":
		for n, v := range lasts {
			if last.Sub(newest[n]) < 3*every {
				sums = append(sums, v)
			}
		}
		value = average(sums)
	default:
		for _, l := range lives {
			part := 1.0
			if whole, own := last.Sub(first)+every, l.to.Sub(l.from)+every; whole-own >= 3*every {
				part = own.Seconds() / whole.Seconds()
			}
			value += part * l.value
		}
		return value, low, high, lives != nil
	}
	return min(max(value, low), high), low, high, true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func near(got, want float64) bool {
	return math.Abs(got-want) <= 1e-5*max(1e-6, math.Abs(want))+1e-9
}

func TestSamplesAgreeWithTheNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		got := OfSamples(d.axis, d.metric, d.series)
		for i, v := range got.Values {
			want, low, high, known := naive(d, i)
			if known = known && !math.IsInf(want, 0); known != (v != nil) {
				t.Fatalf("value %d is known: %t, want %t (%g)", i, v != nil, known, want)
			}
			if known && !near(*v, want) {
				t.Fatalf("value %d is %g, want %g", i, *v, want)
			}
			if got.Low != nil && known && (!near(*got.Low[i], low) || !near(*got.High[i], high)) {
				t.Fatalf("value %d is within %g to %g, want %g to %g", i, *got.Low[i], *got.High[i], low, high)
			}
		}
	})
}

// checked holds what is so of every history.
func checked(t *rapid.T, a Axis, of Metric) {
	for name, line := range map[string]Line{"values": of.Values, "low": of.Low, "high": of.High} {
		if len(line) != a.Points && (line != nil || name == "values") {
			t.Fatalf("%s are %d, want %d", name, len(line), a.Points)
		}
	}
	for i, v := range of.Values {
		switch {
		case of.Low == nil:
		case (v == nil) != (of.Low[i] == nil) || (v == nil) != (of.High[i] == nil):
			t.Fatalf("of value %d a part is known", i)
		case v != nil && (*v < *of.Low[i] || *v > *of.High[i]):
			t.Fatalf("value %d is %g, beyond %g to %g", i, *v, *of.Low[i], *of.High[i])
		}
	}
}

func TestHistoriesAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		checked(t, d.axis, OfSamples(d.axis, d.metric, d.series))
		checked(t, d.axis, OfRollups(d.axis, d.metric, summedUp(d.series)))
	})
}

// summedUp are the rollups of samples.
func summedUp(all []engine.Series) []engine.Rollups {
	var rollups []engine.Rollups
	for _, s := range all {
		var of []engine.Rollup
		for _, p := range s.Points {
			if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
				continue
			}
			n := len(of) - 1
			if at := p.At.Truncate(period); n < 0 || !of[n].From.Equal(at) {
				of, n = append(of, engine.Rollup{From: at, Min: p.Value, Max: p.Value}), n+1
			}
			r := &of[n]
			r.Mean = (r.Mean*float64(r.Count) + p.Value) / float64(r.Count+1)
			r.Count, r.Min, r.Max = r.Count+1, min(r.Min, p.Value), max(r.Max, p.Value)
		}
		rollups = append(rollups, engine.Rollups{Rollups: of})
	}
	return rollups
}

// Over whole rollups the averages of samples and of rollups are one, and so are lowest and highest.
func TestRollupsSayWhatTheirSamplesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		d.metric.Aggregation = rapid.SampledFrom([]string{"avg", "max", "min"}).Draw(t, "aggregation")
		d.axis.Step = period * time.Duration(rapid.IntRange(1, 4).Draw(t, "rollups"))
		d.axis.To = noon.Add(-1) // a rollup has its beginning, and not its end
		for n := range d.series {
			for i, p := range d.series[n].Points {
				d.series[n].Points[i].Value = min(p.Value, 1000)
			}
		}
		one, other := OfSamples(d.axis, d.metric, d.series), OfRollups(d.axis, d.metric, summedUp(d.series))
		for i, v := range one.Values {
			switch w := other.Values[i]; {
			case (v == nil) != (w == nil):
				t.Fatalf("value %d is known of one alone", i)
			case v != nil && !near(*v, *w):
				t.Fatalf("value %d is %g of samples, %g of rollups", i, *v, *w)
			}
		}
	})
}

// What happens some steps later is the same, some steps later.
func TestHistoriesMoveWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		steps := rapid.IntRange(1, 20).Draw(t, "steps")
		by := time.Duration(steps) * d.axis.Step
		moved := d
		moved.series = nil
		for _, s := range d.series {
			points := slices.Clone(s.Points)
			for i := range points {
				points[i].At = points[i].At.Add(by)
			}
			moved.series = append(moved.series, engine.Series{Points: points})
		}
		was := text(OfSamples(d.axis, d.metric, d.series).Values)
		moved.axis.To = d.axis.To.Add(by)
		if is := text(OfSamples(moved.axis, d.metric, moved.series).Values); is != was {
			t.Fatalf("with the axis it is %s, was %s", is, was)
		}
		moved.axis.To, moved.axis.Points = d.axis.To.Add(by), d.axis.Points+steps
		if all := OfSamples(moved.axis, d.metric, moved.series).Values; text(all[steps:]) != was {
			t.Fatalf("on a longer axis it is %s, was %s", text(all[steps:]), was)
		}
	})
}

// The steps are those of a world in which every change is an event.
func TestReplicasAreThoseOfTheWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := minutes(rapid.IntRange(1, 60).Draw(t, "points"))
		n, at := rapid.IntRange(0, 9).Draw(t, "at first"), a.At(0).Add(-time.Minute)
		type stretch struct {
			from time.Time
			n    int
		}
		world := []stretch{{at, n}}
		var events []engine.Event
		for range rapid.IntRange(0, 20).Draw(t, "changes") {
			began := at.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "after")) * time.Second)
			at = began.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "takes")) * time.Second)
			e := engine.Event{From: n, Started: began, Ended: at, Reached: rapid.IntRange(0, 9).Draw(t, "reached")}
			n = e.Reached
			events, world = append(events, e), append(world, stretch{at, n})
		}
		slices.Reverse(events) // as a history is
		seen := &engine.Count{Replicas: n, At: later(at, a.To).Add(time.Second)}
		got := Replicas(a, events, Known{Seen: seen, Until: seen.At})
		if len(got) != a.Points {
			t.Fatalf("they are %d, want %d", len(got), a.Points)
		}
		for i, v := range got {
			want := 0
			for _, s := range world {
				if !s.from.After(a.At(i)) {
					want = s.n
				}
			}
			if v == nil || *v != want {
				t.Fatalf("at %s there are %v, want %d", a.At(i), text(got), want)
			}
		}
	})
}
