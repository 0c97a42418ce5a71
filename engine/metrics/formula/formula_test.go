package formula

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// snapshot has 4 replicas, of which 3 are ready.
func snapshot(readings map[string]engine.Reading) engine.Snapshot {
	return engine.Snapshot{
		Service: engine.ServiceView{Replicas: engine.Replicas{Current: 4, Ready: 3, Starting: 1}},
		Metrics: readings,
	}
}

// moving is an ok reading with all that one can have.
func moving(value, slope, previous, forecast float64) engine.Reading {
	return engine.Reading{
		Status: engine.OK, Value: &value, SlopePerMinute: &slope, Previous: &previous, Forecast: &forecast,
		Samples: 5, AgeSeconds: 2, Reporting: 3,
	}
}

// unsound says what must never be read.
func unsound(r engine.Reading) string {
	if (r.Status == engine.OK) != (r.Value != nil) || (r.Status == engine.OK) != (r.Detail == "") {
		return "status, value and detail do not agree"
	}
	for _, v := range []*float64{r.Value, r.Previous, r.SlopePerMinute, r.Forecast} {
		if v != nil && (!finite(*v) || r.Status != engine.OK) {
			return "a number that is not finite, or of a metric that is not ok"
		}
	}
	return ""
}

func read(t *testing.T, text string, s engine.Snapshot) engine.Reading {
	t.Helper()
	f, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	r := f.Read(engine.Metric{Name: "own", Expr: text}, s)
	if complaint := unsound(r); complaint != "" {
		t.Fatalf("%s reads %+v: %s", text, r, complaint)
	}
	return r
}

func TestValue(t *testing.T) {
	s := snapshot(map[string]engine.Reading{"a": engine.Reads(8), "b": engine.Reads(-2), "request_rate": engine.Reads(300)})
	for text, want := range map[string]float64{
		"2":                                2,
		"1.5e3":                            1500,
		"2E-2":                             0.02,
		"request_rate / replicas.ready":    100,
		"request_rate/replicas.current":    75,
		"replicas.starting":                1,
		"a + b * 2":                        4,
		"(a + b) * 2":                      12,
		"a - 1 - 1":                        6,
		"a / 2 / 2":                        2,
		"a / 2 * 4":                        16,
		"a - (1 - 1)":                      8,
		"-a + 1":                           -7,
		"-a * b":                           16,
		"a--b":                             6,
		"a*-b":                             16,
		"--a":                              8,
		"min(a, b, 1)":                     -2,
		"max ( a,b )":                      8,
		"max(3)":                           3,
		"abs(b) + abs(a)":                  10,
		"a\n\t/ max(replicas.ready, 2) *3": 8,
		"0 * b":                            0,
		"abs(min(a, b) - max(a, b))":       10,
	} {
		if r := read(t, text, s); r.Status != engine.OK || math.Abs(*r.Value-want) > 1e-9 || math.Signbit(*r.Value) != (want < 0) {
			t.Errorf("%s reads %+v, want %v", text, r, want)
		}
	}
}

func TestTrend(t *testing.T) {
	s := snapshot(map[string]engine.Reading{
		"a": moving(8, 2, 6, 9), "b": moving(2, -1, 4, 1), "same": moving(8, -3, 1, 1), "zero": moving(0, -4, 2, -4),
	})
	for _, c := range []struct {
		text                             string
		value, slope, previous, forecast float64
	}{
		{"a", 8, 2, 6, 9},
		{"a + b", 10, 1, 10, 10},
		{"a - b", 6, 3, 2, 8},
		{"a * b", 16, 2*2 - 8, 24, 9},
		{"a / b", 4, (2*2 + 8) / 4.0, 1.5, 9},
		{"-a", -8, -2, -6, -9},
		{"a / replicas.current", 2, 0.5, 1.5, 2.25},
		{"max(a, b)", 8, 2, 6, 9},
		{"min(a, b)", 2, -1, 4, 1},
		{"max(a, same)", 8, 2, 6, 9},  // equal now: the one that rises
		{"min(a, same)", 8, -3, 1, 1}, // the one that falls
		{"abs(zero)", 0, 4, 2, 4},     // away from 0, whichever way
		{"abs(b - a)", 6, 3, 2, 8},
		{"max(b, 100)", 100, 0, 100, 100},
		{"3 * replicas.ready", 9, 0, 9, 9},
	} {
		r := read(t, c.text, s)
		got := []float64{*r.Value, *r.SlopePerMinute, *r.Previous, *r.Forecast}
		if want := []float64{c.value, c.slope, c.previous, c.forecast}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s reads %v, want value, slope, previous, forecast %v", c.text, got, want)
		}
	}
}

