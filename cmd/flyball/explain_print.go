package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// An explanation is to be read in one look.
const (
	wide      = 100 // columns
	fewLines  = 14  // of rules
	fewOthers = 12  // alternatives
)

// story writes an explanation. The first error is kept, and nothing is written after it.
type story struct {
	out io.Writer
	err error
}

func (s *story) line(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintln(s.out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
}

// text writes a paragraph, the first line after a mark and the others under it.
func (s *story) text(mark, text string) {
	room := wide - utf8.RuneCountInString(mark)
	for first := true; first || text != ""; first = false {
		part := text
		if utf8.RuneCountInString(part) > room {
			part = string([]rune(part)[:room+1])
			if at := strings.LastIndexByte(part, ' '); at > 0 {
				part = part[:at]
			} else {
				part = string([]rune(part)[:room])
			}
		}
		s.line("%s%s", mark, part)
		text = strings.TrimLeft(text[len(part):], " ")
		mark = strings.Repeat(" ", utf8.RuneCountInString(mark))
	}
}

// columns writes a table under a mark.
func (s *story) columns(mark string, rows [][]string) {
	var width []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		text := mark
		for i, cell := range row {
			if i == len(row)-1 {
				s.text(text, cell)
				break
			}
			text += cell + strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2)
		}
	}
}

func printExplanation(out io.Writer, e api.Explanation, verbose bool) error {
	s := &story{out: out}
	s.head(e)
	s.metrics(e)
	s.rules(e, verbose)
	s.guard(e.Record.Decision, verbose)
	s.alternatives(e, verbose)
	return s.err
}

func (s *story) head(e api.Explanation) {
	r, d := e.Record, e.Record.Decision
	s.line("%s: %s %s, %d → %d: %s", r.Policy, r.Service, d.Action, d.From, d.To, d.Reason)
	if d.Message != "" {
		s.text("  ", strings.ReplaceAll(d.Message, "\n", "; "))
	}
	at := "decided at " + r.At.Format(time.RFC3339)
	if ago := e.At.Sub(r.At).Round(time.Second); ago > 0 {
		at += fmt.Sprintf(", %s ago", ago)
	}
	if e.Count > 1 {
		at += fmt.Sprintf(", and %s more up to %s", count(e.Count-1, "time", "times"), e.Last.Format(time.RFC3339))
	}
	if e.Decision != 0 {
		at += fmt.Sprintf(" (decision %d)", e.Decision)
	}
	if r.Mode == engine.Shadow {
		at += ", in shadow: nothing was touched"
	}
	if e.File != "" {
		at += ", by the policy at " + e.File
	}
	s.text("  ", at)
	if t := e.Then; t != nil {
		by := fmt.Sprintf("by revision %s, at work since %s", t.Revision, t.Since.UTC().Format(time.RFC3339))
		if t.Commit != "" {
			by += ", commit " + t.Commit[:min(12, len(t.Commit))]
		}
		if t.Now != "" {
			by += "; now it is revision " + t.Now
		} else {
			by += "; there is no such policy now"
		}
		s.text("  ", by)
	}
	if e.Event != nil {
		result := string(e.Event.Result)
		switch {
		case r.Mode == engine.Shadow: // nothing was done that could have ended
			result = "shadow"
		case result == "":
			result = "has not ended"
		}
		s.text("  ", fmt.Sprintf("event %s: %s %s", e.Event.ID, result, e.Event.Error))
	}
	if r.Request != nil {
		s.text("  ", fmt.Sprintf("asked for by %s: %d replicas; the rules were not asked", r.Request.Actor, r.Request.Replicas))
	}
}

func (s *story) metrics(e api.Explanation) {
	s.line("")
	n := e.Record.Snapshot.Service.Replicas
	s.line("What was seen: %s, %d ready", count(n.Current, "replica", "replicas"), n.Ready)
	var rows [][]string
	for _, m := range e.Metrics {
		r := m.Reading
		value, age := string(r.Status), ""
		if r.Value != nil {
			value = figure(*r.Value)
		}
		if r.AgeSeconds > 0 {
			age = "; " + (time.Duration(r.AgeSeconds * float64(time.Second))).Round(time.Second).String() + " old"
		}
		if r.Samples > 0 {
			age += "; " + count(r.Samples, "sample", "samples")
		}
		if r.Detail != "" {
			age = "; " + r.Detail
		}
		looked := strings.Join(m.Bounds, ", ")
		if looked == "" {
			looked, age = strings.TrimPrefix(age, "; "), ""
		}
		rows = append(rows, []string{m.Metric, value, looked + age})
	}
	if w := e.Record.Snapshot.Schedule; w != nil && len(w.Windows) > 0 {
		rows = append(rows, []string{"schedule", "", "window " + strings.Join(w.Windows, ", ")})
	}
	s.columns("  ", rows)
}

