package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/engine/diff"
	"github.com/spf13/cobra"
)

func printDiff(cmd *cobra.Command, format string, said compared) error {
	out := cmd.OutOrStdout()
	switch format {
	case "json":
		return printJSON(out, said)
	case "markdown":
		return markdownDiff(out, said)
	}
	if said.Trace != nil {
		for _, run := range said.Trace.runs() {
			for _, note := range run.Notes {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", run.Name, note)
			}
		}
	}
	if format == "github" {
		return githubDiff(out, said)
	}
	w := newTable()
	for _, p := range said.Policies {
		w.row(headline(p))
		rows(w, p.Changes)
	}
	if len(said.Config) > 0 {
		w.row("config")
		rows(w, said.Config)
	}
	if err := w.print(out); err != nil || said.Trace == nil {
		return err
	}
	return printTraced(out, *said.Trace)
}

// headline says of a policy what became of it.
func headline(p diff.Policy) string {
	if p.Kind == diff.Changed {
		return p.Name + " " + p.Means
	}
	return fmt.Sprintf("%s (%s) %s", p.Name, p.Kind, p.Means)
}

func rows(w *table, changes []diff.Change) {
	for _, c := range changes {
		w.row("  "+c.Field, brief(c.Old)+" → "+brief(c.New), c.Means)
		for _, line := range shortened(c.Lines) {
			w.row("    " + strings.ReplaceAll(line, "\t", "  "))
		}
	}
}

// shortened are lines of a rule, the most that are looked at here.
func shortened(lines []string) []string {
	const most = 20
	if len(lines) <= most {
		return lines
	}
	return append(slices.Clone(lines[:most-1]), fmt.Sprintf("… and %d lines more; -o json has them", len(lines)-most+1))
}

// brief is a value on a line of its own, with its end cut off where it is long.
func brief(v any) string {
	const most = 60
	text := []rune(strings.Join(strings.Fields(diff.Text(v)), " "))
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	return string(text)
}

func printTraced(out io.Writer, t traced) error {
	if len(t.Policies) == 0 {
		_, err := fmt.Fprintf(out, "\nNo policy that is on both sides changed, so there is nothing to run on %s.\n", t.Source)
		return err
	}
	fmt.Fprintf(out, "\nOn %s, as if enabled and live:\n", t.Source)
	if err := printTable(out, t.runs()); err != nil {
		return err
	}
	for _, p := range t.Policies {
		fmt.Fprintf(out, "\n%s\n", p.Policy+": "+differ(p.Decisions))
		if p.Decisions.Differ == 0 {
			continue
		}
		w := newTable("  STRETCHES", "DECISIONS", "OLD", "NEW")
		for _, g := range p.Decisions.Groups {
			w.row(fmt.Sprintf("  %d", g.Stretches), fmt.Sprint(g.Count), answer(g.Old), answer(g.New))
		}
		if err := w.print(out); err != nil {
			return err
		}
		if len(p.Decisions.First) == 0 {
			continue
		}
		w = newTable("  FROM", "TO", "DECISIONS", "METRICS AT FIRST", "OLD", "NEW")
		for _, s := range p.Decisions.First {
			w.row("  "+s.From.Format(time.DateTime), ending(s), fmt.Sprint(s.Count), readings(s), decided(s.Old.Decision), decided(s.New.Decision))
		}
		fmt.Fprintln(out)
		if err := w.print(out); err != nil {
			return err
		}
	}
	return nil
}

// runs are the old and the new run of each policy.
func (t traced) runs() []backtest.Run {
	var all []backtest.Run
	for _, p := range t.Policies {
		all = append(all, p.Old, p.New)
	}
	return all
}

func differ(d diff.Decisions) string {
	text := fmt.Sprintf("%d of %s differ", d.Differ, count(d.Total, "decision", "decisions"))
	if d.Differ > 0 {
		text += fmt.Sprintf(" in %s, %d of them in the number of replicas", count(d.Stretches, "stretch", "stretches"), d.Replicas)
	}
	if n := len(d.First); n > 0 && n < d.Stretches {
		text += fmt.Sprintf("; the first %d of these are listed", n)
	}
	return text
}

// ending is the end of a stretch, without the day where it is the day of the beginning.
func ending(s diff.Stretch) string {
	if s.From.Format(time.DateOnly) == s.To.Format(time.DateOnly) {
		return s.To.Format(time.TimeOnly)
	}
	return s.To.Format(time.DateTime)
}

func answer(a diff.Answer) string { return fmt.Sprintf("%s %s", a.Action, a.Reason) }

func decided(d engine.Decision) string {
	return fmt.Sprintf("%s %d → %d %s", d.Action, d.From, d.To, d.Reason)
}

// readings are what the metrics read, and in brackets what the new policy reads otherwise.
func readings(p diff.Stretch) string {
	var all []string
	for _, name := range names(p.Old.Snapshot.Metrics, p.New.Snapshot.Metrics) {
		before, had := p.Old.Snapshot.Metrics[name]
		after, has := p.New.Snapshot.Metrics[name]
		switch was, is := reading(before), reading(after); {
		case !had:
			all = append(all, fmt.Sprintf("(%s %s)", name, is))
		case has && was != is:
			all = append(all, fmt.Sprintf("%s %s (%s)", name, was, is))
		default:
			all = append(all, name+" "+was)
		}
	}
	return strings.Join(all, ", ")
}

func reading(r engine.Reading) string {
	if r.Value == nil {
		return string(r.Status)
	}
	return fmt.Sprintf("%.4g", *r.Value)
}

// githubDiff writes a notice at the place of each policy that changed: a warning where it begins or stops to act.
func githubDiff(out io.Writer, said compared) error {
	var all []annotation
	for _, p := range said.Policies {
		level := "notice"
		if p.Turn != "" {
			level = "warning"
		}
		lines := []string{headline(p)}
		for _, c := range p.Changes {
			lines = append(append(lines, sentence(c)), shortened(c.Lines)...)
		}
		file, line := place(p.File)
		all = append(all, annotation{level: level, file: file, line: line, text: strings.Join(lines, "\n")})
	}
	for _, c := range said.Config {
		all = append(all, annotation{level: "notice", text: sentence(c)})
	}
	if said.Trace != nil {
		for _, t := range said.Trace.Policies {
			all = append(all, annotation{level: "notice", text: fmt.Sprintf("%s on %s: %s; violations %d s → %d s, cost %.1f h → %.1f h", t.Policy, said.Trace.Source,
				differ(t.Decisions), t.Old.ViolationSeconds, t.New.ViolationSeconds, t.Old.ReplicaHours, t.New.ReplicaHours)})
		}
	}
	annotate(out, all)
	return nil
}

func sentence(c diff.Change) string {
	text := fmt.Sprintf("%s %s → %s", c.Field, brief(c.Old), brief(c.New))
	if c.Means != "" {
		text += ": " + c.Means
	}
	return text
}

// place takes file:line apart. The file is from the top of the repository, as it is in a revision, which is left out.
func place(at string) (file string, line int) {
	file = at
	if i := strings.LastIndex(at, ":"); i >= 0 {
		file = at[:i]
		line, _ = strconv.Atoi(at[i+1:])
	}
	if _, inside, of := strings.Cut(file, ":"); of {
		return inside, max(1, line)
	}
	return atTop(file), max(1, line)
}