func TestWhatIsNotKnownIsNotMadeUp(t *testing.T) {
	full, zero := moving(8, 2, 6, 9), moving(1, -1, 0, 0)
	for name, c := range map[string]struct {
		a, b                      engine.Reading
		slope, previous, forecast bool
	}{
		"all":                                     {full, full, true, true, true},
		"no slope of one":                         {full, func() engine.Reading { r := full; r.SlopePerMinute = nil; return r }(), false, true, true},
		"no previous of one":                      {func() engine.Reading { r := full; r.Previous = nil; return r }(), full, true, false, true},
		"no forecast of one":                      {full, func() engine.Reading { r := full; r.Forecast = nil; return r }(), true, true, false},
		"a divisor that was zero, and will be":    {full, zero, true, false, false},
		"a slope past what a float64 can hold":    {moving(8, 1e308, 6, 9), moving(1e-9, 1, 1, 1), false, true, true},
		"a forecast past what a float64 can hold": {moving(8, 2, 6, 1e308), moving(1, 1, 1, 1e-9), true, true, false},
	} {
		r := read(t, "a / b", snapshot(map[string]engine.Reading{"a": c.a, "b": c.b}))
		if r.Status != engine.OK || (r.SlopePerMinute != nil) != c.slope || (r.Previous != nil) != c.previous || (r.Forecast != nil) != c.forecast {
			t.Errorf("%s: %+v, want slope %v, previous %v, forecast %v", name, r, c.slope, c.previous, c.forecast)
		}
	}
	// A slope that overflowed and lost against an equal value is still not known.
	steep := moving(1, 1e308, 1, 1)
	r := read(t, "min(a * 10, 10)", snapshot(map[string]engine.Reading{"a": steep}))
	if r.SlopePerMinute != nil {
		t.Errorf("an overflow became the slope %v", *r.SlopePerMinute)
	}
}

func TestStatusIsTheWorst(t *testing.T) {
	stale := engine.Reading{Status: engine.Stale, Detail: "newest sample is 5m0s old, limit 2m0s", AgeSeconds: 300, Samples: 0}
	missing := engine.Reading{Status: engine.Missing, Detail: "2 of 3 samples in the last 1m0s", AgeSeconds: 10, Samples: 2, Reporting: 1}
	invalid := engine.Reading{Status: engine.Invalid, Samples: 4}
	nan := math.NaN()
	for _, c := range []struct {
		name, text string
		a, b       engine.Reading
		want       engine.Status
		detail     string
	}{
		{"ok", "a / b", moving(1, 1, 1, 1), moving(1, 1, 1, 1), engine.OK, ""},
		{"one is stale", "a / b", stale, moving(1, 1, 1, 1), engine.Stale, "a is stale: newest sample is 5m0s old, limit 2m0s"},
		{"missing is worse than stale", "a / b", stale, missing, engine.Missing, "a is stale: newest sample is 5m0s old, limit 2m0s; b is missing: 2 of 3 samples in the last 1m0s"},
		{"invalid is worse than missing, the text has the order", "b / a", invalid, missing, engine.Invalid, "b is missing: 2 of 3 samples in the last 1m0s; a is invalid"},
		{"the worst may come first", "a / b", invalid, stale, engine.Invalid, "a is invalid; b is stale: newest sample is 5m0s old, limit 2m0s"},
		{"one that is not there", "a / c", moving(1, 1, 1, 1), stale, engine.Missing, "c is missing: the snapshot does not have it"},
		{"itself", "a / own", moving(1, 1, 1, 1), stale, engine.Missing, "own is missing: a metric can't be computed from itself"},
		{"also where it is multiplied by zero", "0 * a", stale, stale, engine.Stale, "a is stale: newest sample is 5m0s old, limit 2m0s"},
		{"ok without a value", "a", engine.Reading{Status: engine.OK}, stale, engine.Missing, "a is missing: it has no value"},
		{"ok with a value that is none", "a", engine.Reading{Status: engine.OK, Value: &nan}, stale, engine.Invalid, "a is invalid: not a finite number"},
		{"no status", "a", engine.Reading{}, stale, engine.Missing, `a is missing: its status "" is not known`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, c.text, snapshot(map[string]engine.Reading{"a": c.a, "b": c.b}))
			if r.Status != c.want || r.Detail != c.detail {
				t.Errorf("%s: %q, want %s: %q", r.Status, r.Detail, c.want, c.detail)
			}
		})
	}
}

