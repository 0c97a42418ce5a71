package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/engine/sim"
)

// element is one of a page, with the text right in it.
type element struct {
	name string
	attr map[string]string
	text string
}

func (e element) classed(name string) bool {
	return slices.Contains(strings.Fields(e.attr["class"]), name)
}

// elements are those of a page, all closed as they should be.
func elements(t *testing.T, page string) []*element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!DOCTYPE html>")))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta", "input"}, xml.HTMLEntity
	var all, open []*element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("the page can't be parsed: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := &element{name: x.Name.Local, attr: map[string]string{}}
			for _, a := range x.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			all, open = append(all, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(x)
			}
		}
	}
}

// pageOf is the page of the baselines on a trace, after a change to what it is made of.
func pageOf(t *testing.T, rows []backtest.Row, change func(*told, *backtest.Result)) (string, backtest.Result) {
	t.Helper()
	trace := backtest.Trace{Start: time.Date(2026, 3, 1, 22, 0, 0, 0, time.UTC), Rows: rows}
	settings := backtest.Settings{Settings: sim.Settings{Capacity: 60, StartDelay: sim.StartDelay}}
	result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: trace, Settings: settings, Baselines: true})
	if err != nil {
		t.Fatal(err)
	}
	said := toldOf(backtestFlags{trace: "web.csv", capacity: 60, startDelay: sim.StartDelay}, trace, settings)
	change(&said, &result)
	var out strings.Builder
	if err := page(&out, said, result); err != nil {
		t.Fatal(err)
	}
	return out.String(), result
}

func TestPageOfABacktest(t *testing.T) {
	week := make([]backtest.Row, 7*24)
	for i := range week {
		week[i] = backtest.Row{Seconds: 3600, Demand: float64(i % 24)}
	}
	for name, rows := range map[string][]backtest.Row{
		"an hour":            {{Seconds: 1200, Demand: 1}, {Seconds: 1200, Demand: 7.5}, {Seconds: 1200, Demand: 2}},
		"a second":           {{Seconds: 1, Demand: 0}},
		"nothing but idling": {{Seconds: 600, Demand: 0}, {Seconds: 600, Demand: 0}},
		"a week":             week,
	} {
		t.Run(name, func(t *testing.T) {
			text, result := pageOf(t, rows, func(*told, *backtest.Result) {})
			boxes, lines, dots, records, ticks := 0, 0, 0, 0, 0
			ids := map[string]bool{}
			var named []string
			for _, e := range elements(t, text) {
				if id := e.attr["id"]; id != "" {
					if ids[id] {
						t.Errorf("two elements have the id %s", id)
					}
					ids[id] = true
				}
				named = append(named, strings.Fields(e.attr["aria-labelledby"])...)
				switch {
				case e.name == "input" && e.attr["type"] == "checkbox":
					boxes++
				case e.name == "path" && e.classed("step"):
					lines++
				case e.name == "path" && e.classed("dot"):
					dots++
				case e.name == "th" && e.attr["scope"] == "row":
					records++
				case e.name == "span" && e.classed("x"):
					ticks++
				}
				for attr, value := range e.attr {
					if attr == "src" || attr == "href" || strings.HasPrefix(attr, "on") || regexp.MustCompile(`NaN|Inf|url\(|https?:`).MatchString(value) {
						t.Errorf("%s has %s=%q", e.name, attr, value)
					}
				}
			}
			if n := len(result.Runs); boxes != n || lines != n || dots != n || records != n {
				t.Errorf("%d runs have %d boxes, %d lines, %d dots and %d rows of the table", n, boxes, lines, dots, records)
			}
			if len(named) != 4 {
				t.Errorf("the plots are described by %q, want a title and a description each", named)
			}
			for _, id := range named {
				if !ids[id] {
					t.Errorf("nothing has the id %s", id)
				}
			}
			if ticks < 2 || ticks > 20 {
				t.Errorf("%d ticks on the axes of time and cost", ticks)
			}
			if strings.Contains(text, "<script") || strings.Contains(text, "@import") || strings.Contains(text, "ZgotmplZ") {
				t.Error("the page has a script, loads something, or something in it was not safe")
			}
		})
	}
}

