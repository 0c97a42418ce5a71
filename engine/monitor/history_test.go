package monitor

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// written is what is known of values, such as "1 1 - 2".
func written(values []float64) string {
	words := make([]string, len(values))
	for i, v := range values {
		if words[i] = "-"; !math.IsNaN(v) {
			words[i] = engine.FormatValue(v)
		}
	}
	return strings.Join(words, " ")
}

func TestHistory(t *testing.T) {
	type put struct {
		step  int // after noon
		value float64
	}
	nan := math.NaN()
	for name, c := range map[string]struct {
		puts  []put
		fills []put
		now   int // the step of it
		cells int
		want  string // its end
	}{
		"nothing is known":                    {now: 3, cells: 4, want: ""},
		"the newest of a step wins":           {puts: []put{{0, 1}, {0, 2}}, cells: 60, want: "- - 2"},
		"it holds until the next":             {puts: []put{{0, 1}, {3, 2}}, now: 5, cells: 60, want: "- 1 1 1 2 2 2"},
		"not for ever":                        {puts: []put{{0, 1}}, now: holds + 2, cells: 60, want: "1 1 - -"},
		"not over a long silence":             {puts: []put{{0, 1}, {holds + 2, 2}}, now: holds + 2, cells: 60, want: "1 - 2"},
		"what is not known holds too":         {puts: []put{{0, 1}, {1, nan}}, now: 3, cells: 60, want: "- 1 - - -"},
		"the clock was set back":              {puts: []put{{3, 1}, {1, 2}}, now: 3, cells: 60, want: "- 1"},
		"all is too old":                      {puts: []put{{0, 1}, {points, 2}}, now: points, cells: 60, want: "- - 2"},
		"cells of several steps":              {puts: []put{{0, 1}, {1, 3}, {2, 5}}, now: 3, cells: 30, want: "- 2 5"},
		"the past comes later":                {puts: []put{{5, 9}}, fills: []put{{4, 8}, {3, 7}, {5, 1}}, now: 5, cells: 60, want: "- 7 8 9"},
		"the past alone":                      {fills: []put{{2, 2}, {1, 1}}, now: 2, cells: 60, want: "- 1 2"},
		"what lies before all that is shown":  {puts: []put{{points, 9}}, fills: []put{{0, 1}}, now: points, cells: 60, want: "- 9"},
		"more cells than steps are asked for": {puts: []put{{0, 1}}, cells: 100, want: "- 1"},
	} {
		t.Run(name, func(t *testing.T) {
			var h history
			at := func(n int) time.Time { return noon.Add(time.Duration(n) * step) }
			for _, p := range c.puts {
				h.put(at(p.step), p.value)
			}
			for _, p := range c.fills {
				h.fill(at(p.step), p.value)
			}
			if got := written(h.lately(at(c.now), c.cells)); !strings.HasSuffix(got, c.want) {
				t.Errorf("got %q, want it to end with %q", got, c.want)
			}
		})
	}
}

// A value that is told is never seen outside what was told, nor are there more cells than asked for.
func TestHistoryInvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h history
		now, low, high := noon, math.Inf(1), math.Inf(-1)
		for range rapid.IntRange(0, 50).Draw(t, "puts") {
			now = now.Add(time.Duration(rapid.IntRange(-100, 3000).Draw(t, "later")) * time.Second)
			v := rapid.Float64Range(-1e6, 1e6).Draw(t, "value")
			low, high = min(low, v), max(high, v)
			if rapid.Bool().Draw(t, "past") {
				h.fill(now, v)
			} else {
				h.put(now, v)
			}
		}
		cells := rapid.IntRange(-1, 100).Draw(t, "cells")
		seen := h.lately(now, cells)
		if len(seen) > max(0, cells) {
			t.Fatalf("%d cells of %d", len(seen), cells)
		}
		for _, v := range seen {
			if v < low-1e-6 || v > high+1e-6 {
				t.Fatalf("%v was never told: %s", v, fmt.Sprint(seen))
			}
		}
	})
}
