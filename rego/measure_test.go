package rego

import (
	"context"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func TestMeasure(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	none := math.NaN() // abstains
	for name, c := range map[string]struct {
		threshold              engine.Threshold
		reading                engine.Reading
		observed, up, down     float64
		ignoredWhenIgnorable   bool
		statusOtherThanReading engine.Status
	}{
		"between":              {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(50), observed: 50},
		"at scaleUp":           {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(70), observed: 70},
		"at scaleDown":         {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(20), observed: 20},
		"half as much again":   {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(105), observed: 105, up: 0.5},
		"more than twice":      {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(900), observed: 900, up: 1},
		"half of scaleDown":    {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(10), observed: 10, down: 0.5},
		"idle":                 {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(0), observed: 0, down: 1},
		"a hair past is at it": {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(70.00004), observed: 70},
		"a digit past is past": {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(70.00005), observed: 70.0001, up: 0.0001},
		"past a bound of 0":    {threshold: engine.Threshold{ScaleUp: 0, ScaleDown: -5}, reading: engine.Reads(0.1), observed: 0.1, up: 1},
		"negative bounds":      {threshold: engine.Threshold{ScaleUp: -10, ScaleDown: -20}, reading: engine.Reads(-25), observed: -25, down: 0.25},
		"a long fraction":      {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reads(84.33333333), observed: 84.3333, up: 0.2048},
		"a small fraction":     {threshold: engine.Threshold{ScaleUp: 0.00005, ScaleDown: 0.00001}, reading: engine.Reads(0.00003333333), observed: 0.0000333333},
		"a large whole number": {threshold: engine.Threshold{ScaleUp: 1e9, ScaleDown: 1}, reading: engine.Reads(123456789), observed: 123456789},
		"the largest":          {threshold: engine.Threshold{ScaleUp: -math.MaxFloat64, ScaleDown: -math.MaxFloat64}, reading: engine.Reads(math.MaxFloat64), observed: math.MaxFloat64, up: 1},
		"less_than, up":        {threshold: engine.Threshold{ScaleUp: 2, ScaleDown: 8, Comparison: engine.LessThan}, reading: engine.Reads(1), observed: 1, up: 0.5},
		"less_than, down":      {threshold: engine.Threshold{ScaleUp: 2, ScaleDown: 8, Comparison: engine.LessThan}, reading: engine.Reads(12), observed: 12, down: 0.5},
		"a change": {threshold: engine.Threshold{ScaleUp: 50, ScaleDown: -50, Comparison: engine.PercentageChange},
			reading: engine.Reading{Status: engine.OK, Value: number(35), Previous: number(20)}, observed: 75, up: 0.5},
		"a change of something negative": {threshold: engine.Threshold{ScaleUp: 50, ScaleDown: -50, Comparison: engine.PercentageChange},
			reading: engine.Reading{Status: engine.OK, Value: number(-5), Previous: number(-20)}, observed: 75, up: 0.5},
		"a change against 0": {threshold: engine.Threshold{ScaleUp: 50, ScaleDown: -50, Comparison: engine.PercentageChange},
			reading: engine.Reading{Status: engine.OK, Value: number(35), Previous: number(0)}, observed: none},
		"a change against nothing": {threshold: engine.Threshold{ScaleUp: 50, ScaleDown: -50, Comparison: engine.PercentageChange}, reading: engine.Reads(35), observed: none},
		"a change too large for a number": {threshold: engine.Threshold{ScaleUp: 50, ScaleDown: -50, Comparison: engine.PercentageChange},
			reading: engine.Reading{Status: engine.OK, Value: number(1e300), Previous: number(1e-300)}, observed: none},
		"stale":          {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reading{Status: engine.Stale, Value: number(99)}, observed: none, ignoredWhenIgnorable: true},
		"NaN":            {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reading{Status: engine.OK, Value: number(math.NaN())}, observed: none, ignoredWhenIgnorable: true, statusOtherThanReading: engine.Invalid},
		"ok, no value":   {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reading{Status: engine.OK}, observed: none, ignoredWhenIgnorable: true, statusOtherThanReading: engine.Missing},
		"unknown status": {threshold: engine.Threshold{ScaleUp: 70, ScaleDown: 20}, reading: engine.Reading{Status: "odd", Value: number(1)}, observed: none, ignoredWhenIgnorable: true, statusOtherThanReading: engine.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			c.threshold.Metric = "m"
			p := engine.Policy{Metrics: []engine.Metric{{Name: "m", Weight: 3}}, Thresholds: []engine.Threshold{c.threshold}}
			s := engine.Snapshot{Metrics: map[string]engine.Reading{"m": c.reading}}
			got := Measure(p, s)[0]
			switch {
			case math.IsNaN(c.observed) && got.Observed != nil:
				t.Errorf("observed %v, want nothing", *got.Observed)
			case !math.IsNaN(c.observed) && (got.Observed == nil || *got.Observed != c.observed):
				t.Errorf("observed %v, want %v", got.Observed, c.observed)
			}
			if got.Up != c.up || got.Down != c.down {
				t.Errorf("severity is %v up, %v down; want %v, %v", got.Up, got.Down, c.up, c.down)
			}
			want := c.reading.Status
			if c.statusOtherThanReading != "" {
				want = c.statusOtherThanReading
			}
			if got.Status != want || got.Share != 1 || got.Ignored {
				t.Errorf("measured %+v", got)
			}
			p.Metrics[0].OnMissing = "ignore"
			if got := Measure(p, s)[0].Ignored; got != c.ignoredWhenIgnorable {
				t.Errorf("ignored is %v where onMissing is ignore", got)
			}
		})
	}
}

func TestMeasureIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		shares := 0.0
		for i, m := range Measure(p, s) {
			shares += m.Share
			for _, v := range []float64{m.Share, m.Up, m.Down} {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("%v is outside 0..1 in %+v", v, m)
				}
			}
			if m.Up > 0 && m.Down > 0 {
				t.Errorf("past both bounds: %+v", m)
			}
			if m.Observed == nil {
				if m.Up+m.Down != 0 {
					t.Errorf("past a bound without being observed: %+v", m)
				}
				continue
			}
			if m.Status != engine.OK || m.Ignored || finite(m.Observed) == nil {
				t.Errorf("observed %v though %+v", *m.Observed, m)
			}
			if up, down := crosses(m, *m.Observed); up != (m.Up > 0) || down != (m.Down > 0) {
				t.Errorf("%v is measured as %+v", *m.Observed, m)
			}
			if m.Comparison == engine.PercentageChange {
				continue
			}
			value := *s.Metrics[p.Thresholds[i].Metric].Value
			if up, down := crosses(m, value); m.Up > 0 && !up || m.Down > 0 && !down {
				t.Errorf("%v is rounded past a bound: %+v", value, m)
			}
		}
		if shares > 1+1e-9 {
			t.Errorf("shares sum to %v", shares)
		}
	})
}

func crosses(m Measured, v float64) (up, down bool) {
	if m.Comparison == engine.LessThan {
		return v < m.ScaleUp, v > m.ScaleDown
	}
	return v > m.ScaleUp, v < m.ScaleDown
}

func TestRounded(t *testing.T) {
	for name, c := range map[string]struct{ of, want float64 }{
		"a long fraction":           {84.33333333, 84.3333},
		"a small one":               {-0.00003333333, -0.0000333333},
		"up to the next digit":      {69.99996, 70},
		"a whole number":            {123456789, 123456789},
		"a million and a bit":       {1048575.6, 1048576},
		"a bit less than a million": {999999.4, 999999},
		"the largest":               {math.MaxFloat64, math.MaxFloat64},
		"the smallest":              {math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rounded(c.of); got != c.want {
				t.Errorf("%v is rounded to %v, want %v", c.of, got, c.want)
			}
		})
	}
	if v := rounded(math.Copysign(0, -1)); math.Signbit(v) {
		t.Errorf("minus zero stays %v", v)
	}
}

// What is higher is never rounded to something lower, and what is written with six digits, as bounds are, is rounded to
// itself: so rounding takes no value past a bound.
func TestRoundedKeepsTheOrder(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(-3e6, 3e6), rapid.Float64Range(-2, 2), rapid.Float64())
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		if rounded(a) > rounded(b) {
			t.Errorf("%v is rounded to %v, and %v to %v", a, rounded(a), b, rounded(b))
		}
		if r := rounded(a); rounded(r) != r || math.Abs(r-a) > 5.1e-6*math.Abs(a) {
			t.Errorf("%v is rounded to %v, and that to %v", a, r, rounded(r))
		}
	})
}

func TestMeasureSaysWhyNot(t *testing.T) {
	p, s := three()
	s.Metrics["cpu_usage"] = engine.Reading{Status: engine.Missing, Detail: "no samples yet"}
	s.Metrics["memory_usage"] = engine.Reading{Status: engine.Invalid, Detail: strings.Repeat("a", 199) + strings.Repeat("é", 2000)}
	ok := engine.Reads(50)
	ok.Detail = "of no use"
	s.Metrics["request_rate"] = ok
	for i, want := range []string{"no samples yet", strings.Repeat("a", 199) + "…", ""} {
		if got := Measure(p, s)[i].Detail; got != want {
			t.Errorf("detail of %s is %q, want %q", p.Thresholds[i].Metric, got, want)
		}
	}
	// Words without end about one metric keep no other from raising.
	s.Metrics["request_rate"] = engine.Reads(500)
	if got, err := compiled(t, "", p).Recommend(context.Background(), p, s); err != nil || got.Action != engine.ScaleUp {
		t.Errorf("%s, %v", got.Action, err)
	}
}
