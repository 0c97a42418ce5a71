package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Must is what must hold of a whole story. What is empty may be anything.
type Must struct {
	Final      *int
	NeverAbove *int
	NeverBelow *int
	NoFlap     time.Duration // after a change, nothing goes in the other direction for so long
	Changes    [2]*int       // the fewest and the most times that it acts, failures too
	Reasons    []string      // codes that are seen at least once
	Never      []string      // codes that are never seen
}

func (m Must) check(instants []Instant, final int) []string {
	failures := m.bounds(instants)
	if m.NoFlap > 0 {
		failures = append(failures, m.flaps(instants)...)
	}
	failures = append(failures, m.changes(instants)...)
	failures = append(failures, m.codes(instants)...)
	if m.Final != nil && final != *m.Final {
		failures = append(failures, fmt.Sprintf("final is %d, and there are %d replicas in the end", *m.Final, final))
	}
	return once(failures)
}

// bounds says where the count first left what it must stay within.
func (m Must) bounds(instants []Instant) []string {
	var failures []string
	left := func(name string, bound *int, beyond func(n int) bool) {
		if bound == nil {
			return
		}
		at := slices.IndexFunc(instants, func(i Instant) bool { return beyond(i.Replicas) })
		if at >= 0 {
			i := instants[at]
			failures = append(failures, fmt.Sprintf("at %s: %s is %d, and there are %d replicas; %s%s", engine.Short(i.At), name, *bound, i.Replicas, decided, i))
		}
	}
	left("neverAbove", m.NeverAbove, func(n int) bool { return n > *m.NeverAbove })
	left("neverBelow", m.NeverBelow, func(n int) bool { return n < *m.NeverBelow })
	return failures
}

// flaps says where first a change went back on the one before it. What failed changed nothing, and what is put back after
// somebody took it away goes back on nothing.
func (m Must) flaps(instants []Instant) []string {
	var last *Instant
	for _, i := range instants {
		e := i.Event
		if e == nil || e.Request != nil || e.Reached == e.From {
			continue
		}
		if last != nil && last.Event.Action != e.Action && i.At-last.At < m.NoFlap {
			return []string{fmt.Sprintf("at %s: noFlap is %s, and %s before it was %s, %d → %d; %s%s",
				engine.Short(i.At), engine.Short(m.NoFlap), engine.Short(i.At-last.At), last.Event.Action, last.Event.From, last.Event.To, decided, i)}
		}
		last = &i
	}
	return nil
}

func (m Must) changes(instants []Instant) []string {
	var at []string
	for _, i := range instants {
		if i.Event != nil {
			at = append(at, engine.Short(i.At))
		}
	}
	when := ""
	if len(at) > 0 {
		when = ", at " + strings.Join(at[:min(len(at), 20)], ", ")
	}
	switch least, most := m.Changes[0], m.Changes[1]; {
	case least != nil && len(at) < *least:
		return []string{fmt.Sprintf("changes.least is %d, and it acted %d times%s", *least, len(at), when)}
	case most != nil && len(at) > *most:
		return []string{fmt.Sprintf("changes.most is %d, and it acted %d times%s", *most, len(at), when)}
	}
	return nil
}

func (m Must) codes(instants []Instant) []string {
	var failures, seen []string
	for _, i := range instants {
		for _, code := range i.Reasons {
			if slices.Contains(seen, code) {
				continue
			}
			if seen = append(seen, code); slices.Contains(m.Never, code) {
				failures = append(failures, fmt.Sprintf("at %s: %s must never be; %s%s", engine.Short(i.At), code, decided, i))
			}
		}
	}
	for _, code := range m.Reasons {
		if !slices.Contains(seen, code) {
			failures = append(failures, fmt.Sprintf("the reason %s was never seen; there were %s", code, strings.Join(seen, ", ")))
		}
	}
	return failures
}
