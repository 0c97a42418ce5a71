package app

import (
	"context"

	"github.com/flyball-dev/flyball/engine"
)

// settle closes the events that an earlier daemon left open, of policies that are not at work now. Those that are
// close theirs at the start of their first cycle.
func (a *App) settle(ctx context.Context) {
	open, err := a.store.OpenEvents(ctx)
	if err != nil {
		a.log.Error("read open events", "error", err)
		return
	}
	working := map[string]bool{}
	for _, p := range a.atWork() {
		working[p.Subject()] = true
	}
	for _, intent := range open {
		e := intent.Event
		p := engine.Policy{Name: e.Policy, Service: e.Service, Target: e.Target, Mode: intent.Mode}
		if working[p.Subject()] {
			continue
		}
		if err := a.loop.Cycle.Settle(ctx, p, a.loop.Now()); err != nil {
			a.log.Warn("an event is still open", "event", e.ID, "service", e.Service, "error", err)
		}
	}
}
