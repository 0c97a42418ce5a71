package metrics

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// said makes samples of cpu by one replica, at these pairs of seconds and value.
func said(replica string, pairs ...float64) []engine.Sample {
	var all []engine.Sample
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, engine.Sample{Metric: "cpu", Replica: replica, At: at(pairs[i]), Value: pairs[i+1]})
	}
	return all
}

func lives(names ...string) []engine.Replica {
	var all []engine.Replica
	for _, n := range names {
		all = append(all, engine.Replica{ID: n, Name: "web-" + n, Started: start.Add(-time.Hour)})
	}
	return all
}

func cpu(how string) engine.Metric {
	return engine.Metric{Name: "cpu", Aggregation: how, Window: time.Minute, StaleAfter: 2 * time.Minute, Scope: engine.PerReplica}
}

var everyMinute = engine.Policy{EvaluationInterval: time.Minute, Rollout: engine.Rollout{Warmup: 30 * time.Second}}

func TestAggregation(t *testing.T) {
	a := said("a", 0, 10, 20, 20, 40, 60)
	b := said("b", 0, 100, 20, 100, 40, 40)
	for _, c := range []struct {
		how  string
		want float64
	}{
		{"avg", 55}, {"max", 100}, {"min", 10}, {"sum", 30 + 80}, {"last", 50},
		{"p50", 50}, {"p90", 100}, {"p95", 100}, {"p99", 100},
	} {
		t.Run(c.how, func(t *testing.T) {
			var w Windows
			w.Add(append(a, b...))
			r := w.Read(everyMinute, cpu(c.how), lives("a", "b"), start.Add(-time.Hour), at(50))
			if r.Status != engine.OK || math.Abs(*r.Value-c.want) > 1e-9 {
				t.Errorf("%s is %v %v, want %v", c.how, r.Status, *r.Value, c.want)
			}
			if r.Samples != 6 || r.Reporting != 2 || r.AgeSeconds != 10 {
				t.Errorf("%d samples of %d replicas, the newest %v s old; want 6 of 2, 10 s", r.Samples, r.Reporting, r.AgeSeconds)
			}
		})
	}
}

func TestPercentilesInterpolate(t *testing.T) {
	for q, want := range map[float64]float64{0: 1, 0.5: 2.5, 0.9: 3.7, 1: 4} {
		if got := percentile([]float64{4, 1, 3, 2}, q); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v of 1..4 is %v, want %v", q, got, want)
		}
	}
}

func TestTrend(t *testing.T) {
	t.Run("along a line the forecast is on the line, and previous a window behind", func(t *testing.T) {
		for how, lead := range map[string]float64{"avg": 1, "sum": 1, "last": 1} {
			var w Windows
			for s := 0.0; s <= 120; s += 15 {
				w.Add(said("a", s, 30+2*s))
			}
			r := w.Read(everyMinute, cpu(how), lives("a"), start.Add(-time.Hour), at(120))
			if math.Abs(*r.SlopePerMinute-120) > 1e-6 || math.Abs(*r.Forecast-(30+2*180)*lead) > 1e-6 {
				t.Errorf("%s: slope %v, forecast %v; want 120 and 390", how, *r.SlopePerMinute, *r.Forecast)
			}
			if math.Abs(*r.Value-*r.Previous-120) > 1e-6 {
				t.Errorf("%s: value %v, previous %v; want 120 between", how, *r.Value, *r.Previous)
			}
		}
	})
	t.Run("a replica that joins low is no trend", func(t *testing.T) {
		var w Windows
		w.Add(said("a", 10, 80, 20, 80, 30, 80, 40, 80))
		w.Add(said("b", 30, 10, 40, 10))
		m := cpu("avg")
		m.Scope = engine.Independent
		if r := w.Read(everyMinute, m, lives("a", "b"), at(25), at(45)); *r.SlopePerMinute != 0 || *r.Forecast != *r.Value {
			t.Errorf("slope %v, forecast %v of %v; want flat", *r.SlopePerMinute, *r.Forecast, *r.Value)
		}
	})
	t.Run("the slope of a sum is the sum of the slopes", func(t *testing.T) {
		var w Windows
		for s := 0.0; s <= 60; s += 15 {
			w.Add(said("a", s, s))
			w.Add(said("b", s+5, 2*s))
		}
		r := w.Read(everyMinute, cpu("sum"), lives("a", "b"), start.Add(-time.Hour), at(65))
		if math.Abs(*r.SlopePerMinute-180) > 1e-6 || math.Abs(*r.Forecast-(125+2*120)) > 1e-6 {
			t.Errorf("slope %v, forecast %v; want 180 and 365", *r.SlopePerMinute, *r.Forecast)
		}
	})
}

