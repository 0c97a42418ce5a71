package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/replay"
)

// printReplay says what was made again and whether it came out the same, and then what did not. Of what a change would have
// done it tells the decisions that would have been other ones.
func printReplay(out io.Writer, done app.Replayed, asked app.Replay) error {
	s := &story{out: out}
	if done.Decisions == 0 {
		s.line("nothing is on record from %s to %s", local(asked.From), local(asked.To))
		return s.err
	}
	current := asked.Current != nil
	s.text("", fmt.Sprintf("%s of %s, %s to %s", count(done.Decisions, "decision", "decisions"), policiesOf(done), local(done.From), local(done.To)))
	s.line("%s", outcomeOf(done, current))
	if done.Alike > 0 {
		s.text("", fmt.Sprintf("%s like the one before go with it, as what was seen is on record of the first alone", count(done.Alike, "more hold", "more holds")))
	}
	told := 0
	for _, d := range done.First {
		if current && !d.Turned() {
			continue
		}
		told++
		s.line("")
		if s.differing(d); current {
			continue
		}
		s.fields(d)
	}
	all := done.Differ
	if current {
		all = done.Turned
	}
	if told < all {
		s.line("")
		s.line("… %d more; --limit tells more of them", all-told)
	}
	if len(done.Missing) > 0 {
		s.line("")
	}
	for _, m := range done.Missing {
		numbers := fmt.Sprintf("decision %d", m.First)
		if m.Decisions > 1 {
			numbers = fmt.Sprintf("%d decisions (%d to %d)", m.Decisions, m.First, m.Last)
		}
		s.text("", fmt.Sprintf("%s can't be made again: %s", numbers, m.Why))
	}
	if len(done.Notes) > 0 {
		s.line("")
	}
	for _, n := range done.Notes {
		s.text("", n)
	}
	return s.err
}

func policiesOf(done app.Replayed) string {
	const few = 3
	names := strings.Join(done.Policies[:min(few, len(done.Policies))], ", ")
	if len(done.Policies) > few {
		names += ", …"
	}
	return fmt.Sprintf("%s (%s)", count(len(done.Policies), "policy", "policies"), names)
}

// outcomeOf is what came of all of them.
func outcomeOf(done app.Replayed, current bool) string {
	by := count(len(done.Revisions), "revision", "revisions")
	turned, said := "turned out otherwise", "turned out the same with other words or figures on the way"
	if current {
		by, turned, said = "what is on disk", "would have turned out otherwise", "the same with other words or figures on the way"
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{done.Turned, turned}, {done.Differ - done.Turned, said}, {done.Unproved, "can't be made again"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if parts == nil {
		parts = []string{"the same bytes"}
	}
	return fmt.Sprintf("made again by %s: %s", by, strings.Join(parts, ", "))
}

// differing tells one decision that came out otherwise.
func (s *story) differing(d replay.Differing) {
	shadow := ""
	if d.Mode == engine.Shadow {
		shadow = ", in shadow"
	}
	s.text("", fmt.Sprintf("%s  policy %s%s, decision %d", local(d.At), d.Policy, shadow, d.Decision))
	s.text("  was ", said(d.Was))
	s.text("  is  ", said(d.Is))
}

func said(o replay.Outcome) string {
	if o.Message == "" {
		return o.String()
	}
	return o.String() + ": " + strings.ReplaceAll(o.Message, "\n", "; ")
}

// fields tells what else of a decision differs.
func (s *story) fields(d replay.Differing) {
	const few = 6
	told := telltale(d.Differences)
	if told == nil && said(d.Was) == said(d.Is) {
		told = d.Differences
	}
	for i, one := range told {
		if i == few {
			s.line("    … more with -o json")
			return
		}
		s.text("    ", one.String())
	}
}

// telltale leaves out what the outcome says already, and the count that goes on from stage to stage.
func telltale(all []replay.Difference) []replay.Difference {
	var told []replay.Difference
	for _, d := range all {
		said := slices.Contains([]string{"decision.action", "decision.to", "decision.reason", "decision.message"}, d.Field)
		passed := strings.HasPrefix(d.Field, "decision.trace[") && (strings.HasSuffix(d.Field, "].from") || strings.HasSuffix(d.Field, "].to"))
		if !said && !passed {
			told = append(told, d)
		}
	}
	return told
}

func local(at time.Time) string { return at.Local().Format(time.DateTime) }
