package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/backtest"
)

//go:embed backtest_page.html
var pageText string

// page writes the report as one HTML page that needs nothing else. Names are whatever somebody called a file or a policy: the
// template escapes them.
func page(out io.Writer, said told, r backtest.Result) error {
	t, err := template.New("backtest").Funcs(template.FuncMap{
		"percent": percent,
		"hours":   func(v float64) string { return fmt.Sprintf("%.1f h", v) },
		"rate":    func(v float64) string { return fmt.Sprintf("%.2f", v) },
		"figure":  func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) },
		"length":  func(seconds int) string { return length(time.Duration(seconds) * time.Second) },
		"on":      func(at time.Time) string { return at.UTC().Format("Mon 2 Jan 2006 15:04") },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(out, drawn(said, r))
}

// drawing is what the page shows.
type drawing struct {
	told
	Title      string
	End        time.Time
	StartsIn   string
	Every      int // seconds of a step in the plot
	Over, Cost plot
	Runs       []shownRun
	Notes      bool // some run has notes
	Bands      bool // some run is busy
	Beyond     bool // some run that is not shown at first has more replicas than the plot is high
}

// shownRun is a run with the look of its line.
type shownRun struct {
	backtest.Run
	Colour int  // of the palette
	Dashed bool // a baseline
	Dotted bool // beyond the palette
	Busy   bool // it is drawn as a band, since as a line it would hide the others
	Shown  bool // from the start
	Best   bool // on the Pareto front
	Line   string
	Dot    point // in the plot of cost and violations, 1 by 1
	Label  label
}

const colours = 12 // of the palette in the page

func drawn(said told, r backtest.Result) drawing {
	need := said.trace.Need(said.settings)
	d := drawing{told: said, Title: said.title, Every: need.Every, End: said.Start.Add(time.Duration(said.Seconds) * time.Second)}
	d.StartsIn = (time.Duration(said.StartDelay * float64(time.Second))).String()
	best := backtest.Front(r.Runs)
	shown := shownFirst(r.Runs, best)
	top := 1
	for _, n := range need.Replicas {
		top = max(top, n)
	}
	for i, run := range r.Runs {
		if shown[i] {
			top = max(top, slices.Max(run.Series.High))
		}
	}
	d.Over = overTime(said, need, top)
	d.Cost = costs(r.Runs, best)
	labels := labelled(r.Runs, best, d.Cost)
	for i, run := range r.Runs {
		dot := d.Cost.place(run.ReplicaHours, float64(run.ViolationSeconds))
		d.Notes, d.Bands = d.Notes || len(run.Notes) > 0, d.Bands || busy(run.Series)
		d.Beyond = d.Beyond || slices.Max(run.Series.High) > top
		line := steps
		if busy(run.Series) {
			line = band
		}
		d.Runs = append(d.Runs, shownRun{
			Run: run, Busy: busy(run.Series), Colour: i % colours, Dashed: run.Kind == backtest.Baseline, Dotted: i/colours%2 == 1, Shown: shown[i], Best: best[i],
			Line: line(run.Series, top, d.Over.Width), Dot: point{dot.X / 100, dot.Y / 100}, Label: labels[i],
		})
	}
	return d
}

// mostShown lines are told apart at a glance; the others wait for a click.
const mostShown = 4

// shownFirst are the runs to look at first: the HPA, unless it changes all the time, the best of what is not a baseline, and what the author wrote.
func shownFirst(runs []backtest.Run, best []bool) []bool {
	shown, left := make([]bool, len(runs)), mostShown
	for _, wanted := range []func(i int) bool{
		func(i int) bool {
			return runs[i].Kind == backtest.Baseline && runs[i].Name == "hpa" && !busy(runs[i].Series)
		},
		func(i int) bool { return runs[i].Kind == backtest.Authored && best[i] },
		func(i int) bool { return runs[i].Kind == backtest.Authored },
		func(i int) bool { return runs[i].Kind == backtest.Strategy && best[i] },
	} {
		for i := range runs {
			if left > 0 && !shown[i] && wanted(i) {
				shown[i] = true
				left--
			}
		}
	}
	return shown
}

// length is a length of time in the two largest units that it has.
func length(d time.Duration) string {
	var parts []string
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := int(d / u.of)
		if d -= time.Duration(n) * u.of; n > 0 && len(parts) < 2 {
			parts = append(parts, count(n, u.name, u.name+"s"))
		}
	}
	return strings.Join(parts, " ")
}
