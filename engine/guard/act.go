package guard

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Begin is the state once a decision's intent is on record: the event is open, and the cooldowns run. After a scale-up,
// up waits cooldown.up and down waits cooldown.down; after a scale-down only down waits.
func Begin(s engine.State, p engine.Policy, e engine.Event) engine.State {
	s.Open = &e
	s.Cooldown = started(s.Cooldown, p, e.Action, e.Started)
	return s
}

// End is the state once an event has ended: the cooldowns start again from its end, it joins the past, and a raise of
// which nothing stayed backs the next one off, longer each time.
func End(s engine.State, p engine.Policy, e engine.Event) engine.State {
	s.Open = nil
	s.Cooldown = started(s.Cooldown, p, e.Action, e.Ended)
	s.Past = remember(s.Past, e)
	switch {
	case e.Action != engine.ScaleUp:
	case e.Result == engine.Failed || e.Result == engine.RolledBack:
		s.Backoff.Failures++
		s.Backoff.Error = e.Error
		s.Backoff.Deadline = after(s.Backoff.Deadline, e.Ended, backoffFor(s.Backoff.Failures))
	case e.Result == engine.Succeeded:
		s.Backoff = engine.Backoff{}
	}
	return s
}

func started(c engine.Deadlines, p engine.Policy, a engine.Action, at time.Time) engine.Deadlines {
	switch a {
	case engine.ScaleUp:
		c.Up = after(c.Up, at, p.Cooldown.Up)
		c.Down = after(c.Down, at, p.Cooldown.Down)
	case engine.ScaleDown:
		c.Down = after(c.Down, at, p.Cooldown.Down)
	}
	return c
}