func TestStatus(t *testing.T) {
	long := start.Add(-time.Hour)
	steady := said("a", 0, 50, 15, 50, 30, 50, 45, 50)
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name    string
		samples []engine.Sample
		metric  func(*engine.Metric)
		live    []engine.Replica
		changed time.Time
		at      float64
		want    engine.Status
		says    string
	}{
		{"nothing yet", nil, nil, lives("a"), long, 50, engine.Missing, "no samples"},
		{"full window", steady, nil, lives("a"), long, 50, engine.OK, ""},
		{"too few", said("a", 30, 50, 45, 50), nil, lives("a"), long, 50, engine.Missing, "2 of 3 samples in the last 1m0s"},
		{"many replicas once prove no more than one", append(append(said("a", 40, 5), said("b", 40, 5)...), said("c", 40, 5)...), nil, lives("a", "b", "c"), long, 50, engine.Missing, "1 of 3"},
		{"the replicas changed", steady, nil, lives("a"), at(15), 50, engine.Missing, "2 of 3 samples since the replicas changed"},
		{"the replicas changed, and all has been sampled since", steady, nil, lives("a"), at(14), 50, engine.OK, ""},
		{"a change means nothing to an independent metric", steady, func(m *engine.Metric) { m.Scope = engine.Independent }, lives("a"), at(40), 50, engine.OK, ""},
		{"ghosts don't count", steady, nil, lives("b"), long, 50, engine.Missing, "no samples"},
		{"the service as a whole counts", said("", 0, 1, 15, 1, 30, 1), nil, lives("b"), long, 50, engine.OK, ""},
		{"old", steady, nil, lives("a"), long, 166, engine.Stale, "2m1s old, limit 2m0s"},
		{"not old yet, but gone from the window", steady, nil, lives("a"), long, 164, engine.Missing, "0 of 3"},
		{"stale before the window is over", steady, func(m *engine.Metric) { m.StaleAfter = 3 * time.Second }, lives("a"), long, 50, engine.Stale, "5s old, limit 3s"},
		{"NaN now", append(steady, said("a", 48, nan)...), nil, lives("a"), long, 50, engine.Invalid, "newest sample of web-a"},
		{"Inf now", append(steady, said("a", 48, inf)...), nil, lives("a"), long, 50, engine.Invalid, "not a finite number"},
		{"Inf of one of two", append(steady, said("b", 20, inf)...), nil, lives("a", "b"), long, 50, engine.Invalid, "of web-b"},
		{"NaN before a good one", append(steady, said("a", 40, nan)...), nil, lives("a"), long, 50, engine.OK, ""},
		{"NaN of a ghost", append(steady, said("b", 48, nan)...), nil, lives("a"), long, 50, engine.OK, ""},
		{"NaN does not fill a window", said("a", 10, 1, 20, nan, 30, nan, 40, 1), nil, lives("a"), long, 50, engine.Missing, "2 of 3"},
		{"too large to average", said("a", 10, 1e308, 20, 1e308, 30, 1e308), nil, lives("a"), long, 50, engine.Invalid, "aggregate is not a finite number"},
		{"from the future", said("a", 10, 1, 20, 1, 60, 1), nil, lives("a"), long, 50, engine.Missing, "2 of 3"},
		{"a window that can't be filled is read as 5 s", said("a", 46, 7, 48, 7, 50, 7), func(m *engine.Metric) { m.Window = time.Second }, lives("a"), long, 50, engine.OK, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Windows
			w.Add(c.samples)
			m := cpu("avg")
			if c.metric != nil {
				c.metric(&m)
			}
			r := w.Read(everyMinute, m, c.live, c.changed, at(c.at))
			if r.Status != c.want || !strings.Contains(r.Detail, c.says) || (c.says == "") != (r.Detail == "") {
				t.Errorf("%s: %q; want %s: %q", r.Status, r.Detail, c.want, c.says)
			}
			if (r.Value != nil) != (r.Status == engine.OK) {
				t.Errorf("status %s with value %v", r.Status, r.Value)
			}
		})
	}
}