// Names are whatever somebody called a file, a policy, a metric.
func TestPageEscapesWhatItShows(t *testing.T) {
	hostile := []string{
		`</title><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</style><script>alert(1)</script>`,
		`]]><svg/onload=alert(1)>`, "a\x00b\u202e<!--", `{{.Runs}}`, strings.Repeat("w", 500),
	}
	for _, name := range hostile {
		text, _ := pageOf(t, []backtest.Row{{Seconds: 300, Demand: 1}, {Seconds: 300, Demand: 4}}, func(said *told, r *backtest.Result) {
			said.title, said.Source, said.Faults = name, name, []string{name}
			for i := range r.Runs {
				r.Runs[i].Name, r.Runs[i].Notes = name, []string{name}
			}
		})
		clean := strings.ReplaceAll(name, "\x00", "\ufffd")
		found := 0
		for _, e := range elements(t, strings.ReplaceAll(text, "\x00", "\ufffd")) {
			if slices.Contains([]string{"script", "img", "iframe", "object"}, e.name) {
				t.Errorf("%q became the element %s", name, e.name)
			}
			for attr := range e.attr {
				if strings.HasPrefix(attr, "on") || attr == "src" {
					t.Errorf("%q became the attribute %s of %s", name, attr, e.name)
				}
			}
			if strings.Contains(e.text, clean) {
				found++
			}
		}
		if found < 10 {
			t.Errorf("%q is shown %d times; want the title, the heading, and each run in the legend, the table and the notes", name, found)
		}
	}
}

