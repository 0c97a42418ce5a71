package trend

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// after is so many seconds after noon.
func after(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// series is a sample every so many seconds, from one on.
func series(replica string, from, every float64, values ...float64) engine.Series {
	s := engine.Series{Metric: "m", Replica: replica}
	for i, v := range values {
		s.Points = append(s.Points, engine.Point{At: after(from + float64(i)*every), Value: v})
	}
	return s
}

// rollup begins so many minutes after noon.
func rollup(minutes float64, count int, low, mean, high float64) engine.Rollup {
	return engine.Rollup{From: after(60 * minutes), Count: count, Min: low, Mean: mean, Max: high}
}

func metric(aggregation string, window time.Duration) engine.Metric {
	return engine.Metric{Name: "m", Aggregation: aggregation, Window: window}
}

// minutes is an axis of so many steps of a minute from noon on.
func minutes(n int) Axis {
	return Axis{To: noon.Add(time.Duration(n) * time.Minute), Step: time.Minute, Points: n}
}

func text[T int | float64](line []*T) string {
	var parts []string
	for _, v := range line {
		if v == nil {
			parts = append(parts, "-")
		} else {
			parts = append(parts, fmt.Sprint(*v))
		}
	}
	return strings.Join(parts, " ")
}

func times(n int, value float64) []float64 { return slices.Repeat([]float64{value}, n) }

func TestOver(t *testing.T) {
	for name, c := range map[string]struct {
		length time.Duration
		points int
		least  time.Duration
		step   time.Duration
		want   int
	}{
		"an hour":                   {time.Hour, 60, 0, time.Minute, 60},
		"what does not divide":      {100 * time.Second, 30, 0, 4 * time.Second, 25},
		"a step has a second":       {5 * time.Second, 60, 0, time.Second, 5},
		"a month":                   {720 * time.Hour, 500, 0, 5184 * time.Second, 500},
		"a step that is too short":  {24 * time.Hour, 1000, 5 * time.Minute, 5 * time.Minute, 288},
		"less than a second's time": {time.Millisecond, 10, 0, time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			to := noon.Add(300 * time.Millisecond)
			a := Over(to.Add(-c.length), to, c.points, c.least)
			if a.Step != c.step || a.Points != c.want || !a.At(a.Points-1).Equal(noon) {
				t.Errorf("%d steps of %s to %s, want %d of %s", a.Points, a.Step, a.At(a.Points-1), c.want, c.step)
			}
			if begin := a.At(0).Add(-a.Step); begin.After(to.Add(-c.length)) {
				t.Errorf("it begins at %s, and leaves a part out", begin)
			}
		})
	}
}

func TestSamples(t *testing.T) {
	for name, c := range map[string]struct {
		metric    engine.Metric
		axis      Axis
		series    []engine.Series
		want      string
		low, high string
	}{
		"nothing is known": {metric("avg", time.Minute), minutes(3), nil, "- - -", "", ""},
		"an instant ends its step": {metric("avg", time.Minute), minutes(3),
			[]engine.Series{series("", 0, 60, 1, 2, 4)}, "2 4 -", "", ""},
		"an average pools replicas": {metric("avg", time.Minute), minutes(1),
			[]engine.Series{series("a", 10, 10, 1, 2, 3), series("b", 20, 10, 10)}, "4", "", ""},
		"a step longer than the window": {metric("max", 30*time.Second), minutes(2),
			[]engine.Series{series("a", 10, 20, 5, 1, 3, 7, 8, 9)}, "5 9", "1 7", "5 9"},
		"a percentile": {metric("p90", 5*time.Minute), minutes(1), []engine.Series{series("", 5, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)}, "10", "", ""},
		"a step shorter than sampling takes": {metric("avg", 5*time.Minute), Axis{To: after(60), Step: 5 * time.Second, Points: 12},
			[]engine.Series{series("", 15, 15, 1, 1, 1, 9)}, "- - 1 1 1 1 1 1 1 1 1 3.66667", "", ""},
		"what is not finite": {metric("avg", time.Minute), minutes(2), []engine.Series{series("", 10, 30, 1, math.NaN(), 3, math.Inf(1))}, "1 3", "", ""},
		"a sum":              {metric("sum", 5*time.Minute), minutes(1), []engine.Series{series("a", 5, 15, times(4, 10)...), series("b", 6, 15, times(4, 20)...)}, "30", "", ""},
		"a sum over a replica that took another's place": {metric("sum", 5*time.Minute), Axis{To: after(600), Step: 10 * time.Minute, Points: 1},
			[]engine.Series{series("a", 15, 15, times(20, 10)...), series("b", 315, 15, times(20, 10)...)}, "10", "", ""},
		"the last of who is there": {metric("last", 5*time.Minute), Axis{To: after(600), Step: 10 * time.Minute, Points: 1},
			[]engine.Series{series("a", 15, 15, 1, 2), series("b", 570, 15, 5, 6, 7), series("c", 570, 15, 5, 6)}, "6.5", "1", "7"},
		"a counter": {metric("rate", 5*time.Minute), minutes(3), []engine.Series{series("a", 0, 15, 0, 10, 20, 30, 40, 50, 60, 70, 80, 81, 82, 83, 84)}, "40 40 4", "", ""},
		"a counter that is started again": {metric("rate", 5*time.Minute), minutes(2),
			[]engine.Series{series("a", 0, 15, 970, 980, 990, 1000, 1010, 10, 20, 30, 40)}, "40 40", "", ""},
		"two counters":                 {metric("rate", 5*time.Minute), minutes(1), []engine.Series{series("a", 0, 15, 0, 5, 10, 15, 20), series("b", 1, 15, 7, 8, 9, 10)}, "24", "", ""},
		"one sample is no rate":        {metric("rate", 5*time.Minute), minutes(1), []engine.Series{series("a", 30, 15, 7)}, "-", "", ""},
		"a gain after a long silence":  {metric("rate", 5*time.Minute), minutes(5), []engine.Series{series("a", 0, 15, 0, 1), series("b", 250, 15, 100, 110)}, "4 - - - 40", "", ""},
		"more digits than are of use":  {metric("avg", time.Minute), minutes(1), []engine.Series{series("", 10, 10, 1, 1, 2)}, "1.33333", "", ""},
		"a sum that is too large":      {metric("sum", time.Minute), minutes(1), []engine.Series{series("a", 10, 10, math.MaxFloat64), series("b", 10, 10, math.MaxFloat64)}, "-", "", ""},
		"an aggregation of a constant": {metric("avg", time.Second), minutes(1), []engine.Series{series("", 10, 10, 0.1, 0.1, 0.1)}, "0.1", "0.1", "0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			got := OfSamples(c.axis, c.metric, c.series)
			if text(got.Values) != c.want || text(got.Low) != c.low || text(got.High) != c.high {
				t.Errorf("got %s (%s to %s), want %s (%s to %s)", text(got.Values), text(got.Low), text(got.High), c.want, c.low, c.high)
			}
		})
	}
}

