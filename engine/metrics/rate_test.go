package metrics

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func TestRate(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name     string
		samples  []engine.Sample
		want     float64
		slope    float64
		forecast float64
	}{
		{"a steady counter", said("a", 0, 100, 20, 120, 40, 140), 60, 0, 60},
		{"one that stands still", said("a", 0, 7, 20, 7, 40, 7), 0, 0, 0},
		{"uneven times weigh as they are long", said("a", 0, 0, 10, 20, 40, 20), 30, -240, -280},
		{"a restart counts from zero", said("a", 0, 100, 20, 120, 40, 20), 60, 0, 60},
		{"a restart to more than before is not seen", said("a", 0, 10, 20, 30, 40, 50), 60, 0, 60},
		{"a restart at each sample", said("a", 0, 30, 20, 20, 40, 10), 45, -90, -75},
		{"a negative value is a restart at zero", said("a", 0, 10, 20, -5, 40, 20), 30, 180, 270},
		{"nothing but negative values", said("a", 0, -10, 20, -5, 40, -20), 0, 0, 0},
		{"what is no number is no sample", said("a", 0, 100, 20, nan, 30, 130, 40, 140), 60, 0, 60},
		{"the sample before the window does not count", said("a", -11, 0, 0, 1000, 20, 1020, 40, 1040), 60, 0, 60},
		{"replicas add up", append(said("a", 0, 0, 20, 20, 40, 40), said("b", 0, 500, 20, 510, 40, 520)...), 90, 0, 90},
		{"one with a single sample adds nothing", append(said("a", 0, 0, 20, 20, 40, 40), said("b", 40, 500)...), 60, 0, 60},
		{"one with two samples adds its rate, and no slope", append(said("a", 0, 0, 20, 20, 40, 40), said("b", 20, 500, 40, 510)...), 90, 0, 90},
		{"a counter past 2^53 keeps what it has", said("a", 0, 1<<60, 20, 1<<60+1<<12, 40, 1<<60+1<<13), 12288, 0, 12288},
		{"faster and faster", said("a", 0, 0, 20, 20, 40, 60), 90, 180, 120 + 3.5*60},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Windows
			w.Add(c.samples)
			r := w.Read(everyMinute, cpu("rate"), lives("a", "b"), time.Time{}, at(50))
			if r.Status != engine.OK {
				t.Fatal(show(r))
			}
			if math.Abs(*r.Value-c.want) > 1e-9 || math.Abs(*r.SlopePerMinute-c.slope) > 1e-6 || math.Abs(*r.Forecast-c.forecast) > 1e-6 {
				t.Errorf("%s; want value %v slope %v forecast %v", show(r), c.want, c.slope, c.forecast)
			}
		})
	}
}

func TestRateNeedsItsSamples(t *testing.T) {
	for _, c := range []struct {
		name    string
		samples []engine.Sample
		want    engine.Status
	}{
		{"two samples", said("a", 20, 1, 40, 2), engine.Missing},
		{"three with one that is no number", said("a", 0, 1, 20, math.NaN(), 40, 2), engine.Missing},
		{"two of each of many replicas", append(said("a", 20, 1, 40, 2), said("b", 20, 1, 40, 2)...), engine.Missing},
		{"the newest is no number", said("a", 0, 1, 20, 1, 30, 1, 40, math.Inf(1)), engine.Invalid},
		{"more than a float64 holds", append(said("a", 0, 0, 20, 1.7e308, 40, 1.7e308), said("b", 0, 0, 20, 1.7e308, 40, 1.7e308)...), engine.Invalid},
		{"old", said("a", -120, 1, -110, 1, -100, 1), engine.Stale},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Windows
			w.Add(c.samples)
			if r := w.Read(everyMinute, cpu("rate"), lives("a", "b"), time.Time{}, at(50)); r.Status != c.want || unsound(r) != "" {
				t.Errorf("%s, want %s", show(r), c.want)
			}
		})
	}
}

func TestRateAgainstTheWindowBefore(t *testing.T) {
	var w Windows
	for s := 0.0; s <= 120; s += 15 {
		w.Add(said("a", s, 2*s+max(0, s-60)))
	}
	r := w.Read(everyMinute, cpu("rate"), lives("a"), start.Add(-time.Hour), at(120))
	if r.Status != engine.OK || math.Abs(*r.Value-180) > 1e-9 || math.Abs(*r.Previous-120) > 1e-9 {
		t.Errorf("%s; want 180 after 120", show(r))
	}
}

// TestRateOfACounterThatIsFarAlong adds a large number to a counter without restarts: the rate is the same to the last digit.
func TestRateOfACounterThatIsFarAlong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		far := float64(rapid.Int64Range(0, 1<<52).Draw(t, "far"))
		var near, along Windows
		count, now := 0.0, 0.0
		for range rapid.IntRange(3, 20).Draw(t, "samples") {
			now += float64(rapid.IntRange(1, 3).Draw(t, "seconds"))
			count += float64(rapid.IntRange(0, 1000).Draw(t, "more"))
			near.Add(said("a", now, count))
			along.Add(said("a", now, far+count))
		}
		read := func(w *Windows) []*float64 {
			r := w.Read(everyMinute, cpu("rate"), lives("a"), time.Time{}, at(60))
			return []*float64{r.Value, r.SlopePerMinute, r.Forecast}
		}
		if !slices.EqualFunc(read(&near), read(&along), func(a, b *float64) bool { return *a == *b }) {
			t.Fatalf("the rate from 0 is not the rate from %v", far)
		}
	})
}