func TestStepsShowAllThatWasReady(t *testing.T) {
	for name, tc := range map[string]struct {
		series backtest.Series
		want   string
	}{
		"the same all the time": {backtest.Series{Low: []int{2, 2}, High: []int{2, 2}, Last: []int{2, 2}}, "M0 8H2"},
		"a step":                {backtest.Series{Low: []int{2, 5}, High: []int{2, 5}, Last: []int{2, 5}}, "M0 8H1V5V5V5H2"},
		"a dip within a stretch is drawn, and the line goes on where it was": {
			backtest.Series{Low: []int{4, 1, 4}, High: []int{4, 4, 4}, Last: []int{4, 4, 4}}, "M0 6H1V9V6V6H3",
		},
		"a change within the first": {backtest.Series{Low: []int{1}, High: []int{3}, Last: []int{2}}, "M0 8V9V7V8H1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := steps(tc.series, 10, float64(len(tc.series.Last))); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestBandSpansAllThatWasReady(t *testing.T) {
	for name, tc := range map[string]struct {
		series backtest.Series
		want   string
	}{
		"the same all the time": {backtest.Series{Low: []int{2, 2}, High: []int{2, 2}}, "M0 8H2V8H0Z"},
		"a peak and a dip":      {backtest.Series{Low: []int{2, 2, 1}, High: []int{3, 9, 3}}, "M0 7H1V1H2V7H3V9H2V8H0Z"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := band(tc.series, 10, float64(len(tc.series.Low))); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// A line that moves in most stretches is a band, and is left to a click where it is the HPA's.
func TestBusyRunsAreBands(t *testing.T) {
	series := func(n, every int) backtest.Series {
		s := backtest.Series{Low: make([]int, n), High: make([]int, n), Last: make([]int, n)}
		for i := 0; i < n; i += every {
			s.High[i] = 1
		}
		return s
	}
	for name, tc := range map[string]struct {
		series backtest.Series
		want   bool
	}{
		"calm": {series(1000, 100), false}, "busy": {series(1000, 3), true}, "few stretches": {series(50, 1), false},
	} {
		if got := busy(tc.series); got != tc.want {
			t.Errorf("%s: busy is %t", name, got)
		}
		runs := []backtest.Run{{Name: "hpa", Kind: backtest.Baseline, Series: tc.series}}
		if shown := shownFirst(runs, []bool{true}); shown[0] == tc.want {
			t.Errorf("%s: the HPA is shown: %t", name, shown[0])
		}
	}
}

// A run that is left to a click does not press the others flat: what it has beyond them is cut off, and that is said.
func TestHeightIsOfWhatIsShown(t *testing.T) {
	const said = "what another one has beyond is cut off"
	for most, want := range map[int]bool{2: false, 100: true} {
		text, _ := pageOf(t, []backtest.Row{{Seconds: 300, Demand: 1}, {Seconds: 300, Demand: 4}}, func(_ *told, r *backtest.Result) {
			r.Runs[1].Series.High = []int{most} // the threshold, which is not shown at first
			r.Runs[1].Series.Low, r.Runs[1].Series.Last = []int{1}, []int{1}
		})
		if got := strings.Contains(text, said); got != want {
			t.Errorf("with %d replicas it is said that something is cut off: %t", most, got)
		}
	}
}

// Twelve runs have twelve colours, by day and by night, that are told apart.
func TestPalette(t *testing.T) {
	text, _ := pageOf(t, []backtest.Row{{Seconds: 300, Demand: 1}, {Seconds: 300, Demand: 4}}, func(_ *told, r *backtest.Result) {
		for len(r.Runs) < colours {
			r.Runs = append(r.Runs, r.Runs[0])
		}
	})
	for i := range colours {
		if want := fmt.Sprintf(".r%d { --c: var(--c%d) }", i, i); !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	found := regexp.MustCompile(`--c\d+: #([0-9a-f]{6});`).FindAllStringSubmatch(text, -1)
	if len(found) != 2*colours {
		t.Fatalf("the page has %d colours, want %d by day and as many by night", len(found), colours)
	}
	for _, palette := range [][][]string{found[:colours], found[colours:]} {
		for i, a := range palette {
			for _, b := range palette[:i] {
				if d := apart(a[1], b[1]); d < 60 {
					t.Errorf("#%s and #%s are only %.0f apart", a[1], b[1], d)
				}
			}
		}
	}
}

// apart is the distance of two colours, 0 to 441.
func apart(a, b string) float64 {
	sum := 0.0
	for i := 0; i < 6; i += 2 {
		x, _ := strconv.ParseInt(a[i:i+2], 16, 0)
		y, _ := strconv.ParseInt(b[i:i+2], 16, 0)
		sum += float64((x - y) * (x - y))
	}
	return math.Sqrt(sum)
}

// A name that had to move from beside its dot is led to by a line from there.
func TestLinesLeadToNames(t *testing.T) {
	text, result := pageOf(t, []backtest.Row{{Seconds: 300, Demand: 1}, {Seconds: 300, Demand: 4}}, func(_ *told, r *backtest.Result) {
		for i := range r.Runs { // three dots in one place
			r.Runs[i].ReplicaHours, r.Runs[i].ViolationSeconds = 5, 50
		}
		r.Runs = append(r.Runs, backtest.Run{Name: "far", Figures: backtest.Figures{ReplicaHours: 50, ViolationSeconds: 20}, Series: r.Runs[0].Series})
	})
	names, leads := 0, 0
	for _, e := range elements(t, text) {
		switch {
		case e.name == "span" && e.classed("name"):
			names++
		case e.name == "path" && e.classed("lead"):
			leads++
		}
	}
	beside := 2 // one of the three, and the far one
	if names != len(result.Runs) || leads != names-beside {
		t.Errorf("%d names of %d runs have %d lines that lead there", names, len(result.Runs), leads)
	}
}

func TestTicksOfTime(t *testing.T) {
	for name, tc := range map[string]struct {
		start string
		last  time.Duration
		want  []string
	}{
		"a minute":        {"2026-03-01T10:00:30Z", time.Minute, []string{"10:00:30", "10:00:45", "10:01:00", "10:01:15", "10:01:30"}},
		"across midnight": {"2026-03-01T21:30:00Z", 6 * time.Hour, []string{"22:00", "23:00", "2 Mar", "01:00", "02:00", "03:00"}},
		"in another zone": {"2026-03-01T23:30:00+02:00", 3 * time.Hour, []string{"21:30", "22:00", "22:30", "23:00", "23:30", "2 Mar", "00:30"}},
		"a week":          {"2026-03-01T00:00:00Z", 7 * 24 * time.Hour, []string{"1 Mar", "2 Mar", "3 Mar", "4 Mar", "5 Mar", "6 Mar", "7 Mar", "8 Mar"}},
		"half a year":     {"2026-01-15T00:00:00Z", 182 * 24 * time.Hour, []string{"Feb 2026", "Mar 2026", "Apr 2026", "May 2026", "Jun 2026", "Jul 2026"}},
		"two years":       {"2026-01-01T00:00:00Z", 730 * 24 * time.Hour, []string{"Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026", "Jan 2027", "Apr 2027", "Jul 2027", "Oct 2027", "Jan 2028"}},
	} {
		t.Run(name, func(t *testing.T) {
			start, err := time.Parse(time.RFC3339, tc.start)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range instants(start, int(tc.last.Seconds())) {
				got = append(got, i.text)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestRoundNumbers(t *testing.T) {
	for name, tc := range map[string]struct {
		least, most float64
		whole       bool
		want        []float64
	}{
		"replicas":       {0, 14, true, []float64{0, 5, 10}},
		"one replica":    {0, 1, true, []float64{0, 1}},
		"many":           {0, 8141, true, []float64{0, 2000, 4000, 6000, 8000}},
		"a narrow range": {664.1, 665.2, false, []float64{664.2, 664.4, 664.6, 664.8, 665, 665.2}},
	} {
		t.Run(name, func(t *testing.T) {
			got := round(tc.least, tc.most, tc.whole)
			if len(got) != len(tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			for i := range got {
				if d := got[i] - tc.want[i]; d > 1e-9 || d < -1e-9 {
					t.Errorf("got %v, want %v", got, tc.want)
				}
			}
		})
	}
}
