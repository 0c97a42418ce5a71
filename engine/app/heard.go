package app

import (
	"log/slog"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// decided writes the one line of a decision, and keeps it for status.
func (a *App) decided(p engine.Policy, r engine.Record) {
	a.mu.Lock()
	a.last[p.Subject()] = last{record: r, event: a.last[p.Subject()].event}
	a.mu.Unlock()
	a.wake(p.Name)
	a.turned(p.Subject())
	a.tells.Decided(p, r.Decision, max(0, a.loop.Now().At.Sub(r.At)))
	d := r.Decision
	a.logOf(p).Info("decision", "action", d.Action, "from", d.From, "to", d.To, "reason", d.Reason, "message", d.Message)
}

// ended writes the one line of an event.
func (a *App) ended(p engine.Policy, e engine.Event) {
	a.events.hear(e)
	a.wake(p.Name)
	a.mu.Lock()
	l := a.last[p.Subject()]
	l.event = &e
	a.last[p.Subject()] = l
	a.mu.Unlock()
	a.tells.Ended(p, e)
	if p.Mode != engine.Live {
		return
	}
	args := []any{"action", e.Action, "result", e.Result, "from", e.From, "to", e.To, "reached", e.Reached,
		"took", e.Ended.Sub(e.Started).Round(10 * time.Millisecond)}
	if e.Error == "" {
		a.logOf(p).Info("event", args...)
	} else {
		a.logOf(p).Warn("event", append(args, "error", e.Error)...)
	}
}

// sampled writes that metrics of a source could not be read: when that begins, and when it ends.
func (a *App) sampled(p engine.Policy, part control.Part, err error) {
	a.tells.Sampled(part.Source, err)
	key := unreadKey(p, part)
	a.mu.Lock()
	before := a.unread[key]
	a.unread[key] = err != nil
	a.mu.Unlock()
	log := a.logOf(p).With("source", part.Source)
	switch {
	case err != nil && !before:
		log.Warn("metrics can't be read", "error", err)
	case err != nil:
		log.Debug("metrics can't be read", "error", err)
	case before:
		log.Info("metrics can be read again")
	}
}

func unreadKey(p engine.Policy, part control.Part) string {
	return p.Subject() + " " + part.Source + " " + part.Service
}

// ran writes why a cycle decided nothing: that once, and again when the reason changes.
func (a *App) ran(p engine.Policy, err error) {
	a.mu.Lock()
	l := a.last[p.Subject()]
	news := err != nil && (l.err == nil || l.err.Error() != err.Error())
	l.err = err
	a.last[p.Subject()] = l
	a.mu.Unlock()
	a.turned(p.Subject())
	a.tells.Ran(p, err)
	a.lookAt(p, l)
	if news {
		a.logOf(p).Error("cycle", "error", err)
	}
}

func (a *App) logOf(p engine.Policy) *slog.Logger {
	log := a.log.With("policy", p.Name, "service", p.Service)
	if p.Mode == engine.Shadow {
		log = log.With("mode", p.Mode)
	}
	return log
}
