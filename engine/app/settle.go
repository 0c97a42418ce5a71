package app

import (
	"context"

	"github.com/flyball-dev/flyball/engine"
)

// settle closes the events that an earlier daemon left open or halfway, of policies that are not at work now. Those that
// are see to theirs at the start of their first cycle.
func (a *App) settle(ctx context.Context) {
	left, err := a.store.Halfway(ctx)
	if err != nil {
		a.log.Error("read what was interrupted", "error", err)
	}
	open, err := a.store.OpenEvents(ctx)
	if err != nil {
		a.log.Error("read open events", "error", err)
	}
	for _, intent := range open {
		left = append(left, intent.Event)
	}
	working := map[string]bool{}
	for _, p := range a.atWork() {
		working[p.Subject()] = true
	}
	for _, e := range left {
		p := engine.Policy{Name: e.Policy, Service: e.Service, Target: e.Target, Mode: e.Mode}
		if working[p.Subject()] {
			continue
		}
		if err := a.loop.Cycle.Settle(ctx, p, a.loop.Now()); err != nil {
			a.log.Warn("an event is not settled", "event", e.ID, "service", e.Service, "error", err)
		}
	}
}