func TestRollups(t *testing.T) {
	of := func(rollups ...engine.Rollup) engine.Rollups { return engine.Rollups{Metric: "m", Rollups: rollups} }
	ten := func(n int) Axis {
		return Axis{To: noon.Add(time.Duration(n) * 10 * time.Minute), Step: 10 * time.Minute, Points: n}
	}
	for name, c := range map[string]struct {
		how       string
		axis      Axis
		rollups   []engine.Rollups
		want      string
		low, high string
	}{
		"an average weighs":             {"avg", ten(2), []engine.Rollups{of(rollup(0, 30, 1, 2, 3), rollup(5, 10, 5, 6, 7), rollup(10, 1, 9, 9, 9))}, "3 9", "1 9", "7 9"},
		"the mean is for a percentile":  {"p95", ten(1), []engine.Rollups{of(rollup(0, 30, 1, 2, 3), rollup(5, 10, 5, 6, 7))}, "3", "1", "7"},
		"the highest of the highest":    {"max", ten(1), []engine.Rollups{of(rollup(0, 30, 1, 2, 3)), of(rollup(5, 10, 5, 6, 7))}, "7", "1", "7"},
		"the lowest of the lowest":      {"min", ten(1), []engine.Rollups{of(rollup(0, 30, 1, 2, 3)), of(rollup(5, 10, 5, 6, 7))}, "1", "1", "7"},
		"a sum of replicas":             {"sum", ten(1), []engine.Rollups{of(rollup(0, 20, 1, 2, 3), rollup(5, 20, 1, 2, 3)), of(rollup(0, 20, 5, 6, 7), rollup(5, 20, 5, 6, 7))}, "8", "", ""},
		"a counter":                     {"rate", ten(2), []engine.Rollups{of(rollup(0, 20, 0, 50, 100), rollup(5, 20, 100, 150, 200), rollup(10, 20, 200, 250, 300), rollup(15, 20, 300, 350, 400))}, "20 20", "", ""},
		"a counter with one rollup":     {"rate", ten(1), []engine.Rollups{of(rollup(0, 20, 0, 50, 100))}, "-", "", ""},
		"one that counts nothing":       {"avg", ten(1), []engine.Rollups{of(engine.Rollup{From: noon})}, "-", "-", "-"},
		"its middle says where it is":   {"avg", Axis{To: after(12 * 60), Step: 10 * time.Minute, Points: 1}, []engine.Rollups{of(rollup(0, 1, 1, 1, 1), rollup(5, 1, 2, 2, 2), rollup(10, 1, 4, 4, 4))}, "1.5", "1", "2"},
		"five minutes have one of each": {"avg", Axis{To: after(11 * 60), Step: 5 * time.Minute, Points: 2}, []engine.Rollups{of(rollup(0, 1, 1, 1, 1), rollup(5, 1, 2, 2, 2))}, "1 2", "1 2", "1 2"},
	} {
		t.Run(name, func(t *testing.T) {
			got := OfRollups(c.axis, metric(c.how, time.Minute), c.rollups)
			if text(got.Values) != c.want || text(got.Low) != c.low || text(got.High) != c.high {
				t.Errorf("got %s (%s to %s), want %s (%s to %s)", text(got.Values), text(got.Low), text(got.High), c.want, c.low, c.high)
			}
		})
	}
}

