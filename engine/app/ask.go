package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Scale asks for a number of replicas in the place of the rules.
func (a *App) Scale(ctx context.Context, service string, ask api.Ask) (api.Begun, error) {
	if ask.Replicas < 1 || ask.Replicas > engine.MostReplicas {
		return api.Begun{}, api.Refusal{Status: http.StatusBadRequest, Detail: fmt.Sprintf(
			"replicas is %d; allowed is a whole number from 1 to %d; stopping a service is docker's: docker compose stop %s", ask.Replicas, engine.MostReplicas, service)}
	}
	wish := engine.Request{Kind: engine.Scale, Replicas: ask.Replicas, Force: ask.Force, Actor: ask.Actor}
	begun, err := a.ask(ctx, service, func(engine.Policy, engine.Snapshot, engine.State) (*engine.Request, error) {
		return &wish, nil
	})
	a.refused(ctx, service, wish, begun, err)
	return begun, err
}

// Rollback asks for what was there before the last change, in the place of the rules.
func (a *App) Rollback(ctx context.Context, service string, ask api.Ask) (api.Begun, error) {
	wish := engine.Request{Kind: engine.Rollback, Force: ask.Force, Actor: ask.Actor}
	begun, err := a.ask(ctx, service, func(_ engine.Policy, _ engine.Snapshot, st engine.State) (*engine.Request, error) {
		before, known := guard.Before(st)
		if !known {
			return nil, api.Refusal{Status: http.StatusConflict, Detail: fmt.Sprintf("nothing to roll back: flyball has not changed service %s yet", service)}
		}
		return &engine.Request{Kind: engine.Rollback, Replicas: before, Force: ask.Force, Actor: ask.Actor}, nil
	})
	a.refused(ctx, service, wish, begun, err)
	return begun, err
}

// errand is something asked for, on its way to the cycle. It goes on when whoever asked has gone.
type errand struct {
	policy engine.Policy
	ask    control.Ask
	begun  chan<- api.Begun
	failed chan<- error
}

// ask hands an errand to the daemon and waits until it is decided.
func (a *App) ask(ctx context.Context, service string, ask control.Ask) (api.Begun, error) {
	if err := a.elsewhere("scaling"); err != nil {
		return api.Begun{}, err
	}
	p, err := a.servant(service)
	if err != nil {
		return api.Begun{}, err
	}
	begun, failed := make(chan api.Begun, 1), make(chan error, 1)
	decided := false
	waited := func(p engine.Policy, s engine.Snapshot, st engine.State) (*engine.Request, error) {
		if !decided && ctx.Err() != nil { // who does not hear the answer may ask again
			return nil, fmt.Errorf("nothing was done: whoever asked has not waited: %w", ctx.Err())
		}
		decided = true // what is decided anew has its answer already
		return ask(p, s, st)
	}
	select {
	case a.errands <- errand{p, waited, begun, failed}:
	case <-ctx.Done():
		return api.Begun{}, ctx.Err()
	}
	select {
	case b := <-begun:
		return b, nil
	case err := <-failed:
		return api.Begun{}, err
	case <-ctx.Done():
		return api.Begun{}, ctx.Err()
	}
}

// run carries errands out, each beside the others, until ctx ends.
func (a *App) run(ctx context.Context, group *errgroup.Group) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-a.errands:
			group.Go(func() error {
				begun := func(r engine.Record, event *engine.Event) { e.begun <- api.Begun{Decision: r.Decision, Event: event} }
				_, event, err := a.loop.Cycle.Obey(ctx, e.policy, a.loop.Now(), e.ask, begun)
				switch {
				case err != nil && event == nil:
					e.failed <- described(err)
				case err != nil:
					a.logOf(e.policy).Error("event", "error", err)
				}
				return nil
			})
		}
	}
}

// described is an error as whoever asked is to see it: they asked for something to be done, and learn why it was not.
func described(err error) error {
	if refusal := (api.Refusal{}); errors.As(err, &refusal) {
		return refusal
	}
	if errors.Is(err, control.ErrStill) {
		return api.Refusal{Status: http.StatusConflict, Detail: err.Error()}
	}
	return api.Refusal{Status: http.StatusBadGateway, Detail: err.Error()}
}

// servant is the policy through which a service is scaled: the one that is live and enabled. Where no service has the name
// it may be the policy's.
func (a *App) servant(service string) (engine.Policy, error) {
	if a.o.DryRun {
		return engine.Policy{}, api.Refusal{Status: http.StatusConflict, Detail: "the daemon runs dry: nothing is touched; start it without --dry-run"}
	}
	var found, named []engine.Policy
	var there, names []string
	for _, p := range a.atWork() {
		if p.Mode != engine.Live {
			continue
		}
		there = append(there, p.Service)
		if p.Name == service {
			named = append(named, p)
		}
		if p.Service == service {
			found = append(found, p)
			names = append(names, p.Name)
		}
	}
	switch {
	case len(found) == 0 && len(named) == 1:
		return named[0], nil
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return engine.Policy{}, api.Refusal{Status: http.StatusConflict, Detail: fmt.Sprintf(
			"several policies scale a service %s: name one of %s", service, strings.Join(names, ", "))}
	case len(there) == 0:
		return engine.Policy{}, api.Refusal{Status: http.StatusNotFound, Detail: "no policy is enabled and live, and flyball touches no other service"}
	}
	return engine.Policy{}, api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf(
		"no enabled, live policy scales a service %s, and flyball touches no other; they scale %s", service, strings.Join(there, ", "))}
}
