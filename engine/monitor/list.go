package monitor

import (
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// column is one of the list of services.
type column struct {
	title string
	least int // columns of the terminal that it takes
	most  int // that it may take of what is left
	rank  int // those with a high one go first where there is no room
	cell  func(v eye, r *row, columns int) line
}

const between = 2 // blanks

// eye is what a cell is seen with.
type eye struct {
	paint paint
	now   time.Time
}

// columns are all of the list.
func columns() []column {
	return []column{
		{"SERVICE", 10, 32, 0, func(v eye, r *row, n int) line { return line{text: pad(r.label(), n)} }},
		{"STATE", 15, 15, 1, func(v eye, r *row, n int) line {
			return line{text: pad(r.word(v.now), n), paint: func(text string) string { return v.paint.state(r.State.Name, text) }}
		}},
		{"NOW", 3, 3, 0, func(v eye, r *row, n int) line { return line{text: right(replicas(r), n)} }},
		{"MIN-MAX", 7, 7, 2, func(v eye, r *row, n int) line {
			return line{text: pad(fmt.Sprintf("%d-%d", r.MinReplicas, r.MaxReplicas), n)}
		}},
		{"REPLICAS", 8, 8, 5, func(v eye, r *row, n int) line {
			if r.LastEvaluation == nil {
				return line{text: pad("", n)}
			}
			return line{text: pad(gauge(r.ReadyReplicas, r.CurrentReplicas, r.MinReplicas, r.MaxReplicas, n), n)}
		}},
		{"LAST 30M", 10, 20, 4, func(v eye, r *row, n int) line {
			values := r.replicas.lately(v.now, n)
			return line{tail: spread(plot(values, 0, float64(max(r.MaxReplicas, r.CurrentReplicas)), limits{}, v.paint), n-len(values)), long: n}
		}},
		{"METRIC", 18, 26, 3, func(v eye, r *row, n int) line { return v.metric(r, n) }},
		{"LAST 30M", 10, 20, 6, func(v eye, r *row, n int) line {
			m := r.metrics[r.worst()]
			if m == nil {
				return line{text: pad("", n)}
			}
			values := m.lately(v.now, n)
			low, high := reach(values, m.up, m.down, m.target)
			return line{tail: spread(plot(values, low, high, m.limits, v.paint), n-len(values)), long: n}
		}},
		{"LAST EVENT", 20, 40, 7, func(v eye, r *row, n int) line { return line{text: pad(r.event(v.now), n)} }},
	}
}

// spread is a plot with blanks at its left, where nothing is known.
func spread(plot string, blanks int) string { return strings.Repeat(" ", max(0, blanks)) + plot }

func replicas(r *row) string {
	if r.LastEvaluation == nil {
		return "-"
	}
	return fmt.Sprint(r.CurrentReplicas)
}

// metric is the worst metric with the bound that has the service grow: cpu_usage 64/70.
func (v eye) metric(r *row, n int) line {
	name := r.worst()
	if name == "" {
		return line{text: pad("-", n)}
	}
	reading, m := r.Metrics[name], r.metrics[name]
	if reading.Value == nil || reading.Status != engine.OK {
		value := " " + clean(string(reading.Status))
		return line{text: pad(cut(clean(name), n-width(value))+value, n), paint: v.paint.bad}
	}
	value := " " + engine.FormatValue(*reading.Value)
	if bound := m.bound(); bound != nil {
		value += "/" + engine.FormatValue(*bound)
	}
	one := line{text: pad(cut(clean(name), n-width(value))+value, n)}
	switch m.side(*reading.Value) {
	case 1:
		one.paint = v.paint.bad
	case -1:
		one.paint = v.paint.calm
	}
	return one
}

// fitted are the columns that a width has room for, each as wide as it is shown.
func fitted(room int, names int) []column {
	all := columns()
	all[0].most = min(all[0].most, max(names, all[0].least))
	taken := func() int {
		n := 2 - between // the mark
		for _, c := range all {
			n += c.least + between
		}
		return n
	}
	for taken() > room && len(all) > 1 {
		last := 0
		for i, c := range all {
			if c.rank > all[last].rank || c.rank == all[last].rank && i > last {
				last = i
			}
		}
		all = append(all[:last:last], all[last+1:]...)
	}
	spare := room - taken()
	for i := range all {
		more := max(0, min(spare, all[i].most-all[i].least))
		all[i].least += more
		spare -= more
	}
	if len(all) == 1 {
		all[0].least = max(1, min(all[0].least, room-2))
	}
	return all
}

// listLines are the head of the list and the services that are seen.
func (s *Screen) listLines(shown []*row, rows int) []string {
	seen := shown[min(s.top, len(shown)):min(s.top+rows, len(shown))]
	names := 0
	for _, r := range seen {
		names = max(names, width(r.label()))
	}
	fit := fitted(s.width, names)
	titles := make([]string, len(fit))
	for i, c := range fit {
		if titles[i] = pad(c.title, c.least); c.title == "NOW" {
			titles[i] = right(c.title, c.least)
		}
	}
	head := cut("  "+strings.TrimRight(strings.Join(titles, strings.Repeat(" ", between)), " "), s.width)
	if s.pane == services {
		head = s.paint.bold(head)
	} else {
		head = s.paint.faint(head)
	}
	lines := []string{head}
	for _, r := range seen {
		lines = append(lines, s.rowLine(r, fit))
	}
	if len(seen) == 0 && rows > 0 {
		lines = append(lines, cut("  "+s.nothing(), s.width))
	}
	return lines
}

// rowLine is a service. The chosen one is turned around as a whole, which colours within it would end.
func (s *Screen) rowLine(r *row, fit []column) string {
	mark, chosen, v := "  ", r.Name == s.chosen, eye{s.paint, s.now}
	if chosen {
		mark, v.paint = "▸ ", paint{}
		if s.pane != services {
			mark = "▹ "
		}
	}
	cells := make([]string, len(fit))
	for i, c := range fit {
		cells[i] = c.cell(v, r, c.least).show(c.least)
	}
	line := mark + strings.Join(cells, strings.Repeat(" ", between))
	if s.width < 4 {
		line = cut(mark, s.width)
	}
	if chosen && s.paint.on {
		return s.paint.chosen(line)
	}
	return strings.TrimRight(line, " ")
}

// unchosen says why a key that is about a service does nothing.
func (s *Screen) unchosen() string { return "no service is chosen: " + s.nothing() }

// nothing says why no service is seen.
func (s *Screen) nothing() string {
	switch {
	case !s.board.begun:
		return "asking the daemon…"
	case s.filter != "":
		return "no service has " + s.filter + "; esc shows all"
	}
	return "there is no policy; flyball init writes a first one"
}