// never is when an event ends that has not.
const never = -1e6

// event is a change between two instants in seconds after noon.
func event(from, to, reached int, started, ended float64) engine.Event {
	e := engine.Event{From: from, To: to, Reached: reached, Started: after(started)}
	if ended != never {
		e.Ended = after(ended)
	}
	return e
}

func TestReplicas(t *testing.T) {
	seen := func(n int, seconds float64) *engine.Count { return &engine.Count{Replicas: n, At: after(seconds)} }
	for name, c := range map[string]struct {
		events []engine.Event
		known  Known
		want   string
	}{
		"nobody looked":                  {nil, Known{}, "- - - - -"},
		"nothing ever changed":           {nil, Known{Seen: seen(2, 290), Until: after(320)}, "2 2 2 2 2"},
		"somebody looks since a while":   {nil, Known{Since: after(150), Seen: seen(2, 290), Until: after(320)}, "- - 2 2 2"},
		"nobody looks any more":          {nil, Known{Seen: seen(2, 130), Until: after(190)}, "2 2 2 - -"},
		"a change":                       {[]engine.Event{event(2, 3, 3, 110, 130)}, Known{Seen: seen(3, 290), Until: after(320)}, "2 2 3 3 3"},
		"one that goes on":               {[]engine.Event{event(2, 3, 0, 110, never)}, Known{Seen: seen(2, 110), Until: after(320)}, "2 2 2 2 2"},
		"one that was rolled back":       {[]engine.Event{event(2, 5, 2, 70, 130)}, Known{Seen: seen(2, 290), Until: after(320)}, "2 2 2 2 2"},
		"one that reached less":          {[]engine.Event{event(2, 5, 4, 70, 130)}, Known{Seen: seen(4, 290), Until: after(320)}, "2 2 4 4 4"},
		"two, the newest first":          {[]engine.Event{event(3, 1, 1, 190, 200), event(2, 3, 3, 70, 80)}, Known{Seen: seen(1, 290), Until: after(320)}, "2 3 3 1 1"},
		"one before":                     {[]engine.Event{event(1, 4, 4, -500, -490)}, Known{Since: after(250), Seen: seen(4, 290), Until: after(320)}, "4 4 4 4 4"},
		"a change by somebody else":      {[]engine.Event{event(2, 6, 6, 120, 120)}, Known{Seen: seen(6, 290), Until: after(320)}, "2 6 6 6 6"},
		"a shadow's, as soon as decided": {[]engine.Event{event(2, 3, 3, 290, 290)}, Known{Seen: seen(2, 290), Until: after(320)}, "2 2 2 2 3"},
		"a policy that is gone":          {[]engine.Event{event(2, 3, 3, 110, 130)}, Known{}, "2 2 - - -"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := text(Replicas(minutes(5), c.events, c.known)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestFormula(t *testing.T) {
	line := func(values ...float64) Metric {
		m := Metric{Values: make(Line, len(values))}
		for i, v := range values {
			if v >= 0 {
				m.Values[i] = &v
			}
		}
		return m
	}
	two, none := 2, 0
	of := map[string]Metric{"a": line(10, 20, -1), "b": line(5, 5, 5)}
	for expr, want := range map[string]string{
		"a / b":                             "2 4 -",
		"b / max(replicas.ready, 1)":        "2.5 5 -",
		"a / (b - 5)":                       "- - -",
		"c":                                 "- - -",
		"a /":                               "- - -",
		"b * 2":                             "10 10 10",
		"replicas.current + replicas.ready": "4 0 -",
	} {
		t.Run(expr, func(t *testing.T) {
			got := OfFormula(minutes(3), engine.Metric{Name: "m", Expr: expr}, of, []*int{&two, &none, nil})
			if text(got.Values) != want {
				t.Errorf("got %s, want %s", text(got.Values), want)
			}
		})
	}
}

func BenchmarkSamples(b *testing.B) {
	for _, how := range []string{"avg", "p95", "rate"} {
		b.Run(how, func(b *testing.B) {
			m := metric(how, time.Minute)
			var all []engine.Series
			for i := range 5 {
				all = append(all, series(fmt.Sprint(i), 0, 12, times(300, float64(i))...))
			}
			b.ReportAllocs()
			for b.Loop() {
				OfSamples(minutes(60), m, all)
			}
		})
	}
}
