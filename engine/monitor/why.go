package monitor

import (
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// why is the newest decision on the chosen service, and how it came about.
type why struct {
	of          string     // the policy that was asked about
	evaluation  *time.Time // its newest then
	at          time.Time  // when it was asked
	asking      bool
	policy      string // that the explanation is of; empty: there is none yet
	explanation api.Explanation
	err         error
	scroll      int
}

// pace is how long a decision is shown at least, where another one is made at once: to explain one takes the daemon a moment.
const pace = 2 * time.Second

// wants says that a policy is to be asked about.
func (w *why) wants(r *row, now time.Time) bool {
	switch {
	case w.asking || r.LastEvaluation == nil:
		return false
	case w.of != r.Name:
		return true
	}
	return now.Sub(w.at) >= pace && (w.evaluation == nil || !w.evaluation.Equal(*r.LastEvaluation))
}

func (w *why) begin(r *row, now time.Time) {
	if w.of != r.Name {
		w.scroll = 0
	}
	w.of, w.evaluation, w.at, w.asking = r.Name, r.LastEvaluation, now, true
}

func (w *why) take(e explained, now time.Time) {
	w.asking, w.at = false, now
	w.policy, w.explanation, w.err = e.policy, e.explanation, e.err
}

// line is a line of a pane, in one colour, with a plot behind where there is one.
type line struct {
	text  string
	paint func(string) string // nil: none
	tail  string              // is coloured already
	long  int                 // columns of it
}

// show is a line in so many columns at most.
func (l line) show(columns int) string {
	text := cut(l.text, columns)
	if l.long > 0 && width(text)+l.long > columns {
		l.tail = ""
	}
	if l.paint != nil {
		text = l.paint(text)
	}
	return text + l.tail
}

// decisionLines tell the chosen service's newest decision in so many columns.
func (s *Screen) decisionLines(columns int) []line {
	r := s.subject()
	switch {
	case r == nil:
		return []line{{text: "no service is chosen"}}
	case r.Error != "":
		return plain(wrap("", "  ", "nothing is decided: "+clean(r.Error), columns), s.paint.bad)
	case r.LastEvaluation == nil:
		return []line{{text: "nothing was decided yet"}}
	case s.why.policy != r.Name:
		return []line{{text: "asking the daemon…", paint: s.paint.faint}}
	case s.why.err != nil:
		return plain(wrap("", "  ", clean(s.why.err.Error()), columns), s.paint.bad)
	}
	t := tale{columns: columns, paint: s.paint}
	t.state(r, s.now)
	e := s.why.explanation
	t.head(e, s.zone)
	t.seen(e, r, s.now)
	t.recommended(e.Record)
	t.guard(e.Record.Decision)
	t.applied(e)
	t.alternatives(e)
	return t.lines
}

func plain(texts []string, paint func(string) string) []line {
	lines := make([]line, len(texts))
	for i, text := range texts {
		lines[i] = line{text: text, paint: paint}
	}
	return lines
}

// tale is a decision as it is told, line by line.
type tale struct {
	columns int
	paint   paint
	lines   []line
}

func (t *tale) title(text string) { t.lines = append(t.lines, line{text: text, paint: t.paint.bold}) }

// say adds a paragraph behind a mark.
func (t *tale) say(mark, text string, paint func(string) string) {
	indent := strings.Repeat(" ", width(mark))
	t.lines = append(t.lines, plain(wrap(mark, indent, clean(text), t.columns), paint)...)
}

// state tells why a policy is in a state that is not plain from the decision.
func (t *tale) state(r *row, now time.Time) {
	if r.State.Why != "" && r.State.Name != api.IsScaling {
		t.say("", r.word(now)+": "+r.State.Why, func(text string) string { return t.paint.state(r.State.Name, text) })
	}
}

func (t *tale) head(e api.Explanation, zone *time.Location) {
	r, d := e.Record, e.Record.Decision
	t.title(fmt.Sprintf("%s: %s, %d → %d: %s", clean(r.Service), d.Action, d.From, d.To, clean(d.Reason)))
	if d.Message != "" {
		t.say("  ", d.Message, nil)
	}
	text := "decided at " + r.At.In(zone).Format(time.TimeOnly)
	if e.Decision != 0 {
		text += fmt.Sprintf(" (decision %d)", e.Decision)
	}
	if e.File != "" {
		text += ", by the policy at " + e.File
	}
	t.say("  ", text, t.paint.faint)
	if r.Request != nil {
		t.say("  ", fmt.Sprintf("asked for by %s: %s; the rules were not asked", r.Request.Actor, count(r.Request.Replicas, "replica", "replicas")), nil)
	}
}

// seen tells what the metrics read, with how they were lately.
func (t *tale) seen(e api.Explanation, r *row, now time.Time) {
	n := e.Record.Snapshot.Service.Replicas
	t.title(fmt.Sprintf("Seen: %s, %d ready", count(n.Current, "replica", "replicas"), n.Ready))
	names := 0
	for _, m := range e.Metrics {
		names = max(names, min(width(clean(m.Metric)), 24))
	}
	for _, m := range e.Metrics {
		value, paint := clean(string(m.Reading.Status)), t.paint.bad
		if m.Reading.Value != nil {
			value, paint = engine.FormatValue(*m.Reading.Value), nil
		}
		one := line{text: "  " + pad(clean(m.Metric), names) + " " + right(value, 8), paint: paint}
		const plotted = 20
		if known := r.metrics[m.Metric]; known != nil && t.columns >= 60 {
			values := known.lately(now, plotted)
			low, high := reach(values, known.up, known.down, known.target)
			one.tail, one.long = " "+plot(values, low, high, known.limits, t.paint), plotted+1
		}
		t.lines = append(t.lines, one)
		if said := strings.Join(append(m.Bounds, m.Reading.Detail), ", "); strings.Trim(said, ", ") != "" {
			t.say("    ", strings.Trim(said, ", "), t.paint.faint)
		}
	}
}

func (t *tale) recommended(r engine.Record) {
	if r.Request != nil {
		return
	}
	a := r.Recommendation
	t.title(clean(fmt.Sprintf("Recommended: %s, confidence %.2f, priority %s", a.Wish(), a.Confidence, a.Priority)))
	for _, reason := range a.Reasons {
		t.say("  ", reason.Code+": "+reason.Message, nil)
	}
	if a.Error != "" {
		t.say("  ", a.Error, t.paint.bad)
	}
}

// guard tells what the stages did. Those that had nothing to say are named together.
func (t *tale) guard(d engine.Decision) {
	t.title("Guard:")
	var quiet []string
	passed := func() {
		if quiet != nil {
			t.say("  ✓ ", strings.Join(quiet, ", "), t.paint.faint)
		}
		quiet = nil
	}
	for _, step := range d.Trace {
		if step.Reason == "" && step.Message == "" && step.From == step.To {
			quiet = append(quiet, step.Stage)
			continue
		}
		passed()
		text := fmt.Sprintf("%s: %d → %d", step.Stage, step.From, step.To)
		if step.Reason != "" || step.Message != "" {
			text += ", " + strings.TrimPrefix(step.Reason+": "+step.Message, ": ")
		}
		t.say("  • ", text, t.paint.wary)
	}
	passed()
}

func (t *tale) applied(e api.Explanation) {
	d, shadow := e.Record.Decision, e.Record.Mode == engine.Shadow
	text := fmt.Sprintf("Applied: %s from %d to %d", d.Action, d.From, d.To)
	switch {
	case d.Action == engine.Hold:
		text = fmt.Sprintf("Applied: nothing, hold at %d", d.From)
	case shadow:
		text = fmt.Sprintf("Not applied: in shadow it would be %s from %d to %d", d.Action, d.From, d.To)
	}
	t.title(text)
	if e.Event != nil && e.Event.Result != "" && !shadow {
		t.say("  ", strings.TrimSuffix(fmt.Sprintf("%s: %s", e.Event.Result, e.Event.Error), ": "), nil)
	}
}

// alternatives are the first few: flyball explain has all of them.
func (t *tale) alternatives(e api.Explanation) {
	const few = 8
	if e.Changed != "" || len(e.Alternatives) == 0 {
		return
	}
	t.title("What would change this:")
	for i, a := range e.Alternatives {
		if i == few {
			t.say("  … ", fmt.Sprintf("%d more: flyball explain %s", len(e.Alternatives)-i, e.Record.Policy), t.paint.faint)
			return
		}
		t.say("  - ", a.Message, nil)
	}
}