func (s *story) rules(e api.Explanation, verbose bool) {
	r := e.Record.Recommendation
	s.line("")
	s.line("What the rules said: %s, confidence %.2f, priority %s", r.Wish(), r.Confidence, r.Priority)
	if len(e.Voices) > 0 && e.Differs == "" {
		s.text("  ", voicesText(e.Voices))
	}
	var rows [][]string
	for _, reason := range r.Reasons {
		rows = append(rows, []string{reason.Code, strings.ReplaceAll(reason.Message, "\n", "; ")})
	}
	s.columns("  ", rows)
	lines := e.Rules
	if !verbose {
		lines = telling(lines)
	}
	file, rest := "", 0
	for i, l := range lines {
		if !verbose && i == fewLines {
			rest = len(lines) - i
			break
		}
		if l.File != file {
			file = l.File
			s.line("  %s", file)
		}
		s.line("  %s", ruleLine(l))
	}
	if rest > 0 {
		s.line("    … %s more with -v", count(rest, "line", "lines"))
	}
	if e.Differs != "" {
		s.text("  ", e.Differs)
	}
	if e.Changed != "" {
		s.text("  ", e.Changed)
	}
}

// voicesText says what each of several strategies answers, and whose answer it is then.
func voicesText(all []engine.Voice) string {
	var parts []string
	most := -1 // that the winner answers; -1: there is none
	for _, v := range all {
		if v.Wins {
			most = v.Replicas
		}
	}
	for _, v := range all {
		text := fmt.Sprintf("%s: %d", v.Strategy, v.Replicas)
		switch {
		case v.Error != "":
			text = v.Strategy + ": no usable answer, which is no vote for fewer"
		case v.Wins:
			text += " wins"
		case v.Replicas == most:
			text += " too"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// telling leaves out what held in a branch that did not, and what flyball's own strategies only compute.
func telling(lines []engine.Line) []engine.Line {
	var kept []engine.Line
	holds := true
	for _, l := range lines {
		if l.Head {
			holds = l.Verdict == engine.Holds
		}
		computes := strings.HasPrefix(l.File, "flyball/") && strings.Contains(l.Text, " := ")
		if l.Head || l.Verdict != engine.Holds || holds && !computes {
			kept = append(kept, l)
		}
	}
	return kept
}

func ruleLine(l engine.Line) string {
	mark := map[engine.Verdict]string{engine.Holds: "✓", engine.Fails: "✗", engine.Breaks: "!"}[l.Verdict]
	indent := "  "
	if l.Head {
		indent = ""
	}
	text := fmt.Sprintf("%5d %s %s%s", l.Line, mark, indent, l.Text)
	if l.Values == "" || l.Values == l.Text {
		return cutTo(text, wide-2)
	}
	values := "   # " + l.Values
	room := max(wide-2-utf8.RuneCountInString(values), 40)
	return cutTo(cutTo(text, room)+values, wide-2)
}

func cutTo(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func (s *story) guard(d engine.Decision, verbose bool) {
	s.line("")
	var rows [][]string
	for _, step := range d.Trace {
		if !verbose && step.Reason == "" && step.Message == "" {
			continue
		}
		said := step.Message
		if step.Reason != "" {
			said = step.Reason + ": " + step.Message
		}
		rows = append(rows, []string{step.Stage, fmt.Sprintf("%d → %d", step.From, step.To), strings.ReplaceAll(said, "\n", "; ")})
	}
	if rows == nil {
		s.line("What the guard did: nothing, the wish passed all %d stages", len(d.Trace))
		return
	}
	s.line("What the guard did:")
	s.columns("  ", rows)
}

// tried says what was changed in vain.
func tried(r engine.Record) string {
	switch {
	case r.Request != nil && r.Request.Kind != engine.Restore:
		return "leaving out any stage of the guard leads to the same"
	case r.Decision.Action == engine.Hold:
		return "other values of a metric, each stage of the guard, and the time until tomorrow all lead to the same"
	}
	return "other values of a metric and each stage of the guard all lead to the same"
}

func (s *story) alternatives(e api.Explanation, verbose bool) {
	if e.Changed != "" {
		return
	}
	s.line("")
	switch {
	case len(e.Alternatives) == 0 && e.RulesError != "":
		s.line("What would change this is not known: the rules gave no usable answer")
		return
	case len(e.Alternatives) == 0:
		s.text("", "What would change this: nothing that was tried: "+tried(e.Record))
		return
	}
	s.line("What would change this:")
	for i, a := range e.Alternatives {
		if !verbose && i == fewOthers {
			s.line("  … %d more with -v", len(e.Alternatives)-i)
			return
		}
		s.text("  - ", a.Message)
	}
}
