package app

import (
	"cmp"
	"context"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/engine/store"
)

// overall is what holds for all policies at an instant, and their newest events.
type overall struct {
	enabled, dryRun bool
	switched        *api.Switched           // nil: nobody ever turned the switch
	pauses          map[string]engine.Pause // by place
	events          *lastEvents
	now             control.Moment
}

func (a *App) overall(ctx context.Context) (overall, error) {
	w := overall{dryRun: a.o.DryRun, events: &a.events, now: a.loop.Now()}
	is, known, err := a.store.Switch(ctx)
	if err != nil {
		return w, err
	}
	w.enabled = is.On || !known && a.o.Enabled
	if known {
		w.switched = switchedAs(is)
	}
	if w.pauses, err = a.store.Pauses(ctx); err != nil {
		return w, err
	}
	return w, w.events.read(ctx, a.store)
}

// switchedAs tells who turned the switch, and when.
func switchedAs(is store.Switch) *api.Switched { return &api.Switched{At: is.At, Actor: is.Actor} }

// pause is that of all services; nil: none holds.
func (w overall) pause() *api.Pause { return holding(w.pauses, "", w.now) }

// shown is a policy under it, with its newest cycle and the state that this left.
func (w overall) shown(p engine.Policy, l last, st engine.State) api.PolicyStatus {
	st = guard.Rebase(st, w.now.Boot, w.now.At)
	ps := describe(p, l.record, l.err, st, w.now.At)
	ps.Pause = holding(w.pauses, p.Target.Service(p.Service), w.now)
	ps.LastEvent = w.events.newest(p, st)
	ps.State = api.StateOf(ps, w.enabled, w.dryRun, w.pause())
	return ps
}

// fleet is how many replicas each service has, by its place.
type fleet map[string]int

// count the service of a policy that acts, or would if this were no dry run: of the shadow that it then runs as, what is there.
func (f fleet) count(p engine.Policy, ps api.PolicyStatus, r engine.Record) {
	switch seen := r.Snapshot.Service; {
	case !p.Enabled || p.Mode != engine.Live:
	case ps.Mode == engine.Shadow:
		f[p.Target.Service(p.Service)] = cmp.Or(seen.Real, seen.Replicas.Current)
	default:
		f[p.Target.Service(p.Service)] = ps.CurrentReplicas
	}
}

func (f fleet) replicas() int {
	all := 0
	for _, n := range f {
		all += n
	}
	return all
}

// limits are those of the budget, as the config has them now.
func (a *App) limits() (replicas, memoryMB int) {
	o := a.given.filled(a.set().Config)
	return o.MaxReplicas, *o.MinMemoryMB
}
