package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine/diff"
)

// markdownDiff writes what is made for a comment on a pull request.
func markdownDiff(out io.Writer, said compared) error {
	w := &markdown{out: out}
	if said.None() {
		w.line("No policy changes in meaning.")
		return w.err
	}
	w.line("**flyball**: %s", summary(said))
	w.line("")
	w.row("policy", "field", "old", "new", "what it means")
	w.row("---", "---", "---", "---", "---")
	for _, p := range said.Policies {
		name := "**" + escaped(p.Name) + "**"
		if len(p.Changes) == 0 {
			w.row(name, string(p.Kind), "", "", escaped(p.Means))
		}
		w.changes(name+": "+escaped(p.Means), p.Changes)
	}
	w.changes("config", said.Config)
	for _, p := range said.Policies {
		for _, c := range p.Changes {
			w.lines(c)
		}
	}
	if said.Trace == nil || len(said.Trace.Policies) == 0 {
		return w.err
	}
	w.line("")
	w.line("On %s:", code(said.Trace.Source))
	w.line("")
	w.row("policy", "decisions that differ", "violations", "replica-hours", "changes")
	w.row("---", "---", "---", "---", "---")
	for _, t := range said.Trace.Policies {
		d := t.Decisions
		w.row("**"+escaped(t.Policy)+"**", fmt.Sprintf("%d of %d, in %s", d.Differ, d.Total, count(d.Stretches, "stretch", "stretches")), fmt.Sprintf("%d s → %d s", t.Old.ViolationSeconds, t.New.ViolationSeconds),
			fmt.Sprintf("%.1f → %.1f", t.Old.ReplicaHours, t.New.ReplicaHours), fmt.Sprintf("%d → %d", t.Old.Changes, t.New.Changes))
	}
	for _, t := range said.Trace.Policies {
		if len(t.Decisions.Groups) == 0 {
			continue
		}
		w.line("")
		w.row(escaped(t.Policy)+": stretches", "decisions", "old", "new")
		w.row("---", "---", "---", "---")
		for _, g := range t.Decisions.Groups {
			w.row(fmt.Sprint(g.Stretches), fmt.Sprint(g.Count), code(answer(g.Old)), code(answer(g.New)))
		}
	}
	return w.err
}

func summary(said compared) string {
	text := count(len(said.Policies), "policy changes", "policies change") + " in meaning"
	for _, turn := range []diff.Turn{diff.Begins, diff.Stops} {
		n := 0
		for _, p := range said.Policies {
			if p.Turn == turn {
				n++
			}
		}
		if n > 0 {
			text += fmt.Sprintf(", %d %s to act", n, turn)
		}
	}
	return strings.ReplaceAll(text, "stops to act", "stops acting")
}

// markdown writes lines until one fails.
type markdown struct {
	out io.Writer
	err error
}

func (m *markdown) line(format string, args ...any) {
	if m.err == nil {
		_, m.err = fmt.Fprintf(m.out, format+"\n", args...)
	}
}

func (m *markdown) row(cells ...string) { m.line("| %s |", strings.Join(cells, " | ")) }

// changes are rows, the first of which says of whom.
func (m *markdown) changes(of string, changes []diff.Change) {
	for _, c := range changes {
		m.row(of, code(c.Field), code(brief(c.Old)), code(brief(c.New)), escaped(c.Means))
		of = ""
	}
}

// lines are those of a rule that changed, below the table.
func (m *markdown) lines(c diff.Change) {
	if len(c.Lines) == 0 {
		return
	}
	fence := "```"
	for strings.Contains(strings.Join(c.Lines, "\n"), fence) {
		fence += "`"
	}
	m.line("")
	m.line("%s:", code(c.Field))
	m.line("")
	m.line("%sdiff", fence)
	for _, line := range shortened(c.Lines) {
		m.line("%s", line)
	}
	m.line("%s", fence)
}

// code is a text that stands as it is, within a table.
func code(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// escaped is a text without what Markdown would read as more.
func escaped(text string) string {
	for _, special := range []string{`\`, "|", "*", "_", "`", "<", "[", "@", "#"} {
		text = strings.ReplaceAll(text, special, `\`+special)
	}
	return text
}

// names are those of two maps, sorted.
func names[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		return slices.Sorted(maps.Keys(b))
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