func TestWarmUp(t *testing.T) {
	young := []engine.Replica{{ID: "a", Name: "web-a", Started: start}}
	var w Windows
	w.Add(said("a", 15, 100, 29.9, 100, 30, 10, 40, 10))
	r := w.Read(everyMinute, cpu("avg"), young, time.Time{}, at(45))
	if r.Status != engine.Missing || r.Detail != "2 of 3 samples after the warm-up of 30s" {
		t.Errorf("%s: %q", r.Status, r.Detail)
	}
	w.Add(said("a", 50, 10))
	if r := w.Read(everyMinute, cpu("avg"), young, time.Time{}, at(55)); r.Status != engine.OK || *r.Value != 10 || r.Samples != 3 {
		t.Errorf("after the warm-up it reads %+v, want 10 of 3 samples", r)
	}
	m := cpu("avg")
	m.Scope = engine.Independent
	if r := w.Read(everyMinute, m, young, time.Time{}, at(55)); r.Samples != 5 {
		t.Errorf("%d samples of an independent metric, want all 5", r.Samples)
	}
}

func TestOrderDoesNotMatterAndTheFirstOfTwoStays(t *testing.T) {
	var sorted, mixed Windows
	sorted.Add(said("a", 0, 1, 10, 2, 20, 3, 30, 4))
	mixed.Add(said("a", 20, 3, 0, 1))
	mixed.Add(said("a", 30, 4, 20, 99, 10, 2, 0, math.NaN()))
	mixed.Add([]engine.Sample{{Metric: "cpu", Replica: "a", Value: 77}}) // without a time
	a := sorted.Read(everyMinute, cpu("sum"), lives("a"), time.Time{}, at(40))
	b := mixed.Read(everyMinute, cpu("sum"), lives("a"), time.Time{}, at(40))
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v, and mixed %+v", a, b)
	}
}

func TestSampleEvery(t *testing.T) {
	for _, c := range []struct {
		windows []time.Duration
		want    time.Duration
	}{
		{nil, 15 * time.Second},
		{[]time.Duration{time.Hour}, 15 * time.Second},
		{[]time.Duration{time.Minute, time.Hour}, 12 * time.Second},
		{[]time.Duration{time.Second}, time.Second},
		{[]time.Duration{8 * time.Second}, 1600 * time.Millisecond},
	} {
		var metrics []engine.Metric
		for _, w := range c.windows {
			metrics = append(metrics, engine.Metric{Window: w})
		}
		if got := engine.SampleEvery(metrics); got != c.want {
			t.Errorf("windows %v are sampled every %s, want %s", c.windows, got, c.want)
		}
	}
}

// TestEveryWindowCanBeFilled samples at the pace of the shortest window, one sample in four lost and each up to a third
// late, and wants an answer.
func TestEveryWindowCanBeFilled(t *testing.T) {
	for _, window := range []time.Duration{1, 2, 3, 5, 10, 60, 75, 300, 3600} {
		m := cpu("avg")
		m.Window, m.StaleAfter = window*time.Second, max(2*window*time.Second, 2*time.Minute)
		every := engine.SampleEvery([]engine.Metric{m})
		var w Windows
		now := start
		for i := range 4 * int(span(m)/every) {
			now = start.Add(time.Duration(i)*every + time.Duration(i%3)*every/6)
			if i%4 != 0 {
				w.Add([]engine.Sample{{Metric: "cpu", Replica: "a", At: now, Value: 1}})
			}
		}
		if r := w.Read(everyMinute, m, lives("a"), time.Time{}, now); r.Status != engine.OK || r.Previous == nil {
			t.Errorf("a window of %s reads %+v", m.Window, r)
		}
	}
}
