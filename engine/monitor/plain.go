package monitor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// Lines tells what happens in lines, for where there is no screen. The zero value is ready.
type Lines struct {
	Zone  *time.Location // of the times
	begun bool
	lost  string
	state map[string]string // what was last told of each policy
}

// Of are the lines of something that has happened.
func (l *Lines) Of(h api.Happening, now time.Time) []string {
	var told []string
	if l.lost != "" && h.Lost == nil {
		told, l.lost = append(told, l.line(now, "connected again")), ""
	}
	switch {
	case h.Status != nil && !l.begun:
		l.begun = true
		told = l.first(*h.Status, now)
	case h.Status != nil:
		for _, p := range h.Status.Policies {
			told = append(told, l.policy(p, now)...)
		}
	case h.Policy != nil:
		told = append(told, l.policy(*h.Policy, now)...)
	case h.Entry != nil:
		told = append(told, l.line(h.Entry.At, happened(*h.Entry)))
	case h.Gap != nil:
		told = append(told, l.line(now, fmt.Sprintf("entries %d to %d of the audit log are not kept any more", h.Gap.From, h.Gap.To)))
	case h.Lost != nil && h.Lost.Error() != l.lost:
		l.lost = h.Lost.Error()
		told = append(told, l.line(now, "not connected, and asking again: "+clean(l.lost)))
	}
	return told
}

func (l *Lines) line(at time.Time, text string) string {
	return at.In(l.Zone).Format(time.DateTime) + " " + text
}

// first is all that is known at the beginning.
func (l *Lines) first(s api.Status, now time.Time) []string {
	text := "autoscaling is " + api.OnOff(s.Enabled)
	if d := s.Daemon; d != nil {
		text += fmt.Sprintf("; daemon: pid %d, version %s", d.PID, clean(d.Version))
		if d.DryRun {
			text += ", dry run: nothing is touched"
		}
		if d.Leader != nil {
			text += "; leader: " + leader(*d.Leader)
		}
	}
	if s.Fleet.MaxTotalReplicas > 0 {
		text += fmt.Sprintf("; %d of %s", s.Fleet.Replicas, count(s.Fleet.MaxTotalReplicas, "replica", "replicas"))
	}
	told := []string{l.line(now, text)}
	if s.Pause != nil {
		told = append(told, l.line(now, "all services are paused "+pauseLine(*s.Pause, l.Zone)))
	}
	for _, p := range s.Policies {
		l.policy(p, now) // what is told here is not told again
		told = append(told, l.line(now, standing(p, now)))
	}
	return told
}

// standing is how a service is: its replicas, its state, its metrics, and what was decided last.
func standing(p api.PolicyStatus, now time.Time) string {
	r := &row{PolicyStatus: p, heard: now}
	text := fmt.Sprintf("%s %s: ", r.label(), r.word(now))
	switch {
	case p.Error != "":
		return text + decided(p)
	case p.LastEvaluation == nil:
		return text + "nothing was decided yet"
	}
	text += fmt.Sprintf("%s (%d-%d)", count(p.CurrentReplicas, "replica", "replicas"), p.MinReplicas, p.MaxReplicas)
	for _, name := range slices.Sorted(maps.Keys(p.Metrics)) {
		text += ", " + clean(name) + " "
		if reading := p.Metrics[name]; reading.Value != nil {
			text += engine.FormatValue(*reading.Value)
		} else {
			text += clean(string(reading.Status))
		}
	}
	return text + "; " + decided(p)
}

// decided is the last decision on a service, and why, or why there was none.
func decided(p api.PolicyStatus) string {
	if p.Error != "" {
		return clean("nothing decided: " + p.Error)
	}
	text := fmt.Sprintf("%s at %d: %s", p.Action, p.CurrentReplicas, p.Reason)
	if p.Message != "" {
		text += ": " + p.Message
	}
	return clean(text)
}

// policy tells of a policy where its decision, or its state, is another one than before. What changes replicas is told by the entry
// of the audit log, with from and to.
func (l *Lines) policy(p api.PolicyStatus, now time.Time) []string {
	r := &row{PolicyStatus: p, heard: now}
	state := strings.Join([]string{p.State.Name, string(p.Action), p.Reason, p.Error}, "\x00")
	if l.state == nil {
		l.state = map[string]string{}
	}
	before, known := l.state[p.Name]
	l.state[p.Name] = state
	if known && before == state || p.LastEvaluation == nil && p.Error == "" || p.Error == "" && (p.Action != engine.Hold || p.Open != nil) {
		return nil
	}
	return []string{l.line(now, fmt.Sprintf("%s %s: %s", r.label(), r.word(now), decided(p)))}
}
