// Package scenario runs an author's stories through the same cycle as the daemon: a world on paper, whose replicas
// become ready at once and whose metrics are what the story says.
package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// World is one service on paper: what a policy observes, where its orders go, and the ledger of its state.
type World struct {
	Replicas engine.Replicas
	Readings map[string]engine.Reading
	Rollout  string
	Outcome  engine.Result   // of every order; empty: it succeeds
	History  *engine.History // instead of what the state remembers; nil: what it remembers
	Memory   engine.State

	at time.Time
}

// Observe is the world as written. A reading older than its metric's staleAfter is stale, and one that the policy
// declares and nobody gave is missing.
func (w *World) Observe(_ context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error) {
	w.at = at
	readings := make(map[string]engine.Reading, len(p.Metrics))
	for _, m := range p.Metrics {
		if _, given := w.Readings[m.Name]; given || !m.Computed() { // what is not given is computed from the others
			readings[m.Name] = aged(m, w.Readings)
		}
	}
	snapshot := control.NewSnapshot(p, engine.Service{Name: p.Service, Replicas: list(w.Replicas), Rollout: w.Rollout}, readings, st, at)
	if w.History != nil {
		snapshot.History = *w.History
	}
	return snapshot, nil
}

func aged(m engine.Metric, given map[string]engine.Reading) engine.Reading {
	r, found := given[m.Name]
	switch age := time.Duration(r.AgeSeconds * float64(time.Second)); {
	case !found:
		return engine.Reading{Status: engine.Missing, Detail: "not given"}
	case r.Status == engine.OK && age > m.StaleAfter:
		return engine.Reading{Status: engine.Stale, AgeSeconds: r.AgeSeconds, Samples: r.Samples, Reporting: r.Reporting,
			Detail: fmt.Sprintf("%s old, staleAfter is %s", age, m.StaleAfter)}
	}
	return r
}

// list is as many replicas as the counts say.
func list(n engine.Replicas) []engine.Replica {
	replicas := make([]engine.Replica, n.Current)
	for i := range replicas {
		replicas[i].Ready = i < n.Ready
	}
	return replicas
}

// Scale makes it so, at once; or as much of it as its outcome says: all but one where that is partial, nothing where it
// failed or was rolled back.
func (w *World) Scale(_ context.Context, o engine.Order) engine.Outcome {
	done := engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: w.at}
	if w.Outcome != "" && w.Outcome != engine.Succeeded {
		done.Result, done.Error = w.Outcome, "as the story has it"
	}
	switch {
	case done.Result == engine.Failed || done.Result == engine.RolledBack:
		done.Reached = o.From
	case done.Result == engine.Partial && o.To > o.From:
		done.Reached = o.To - 1
	case done.Result == engine.Partial:
		done.Reached = o.To + 1
	}
	w.Replicas = engine.Replicas{Current: done.Reached, Ready: done.Reached}
	return done
}

// Settle does nothing: on paper nothing is interrupted.
func (w *World) Settle(context.Context, engine.Policy, engine.Event) error { return nil }

// State is what the world remembers, with autoscaling on.
func (w *World) State(context.Context, engine.Policy) (engine.State, error) {
	st := w.Memory
	st.Enabled = true
	return st, nil
}

// Record keeps the state after a decision.
func (w *World) Record(_ context.Context, _ engine.Record, s engine.State) error {
	w.Memory = s
	return nil
}

// Close keeps the state after an event.
func (w *World) Close(_ context.Context, _ engine.Event, _ engine.Policy, s engine.State) error {
	w.Memory = s
	return nil
}

// Cycle is the cycle in this world.
func (w *World) Cycle(rules control.Recommender, budget *control.Budget) *control.Cycle {
	return &control.Cycle{World: w, Rules: rules, Ledger: w, Actor: w, Budget: budget}
}
