package app

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// newsEvery is how often the audit log is looked at for what others wrote, as the leader of several daemons does.
const newsEvery = time.Second

// wake has what a policy has come to told to who listens to events, and what is new in the audit log.
func (a *App) wake(policy string) {
	a.mu.Lock()
	if policy != "" {
		a.stirred[policy] = true
	}
	a.mu.Unlock()
	select {
	case a.stir <- struct{}{}:
	default: // it is awake
	}
}

// news passes on what happens: what this daemon does, and what others write into the audit log.
func (a *App) news(ctx context.Context) {
	tick := time.NewTicker(newsEvery)
	defer tick.Stop()
	last := int64(0) // the number of the last entry that was passed on; 0: nothing was yet
	for {
		last = a.passed(ctx, last)
		a.told(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-a.stir:
		}
	}
}

// passed passes on what lies after an entry, and says up to which; after 0 it begins at the end of the log. What can't be read comes
// with the next look.
func (a *App) passed(ctx context.Context, last int64) int64 {
	const page = 500
	for ctx.Err() == nil {
		f := store.Filter{After: last, Limit: page}
		if last == 0 {
			f = store.Filter{Limit: 1} // from the newest on
		}
		entries, err := a.store.Audited(ctx, f)
		if err != nil {
			return last
		}
		if len(entries) == 0 {
			return a.renumbered(ctx, last)
		}
		for _, e := range entries {
			last = e.Number
			if f.After == 0 {
				continue
			}
			if e.Kind == store.OfAccess {
				a.forget()
			}
			if e.Kind == store.OfEvent && !a.leader.leads() { // else this daemon heard of it
				a.events.forget()
			}
			if err := a.hub.Entry(e); err != nil {
				a.log.Error("an entry of the audit log is not told", "number", e.Number, "error", err)
			}
			if e.Policy != "" {
				a.mu.Lock()
				a.stirred[e.Policy] = true
				a.mu.Unlock()
			}
		}
		if len(entries) < page {
			return last
		}
	}
	return last
}

// renumbered is the number of the last entry. Where that is lower than it was, the store was begun anew, or restored. Of a log that
// has no entry every one is news.
func (a *App) renumbered(ctx context.Context, last int64) int64 {
	newest, err := a.store.Audited(ctx, store.Filter{Limit: 1})
	end := int64(-1) // before the first
	for _, e := range newest {
		end = e.Number
	}
	switch {
	case err != nil || last < 0 || last > 0 && end >= last:
		return last
	case last == 0: // one may have come since it was seen to be empty
		return -1
	}
	a.events.forget()
	a.hub.Part()
	return end
}

// told tells of the policies that something has come of since the last time.
func (a *App) told(ctx context.Context) {
	a.mu.Lock()
	stirred, policies := a.stirred, a.policies
	a.stirred = map[string]bool{}
	a.mu.Unlock()
	if len(stirred) == 0 || a.hub.Listeners() == 0 {
		return
	}
	newest, err := a.newest(ctx)
	if err != nil {
		return // status says why
	}
	w, err := a.overall(ctx)
	if err != nil {
		return
	}
	for _, p := range policies {
		if !stirred[p.Name] {
			continue
		}
		p = a.mode(p)
		var ps api.PolicyStatus
		if ps, err = a.statusOf(ctx, p, newest[p.Subject()], w); err != nil {
			return
		}
		if err := a.hub.Policy(ps); err != nil {
			a.logOf(p).Error("what it has come to is not told", "error", err)
		}
	}
}