func TestCountsAreTheLeastAndAgeTheGreatest(t *testing.T) {
	a := engine.Reading{Status: engine.Missing, Samples: 2, AgeSeconds: 10, Reporting: 1}
	b := engine.Reading{Status: engine.Stale, Samples: 9, AgeSeconds: 300, Reporting: 4}
	for _, text := range []string{"a + b", "b + a"} {
		r := read(t, text, snapshot(map[string]engine.Reading{"a": a, "b": b}))
		if r.Samples != 2 || r.AgeSeconds != 300 || r.Reporting != 1 {
			t.Errorf("%s: %+v, want 2 samples, 300 s, 1 reporting", text, r)
		}
	}
	if r := read(t, "replicas.ready * 2", snapshot(nil)); r.Status != engine.OK || *r.Value != 6 || r.Samples != 0 || r.AgeSeconds != 0 || r.Reporting != 0 {
		t.Errorf("without metrics: %+v", r)
	}
}

func TestWhatIsNotFiniteIsInvalid(t *testing.T) {
	s := snapshot(map[string]engine.Reading{"a": engine.Reads(8), "big": engine.Reads(1e308), "tiny": engine.Reads(5e-324)})
	none := s
	none.Service.Replicas = engine.Replicas{}
	for _, c := range []struct {
		text string
		s    engine.Snapshot
		want string
	}{
		{"a / replicas.ready", none, "division by zero: replicas.ready is 0"},
		{"a / (a - 8)", s, "division by zero: a - 8 is 0"},
		{"a / -replicas.ready", none, "division by zero: -replicas.ready is 0"},
		{"(a - 8) / (a -\n 8)", s, "division by zero: a - 8 is 0"},
		{"0 * (1 / replicas.ready)", none, "division by zero: replicas.ready is 0"},
		{"max(1, a / replicas.ready)", none, "division by zero: replicas.ready is 0"},
		{"big * big", s, "not a finite number: big * big"},
		{"1 / (big * 10)", s, "not a finite number: big * 10"},
		{"min(a, -(-big - big))", s, "not a finite number: -big - big"},
		{"a / tiny", s, "not a finite number: a / tiny"},
		{"1 + a * big" + strings.Repeat(" * a", 30), s, "not a finite number: a * big"},
		{"1" + strings.Repeat(" * a", 20) + " * big", s, "not a finite number: 1 * a * a * a * a * a * a * a * a * a * a * a * a * a * a *…"},
	} {
		if r := read(t, c.text, c.s); r.Status != engine.Invalid || r.Detail != c.want {
			t.Errorf("%s reads %s: %q, want %q", c.text, r.Status, r.Detail, c.want)
		}
	}
}

func TestReadingChangesNothing(t *testing.T) {
	s := snapshot(map[string]engine.Reading{"a": moving(8, 2, 6, 9)})
	r := read(t, "a", s)
	*r.Value, *r.Previous, *r.Forecast, *r.SlopePerMinute = 0, 0, 0, 0
	if !reflect.DeepEqual(s, snapshot(map[string]engine.Reading{"a": moving(8, 2, 6, 9)})) {
		t.Errorf("the snapshot became %+v", s)
	}
	f, err := Parse("a / b")
	if err != nil {
		t.Fatal(err)
	}
	f.Metrics()[0] = "c"
	if got := f.Metrics(); got[0] != "a" {
		t.Errorf("the formula uses %v", got)
	}
}
