package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/replay"
)

// printReplay says what was made again and whether it came out the same, and then what did not.
func printReplay(out io.Writer, done app.Replayed, asked app.Replay) error {
	s := &story{out: out}
	if done.Decisions == 0 {
		s.line("nothing is on record from %s to %s", local(asked.From), local(asked.To))
		return s.err
	}
	s.text("", replayed(done, asked.Current != nil))
	if done.Alike > 0 {
		s.text("", fmt.Sprintf("%s more were like the one before, and are on record without what was seen", count(done.Alike, "hold", "holds")))
	}
	for _, d := range done.First {
		s.line("")
		s.differing(d)
	}
	if more := done.Differ - len(done.First); more > 0 {
		s.line("")
		s.line("… %d more came out otherwise; --limit tells more of them", more)
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

// replayed is the sum in one sentence.
func replayed(done app.Replayed, current bool) string {
	names := strings.Join(done.Policies, ", ")
	if len(done.Policies) > 3 {
		names = strings.Join(done.Policies[:3], ", ") + ", …"
	}
	text := fmt.Sprintf("%s of %s (%s), %s to %s, ", count(done.Decisions, "decision", "decisions"), count(len(done.Policies), "policy", "policies"), names, local(done.From), local(done.To))
	if current {
		text += "made again by what is on disk: "
	} else {
		text += fmt.Sprintf("made again by %s: ", count(len(done.Revisions), "revision", "revisions"))
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{done.Turned, "turned out otherwise"},
		{done.Differ - done.Turned, "turned out the same for another reason, or in other words"},
		{done.Unproved, "can't be made again"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if parts == nil {
		return text + "the same bytes"
	}
	return text + strings.Join(parts, ", ")
}

// differing tells one decision that came out otherwise.
func (s *story) differing(d replay.Differing) {
	const few = 6
	shadow := ""
	if d.Mode == engine.Shadow {
		shadow = ", in shadow"
	}
	s.text("", fmt.Sprintf("%s  policy %s%s, decision %d", local(d.At), d.Policy, shadow, d.Decision))
	s.text("  was ", d.Was.String())
	s.text("  is  ", d.Is.String())
	told := telltale(d.Differences)
	for i, one := range told {
		if i == few {
			s.line("    … more with -o json")
			return
		}
		s.text("    ", one.String())
	}
}

// telltale leaves out what the outcome says already, and the count that goes on from stage to stage; all of it where nothing
// else differs.
func telltale(all []replay.Difference) []replay.Difference {
	var told []replay.Difference
	for _, d := range all {
		said := d.Field == "decision.action" || d.Field == "decision.to" || d.Field == "decision.reason"
		passed := strings.HasPrefix(d.Field, "decision.trace[") && (strings.HasSuffix(d.Field, "].from") || strings.HasSuffix(d.Field, "].to"))
		if !said && !passed {
			told = append(told, d)
		}
	}
	if told == nil {
		return all
	}
	return told
}

func local(at time.Time) string { return at.Local().Format(time.DateTime) }
