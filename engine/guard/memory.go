package guard

import (
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Rebase carries a state's deadlines over to the clock of now. A wall clock that was set moves them along; after
// another boot, of which nobody knows how long it was away, each waits its whole length again. Pauses are told by Carry.
func Rebase(s engine.State, boot engine.Boot, at time.Time) engine.State {
	was := s.Boot
	s.Boot, s.Pauses = boot, Carry(s.Pauses, boot)
	same := was.ID == boot.ID
	step := boot.Started.Sub(was.Started)
	if was.ID == "" || same && step.Abs() < time.Second {
		return s
	}
	for _, d := range []*engine.Deadline{&s.Cooldown.Up, &s.Cooldown.Down, &s.Backoff.Deadline} {
		switch {
		case d.Until.IsZero():
		case same:
			d.Until = d.Until.Add(step)
		default:
			d.Until = at.Add(d.Wait)
		}
	}
	s.Wishes = nil // their times are of the old clock: a gap, which holds
	if !same {
		s.Known, s.Restored = engine.Count{}, time.Time{} // what came up with the machine is what there is
		s.Changes = slices.Clone(s.Changes)
		for i := range s.Changes { // as for a deadline, nobody knows how long it was away
			s.Changes[i].At = at
		}
		return s
	}
	for _, t := range []*time.Time{&s.Known.At, &s.Restored} {
		if !t.IsZero() {
			*t = t.Add(step)
		}
	}
	s.Past = slices.Clone(s.Past)
	for i := range s.Past {
		s.Past[i].At = s.Past[i].At.Add(step)
	}
	s.Changes = slices.Clone(s.Changes)
	for i := range s.Changes {
		s.Changes[i].At = s.Changes[i].At.Add(step)
	}
	s.Conditions = slices.Clone(s.Conditions)
	for i := range s.Conditions {
		s.Conditions[i].Since = s.Conditions[i].Since.Add(step)
	}
	if s.Open != nil {
		open := *s.Open
		open.Started = open.Started.Add(step)
		s.Open = &open
	}
	return s
}

// after sets a deadline a wait from an instant. It never shortens one that stands.
func after(d engine.Deadline, at time.Time, wait time.Duration) engine.Deadline {
	if until := at.Add(wait); wait > 0 && until.After(d.Until) {
		return engine.Deadline{Until: until, Wait: wait}
	}
	return d
}

// left is how long a deadline is still away.
func left(d engine.Deadline, at time.Time) time.Duration {
	return max(0, d.Until.Sub(at))
}

const (
	pastEvents = 10
	pastAge    = 7 * 24 * time.Hour
)

// remember adds an ended event to the past, which is kept to its last ten.
func remember(past []engine.Past, e engine.Event) []engine.Past {
	past = append(slices.Clone(past), engine.Past{
		At: e.Ended, Action: e.Action, From: e.From, To: e.Reached, Result: e.Result,
	})
	return past[max(0, len(past)-pastEvents):]
}

// History is the summary of a state that rules see. Success counts the events of the last 7 days that succeeded; with
// none it is 1, so that old failures never block a service for good.
func History(s engine.State, at time.Time) engine.History {
	h := engine.History{LastAction: engine.Hold, SuccessRate: 1, Events: make([]engine.Past, 0, len(s.Past))}
	succeeded := 0
	for _, p := range s.Past {
		if at.Sub(p.At) > pastAge {
			continue
		}
		h.Events = append(h.Events, p)
		if p.Result == engine.Succeeded {
			succeeded++
		}
	}
	if n := len(h.Events); n > 0 {
		last := h.Events[n-1]
		since := max(0, at.Sub(last.At).Seconds())
		h.LastAction, h.SecondsSinceScale = last.Action, &since
		h.SuccessRate = float64(succeeded) / float64(n)
	}
	return h
}
