package guard

import (
	"fmt"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Paused is the pause that holds at an instant: of several the one that lasts longest; nil: none holds.
func Paused(pauses []engine.Pause, at time.Time) *engine.Pause {
	var longest *engine.Pause
	for i, p := range pauses {
		if holds := p.Until.IsZero() || at.Before(p.Until); holds && (longest == nil || outlasts(p, *longest)) {
			longest = &pauses[i]
		}
	}
	return longest
}

func outlasts(p, other engine.Pause) bool {
	return !other.Until.IsZero() && (p.Until.IsZero() || p.Until.After(other.Until))
}

// describePause says who, until when and why.
func describePause(p engine.Pause) string {
	text := "paused by " + p.Actor
	if p.Service == "" {
		text = "all services are " + text
	}
	if p.Until.IsZero() {
		return fmt.Sprintf("%s until resumed: %s", text, p.Reason)
	}
	return fmt.Sprintf("%s until %s: %s", text, p.Until.Format(time.RFC3339), p.Reason)
}

// Carry is pauses on the clock of now. Two hours stay two hours when somebody sets the clock: their end was computed from a
// clock that was wrong. An instant that a person named stays where it is, because that is what they meant.
//
// After another boot the end of two hours stays at its wall time too. A cooldown then waits its whole length again,
// because waiting is its safe side. A pause has none: it keeps a service from growing as well as from shrinking, and its
// end was told to somebody who counts on it.
func Carry(pauses []engine.Pause, boot engine.Boot) []engine.Pause {
	pauses = slices.Clone(pauses)
	for i, p := range pauses {
		step := boot.Started.Sub(p.Boot.Started)
		if p.Boot.ID == "" || p.Boot.ID != boot.ID || step.Abs() < time.Second {
			continue
		}
		pauses[i].Since, pauses[i].Until, pauses[i].Boot = p.Since.Add(step), p.Until.Add(step), boot
	}
	return pauses
}
