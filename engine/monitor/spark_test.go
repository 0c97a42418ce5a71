package monitor

import (
	"math"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/flyball-dev/flyball/engine"
)

func TestPlot(t *testing.T) {
	nan := math.NaN()
	busy := limits{engine.GreaterThan, ptr(70.0), ptr(20.0), nil}
	for name, c := range map[string]struct {
		values []float64
		limits limits
		colors bool
		want   string
	}{
		"nothing":             {},
		"from low to high":    {values: []float64{0, 12.5, 25, 50, 75, 87.5}, limits: busy, want: "▁▂▃▅▇█"},
		"what is not known":   {values: []float64{nan, 87.5, nan, 0}, limits: busy, want: " █ ▁"},
		"no bounds":           {values: []float64{1, 2, 4}, want: "▃▅█"},
		"all alike":           {values: []float64{0, 0}, want: "▁▁"},
		"below 0":             {values: []float64{-4, 0, 4}, want: "▁▅█"},
		"each side coloured":  {values: []float64{10, 50, 80, 80}, limits: busy, colors: true, want: "\x1b[34m▂\x1b[m▅\x1b[31m▇▇\x1b[m"},
		"fewer is more alarm": {values: []float64{10, 90}, limits: limits{engine.LessThan, ptr(20.0), ptr(80.0), nil}, colors: true, want: "\x1b[31m▂\x1b[m\x1b[34m▇\x1b[m"},
		"a change has none":   {values: []float64{10}, limits: limits{engine.PercentageChange, ptr(5.0), nil, nil}, colors: true, want: "█"},
	} {
		t.Run(name, func(t *testing.T) {
			low, high := reach(c.values, c.limits.up, c.limits.down)
			got := plot(c.values, low, high, c.limits, paint{c.colors})
			if got != c.want || ansi.StringWidth(got) != len(c.values) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestGauge(t *testing.T) {
	for name, c := range map[string]struct {
		ready, current, least, most, columns int
		want                                 string
	}{
		"within":                {2, 2, 1, 5, 8, "██░░░"},
		"some start":            {2, 4, 1, 5, 8, "██▓▓░"},
		"under the minimum":     {1, 1, 3, 5, 8, "█▒▒░░"},
		"over the maximum":      {7, 7, 1, 5, 8, "███████"},
		"scaled down":           {10, 20, 2, 40, 8, "██▓▓░░░░"},
		"one of many is seen":   {1, 1, 1, 100, 8, "█░░░░░░░"},
		"nothing is known":      {0, 0, 0, 0, 8, ""},
		"no room":               {1, 1, 1, 1, 0, ""},
		"none of what there is": {0, 0, 2, 4, 8, "▒▒░░"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := gauge(c.ready, c.current, c.least, c.most, c.columns); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The metric that is shown is the one that asks for more the most, and before all one that can't be read.
func TestWorst(t *testing.T) {
	up := func(bound float64) limits { return limits{engine.GreaterThan, &bound, nil, nil} }
	for name, c := range map[string]struct {
		metrics map[string]engine.Reading
		limits  map[string]limits
		want    string
	}{
		"none":                    {},
		"the nearest":             {map[string]engine.Reading{"a": engine.Reads(60), "b": engine.Reads(5)}, map[string]limits{"a": up(100), "b": up(6)}, "b"},
		"fewer is nearer":         {map[string]engine.Reading{"a": engine.Reads(60), "b": engine.Reads(25)}, map[string]limits{"a": up(100), "b": {engine.LessThan, ptr(20.0), nil, nil}}, "b"},
		"a target":                {map[string]engine.Reading{"a": engine.Reads(60), "b": engine.Reads(60)}, map[string]limits{"a": up(100), "b": {"", nil, nil, ptr(50.0)}}, "b"},
		"one that is missing":     {map[string]engine.Reading{"a": engine.Reads(600), "b": {Status: engine.Missing}}, map[string]limits{"a": up(100)}, "b"},
		"no bound is known":       {map[string]engine.Reading{"b": engine.Reads(1), "a": engine.Reads(2)}, nil, "a"},
		"one has a bound":         {map[string]engine.Reading{"a": engine.Reads(2), "b": engine.Reads(1)}, map[string]limits{"b": up(100)}, "b"},
		"a bound of 0 is no help": {map[string]engine.Reading{"a": engine.Reads(2), "b": engine.Reads(50)}, map[string]limits{"a": up(0), "b": up(100)}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &row{metrics: map[string]*metric{}}
			r.Metrics = c.metrics
			for n := range c.metrics {
				r.metrics[n] = &metric{limits: c.limits[n]}
			}
			if got := r.worst(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
