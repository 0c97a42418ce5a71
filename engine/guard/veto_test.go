package guard

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestVetoes(t *testing.T) {
	for name, c := range map[string]struct {
		with   func(in *drawn)
		so     bool
		reason string
	}{
		"above scaleDown":        {func(*drawn) {}, true, "NotPastScaleDown"},
		"at scaleDown":           {func(in *drawn) { in.s.Metrics["cpu"] = engine.Reads(25) }, true, "NotPastScaleDown"},
		"below scaleDown":        {func(in *drawn) { in.s.Metrics["cpu"] = engine.Reads(24) }, false, "Permits"},
		"at the minimum":         {func(in *drawn) { in.p.MinReplicas = 2 }, false, "Permits"},
		"missing":                {func(in *drawn) { delete(in.s.Metrics, "cpu") }, true, "MetricMissing"},
		"stale":                  {func(in *drawn) { in.s.Metrics["cpu"] = engine.Reading{Status: engine.Stale} }, true, "MetricStale"},
		"missing, which may be":  {func(in *drawn) { delete(in.s.Metrics, "cpu"); in.p.Metrics[0].OnMissing = "ignore" }, false, "Permits"},
		"falling, and too low":   {func(in *drawn) { falling(in, 45) }, true, "NotPastScaleDown"},
		"falling, and high":      {func(in *drawn) { falling(in, 46) }, false, "Permits"},
		"at its target":          {func(in *drawn) { aimed(in, 54) }, true, "NotPastScaleDown"},
		"under its target":       {func(in *drawn) { aimed(in, 53) }, false, "Permits"},
		"in no band":             {func(in *drawn) { banded(in, 30) }, true, "NotPastScaleDown"},
		"in a band that removes": {func(in *drawn) { banded(in, 29) }, false, "Permits"},
		"changing, and from 0":   {func(in *drawn) { changing(in, 0) }, true, "NoBaseline"},
		"changing, and too much": {func(in *drawn) { changing(in, 60) }, true, "NotPastScaleDown"},
		"changing, and enough":   {func(in *drawn) { changing(in, 200) }, false, "Permits"},
	} {
		t.Run(name, func(t *testing.T) {
			in := calm()
			c.with(&in)
			in.wish(2)
			_, after := Decide(in.p, in.s, in.r, in.st)
			if got := find(t, after.Conditions, Vetoes, "cpu"); got.Status != c.so || got.Reason != c.reason {
				t.Errorf("got %+v, want %v (%s)", got, c.so, c.reason)
			}
		})
	}
	t.Run("a metric without a threshold", func(t *testing.T) {
		in := calm()
		also(&in, "mem")
		for _, c := range Conditions(nil, engine.Decision{}, in.r, in.s, in.p) {
			if c.Metric == "mem" {
				t.Errorf("it is asked: %+v", c)
			}
		}
	})
}

func falling(in *drawn, v float64) {
	in.p.Thresholds[0] = engine.Threshold{Metric: "cpu", ScaleUp: 30, ScaleDown: 45, Comparison: engine.LessThan}
	in.s.Metrics["cpu"] = engine.Reads(v)
}

func aimed(in *drawn, v float64) {
	in.p.Thresholds, in.p.Targets = nil, []engine.Target{{Metric: "cpu", Value: 60, Tolerance: 0.1}}
	in.s.Metrics["cpu"] = engine.Reads(v)
}

func banded(in *drawn, v float64) {
	above, below := 70.0, 30.0
	in.p.Thresholds, in.p.Bands = nil, []engine.Bands{{Metric: "cpu", Bands: []engine.Band{{Above: &above, Add: 1}, {Below: &below, Remove: 1}}}}
	in.s.Metrics["cpu"] = engine.Reads(v)
}

// changing lets cpu, which reads 50, come from another value.
func changing(in *drawn, from float64) {
	in.p.Thresholds[0] = engine.Threshold{Metric: "cpu", ScaleUp: 50, ScaleDown: -50, Comparison: engine.PercentageChange}
	r := in.s.Metrics["cpu"]
	r.Previous = &from
	in.s.Metrics["cpu"] = r
}

func TestVeto(t *testing.T) {
	vetoes := func(metric string, so bool, hours int) engine.Condition {
		return engine.Condition{Type: Vetoes, Metric: metric, Status: so, Since: start.Add(-time.Duration(hours) * time.Hour)}
	}
	for name, c := range map[string]struct {
		conditions []engine.Condition
		metric     string // empty: none
	}{
		"for a day":                {[]engine.Condition{vetoes("cpu", false, 1), vetoes("mem", true, 24)}, "mem"},
		"not for a day yet":        {[]engine.Condition{vetoes("cpu", false, 30), vetoes("mem", true, 23)}, ""},
		"not alone":                {[]engine.Condition{vetoes("cpu", true, 1), vetoes("mem", true, 24)}, ""},
		"there is no other":        {[]engine.Condition{{Type: Able}, vetoes("mem", true, 24)}, ""},
		"all let the service go":   {[]engine.Condition{vetoes("cpu", false, 30), vetoes("mem", false, 30)}, ""},
		"nothing was ever decided": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, found := Veto(c.conditions, start)
			if found != (c.metric != "") || found && got.Metric != c.metric {
				t.Errorf("got %+v, %v; want %q", got, found, c.metric)
			}
		})
	}
}

// A day of a service whose cpu has its hours and whose memory never falls: the memory is what keeps it up at night.
func TestVetoOverADay(t *testing.T) {
	in := calm()
	also(&in, "mem")
	in.p.Thresholds = append(in.p.Thresholds, engine.Threshold{Metric: "mem", ScaleUp: 90, ScaleDown: 40, Comparison: engine.GreaterThan})
	in.s.Metrics["mem"] = engine.Reads(60)
	for hour := range 27 {
		in.s.At = start.Add(time.Duration(hour) * time.Hour)
		in.s.Metrics["cpu"] = engine.Reads(10)
		if busy := hour >= 8 && hour < 20; busy {
			in.s.Metrics["cpu"] = engine.Reads(60)
		}
		in.wish(2)
		_, in.st = Decide(in.p, in.s, in.r, in.st)
		got, found := Veto(in.st.Conditions, in.s.At)
		if want := hour >= 24; found != want || found && got.Metric != "mem" {
			t.Fatalf("after %d hours: %+v, %v", hour, got, found)
		}
	}
}
