package app

import (
	"context"
	"sync"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// ledger is the store, with the switch as it was set from outside until somebody turns it. In a dry run it is on:
// nothing is touched anyway.
type ledger struct {
	store.Store
	enabled, dryRun bool
	failed          func(operation string, err error) // is told how each call ended
	kept            *states
}

func (l ledger) State(ctx context.Context, p engine.Policy) (engine.State, error) {
	st, err := l.Store.State(ctx, p)
	if err != nil {
		l.failed("state", err)
		return st, err
	}
	is, known, err := l.Switch(ctx)
	if st.Enabled = is.On || l.dryRun; !known {
		st.Enabled = l.enabled || l.dryRun
	}
	l.failed("state", err)
	return st, err
}

func (l ledger) Record(ctx context.Context, r engine.Record, s engine.State) error {
	err := l.Store.Record(ctx, r, s)
	l.failed("record", err)
	l.kept.keep(r.Subject(), s, err)
	return err
}

func (l ledger) Close(ctx context.Context, e engine.Event, p engine.Policy, s engine.State) error {
	err := l.Store.Close(ctx, e, p, s)
	l.failed("close", err)
	l.kept.keep(p.Subject(), s, err)
	return err
}

// states are those that this daemon wrote last, by subject: while it leads nobody else writes any. Who asks for the status of 300
// policies need not have the store read them all.
type states struct {
	mu  sync.Mutex
	all map[string]engine.State
}

// keep remembers a state that was written; one of which nobody knows whether it was is forgotten.
func (s *states) keep(subject string, st engine.State, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		delete(s.all, subject)
		return
	}
	if s.all == nil {
		s.all = map[string]engine.State{}
	}
	s.all[subject] = st
}

func (s *states) of(subject string) (engine.State, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, known := s.all[subject]
	return st, known
}

// forget is for when somebody else may have written since.
func (s *states) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
}

// stateOf is the state of a policy, without what is of all policies.
func (a *App) stateOf(ctx context.Context, p engine.Policy) (engine.State, error) {
	if a.leader.leads() {
		if st, known := a.states.of(p.Subject()); known {
			return st, nil
		}
	}
	return a.store.State(ctx, p)
}
