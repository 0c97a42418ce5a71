package guard

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Begin is the state once a decision's intent is on record: the event is open, and the cooldowns run.
func Begin(s engine.State, p engine.Policy, e engine.Event) engine.State {
	s.Open = &e
	s.Cooldown = started(s.Cooldown, p, e, e.Started)
	s.Restored = time.Time{} // what is done now is worth restoring again
	if e.Request != nil && e.Request.Kind == engine.Restore {
		s.Restored = e.Started
	}
	return s
}

// Void is the state after an event of which nothing came because somebody else was faster: as if it had not been, for it is
// decided again at once. before is the state that it was decided in.
func Void(s, before engine.State) engine.State {
	s.Open, s.Cooldown, s.Restored, s.Known = nil, before.Cooldown, before.Restored, before.Known
	return s
}

// End is the state once an event has ended: the cooldowns start again from its end, it joins the past, and a raise of
// which nothing stayed backs the next one off, longer each time. An interrupted one may have left traces, and a count that
// nobody stands for.
func End(s engine.State, p engine.Policy, e engine.Event) engine.State {
	s.Open = nil
	s.Cooldown = started(s.Cooldown, p, e, e.Ended)
	s.Known = engine.Count{Replicas: e.Reached, At: e.Ended}
	if e.Result == engine.Interrupted && e.Mode == engine.Live {
		s.Halfway, s.Known = &e, engine.Count{}
	}
	s.Past = remember(s.Past, e)
	s.Changes = changed(s.Changes, p, e)
	switch {
	case e.Action != engine.ScaleUp:
	case byHand(e) && e.Result != engine.Succeeded: // a person sees it fail, and may try as often as they like
	case e.Result == engine.Failed || e.Result == engine.RolledBack:
		s.Backoff.Failures++
		s.Backoff.Error = e.Error
		s.Backoff.Deadline = after(s.Backoff.Deadline, e.Ended, backoffFor(s.Backoff.Failures))
	case e.Result == engine.Succeeded:
		s.Backoff = engine.Backoff{}
	}
	return s
}

// byHand says that a person asked for it.
func byHand(e engine.Event) bool { return e.Request != nil && e.Request.Kind != engine.Restore }

// started sets the cooldowns that a change starts. After a scale-up, up waits cooldown.up and down waits cooldown.down; after
// a scale-down only down waits. What a person asked for starts both: the rules leave it alone for a
// while. What was put back was decided before, and says nothing about the load: up stays free.
func started(c engine.Deadlines, p engine.Policy, e engine.Event, at time.Time) engine.Deadlines {
	if byHand(e) || e.Request == nil && e.Action == engine.ScaleUp {
		c.Up = after(c.Up, at, p.Cooldown.Up)
	}
	c.Down = after(c.Down, at, p.Cooldown.Down)
	return c
}
