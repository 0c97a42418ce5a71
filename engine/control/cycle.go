// Package control runs the cycle: observe, recommend, guard, record the intent, act, record the outcome. Time is an
// argument; what the cycle needs of the world stands behind the ports of ports.go.
package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Moment is now: the wall time, and the machine's boot on which it was read.
type Moment struct {
	At   time.Time
	Boot engine.Boot
}

// Cycle is the one picture. The daemon, eval and test run this same function, each in a world of its own.
type Cycle struct {
	World  World
	Rules  Recommender
	Ledger Ledger
	Actor  Actor
	Budget *Budget
	// Decided is told of every decision that is on record, before it is acted on, and Ended of the end of every event;
	// nil: nobody is.
	Decided func(p engine.Policy, r engine.Record)
	Ended   func(p engine.Policy, e engine.Event)

	mu       sync.Mutex
	unclosed map[string]closing // by subject: ends that could not be recorded yet
}

// closing is how an event ended, with the state after it.
type closing struct {
	event engine.Event
	state engine.State
}

// Run is one pass for one policy. It answers what was decided, and the event where something was done. An error without an
// event means that nothing was done; beside an event, that its end could not be recorded yet.
func (c *Cycle) Run(ctx context.Context, p engine.Policy, now Moment) (engine.Record, *engine.Event, error) {
	state, err := c.remember(ctx, p, now)
	if err != nil {
		return engine.Record{}, nil, err
	}
	snapshot, err := c.World.Observe(ctx, p, state, now.At)
	if err != nil {
		return engine.Record{}, nil, fmt.Errorf("observe %s: %w", p.Service, err)
	}
	recommendation := c.recommend(ctx, p, snapshot)

	record, event, state, err := c.decide(ctx, p, snapshot, recommendation, state)
	if err != nil {
		return record, nil, err
	}
	if c.Decided != nil {
		c.Decided(p, record)
	}
	if event == nil {
		return record, nil, nil
	}
	if p.Mode == engine.Live {
		outcome := c.Actor.Scale(ctx, engine.Order{Event: event.ID, Policy: p, From: event.From, To: event.To})
		ended(event, outcome)
	} else {
		ended(event, engine.Outcome{Result: engine.Succeeded, Reached: event.To, Ended: now.At})
		state.Virtual = event.To
	}
	_, err = c.finish(ctx, p, *event, state)
	return record, event, err
}

// remember reads the state, carries its deadlines over to the clock of now, and closes an intent that no cycle is
// carrying out any more: the daemon died in the middle of it, or could not record how it ended.
func (c *Cycle) remember(ctx context.Context, p engine.Policy, now Moment) (engine.State, error) {
	if late, waits := c.late(p); waits {
		if _, err := c.record(ctx, p, late); err != nil {
			return engine.State{}, err
		}
	}
	state, err := c.Ledger.State(ctx, p)
	if err != nil {
		return state, fmt.Errorf("read the state of %s: %w", p.Name, err)
	}
	state = guard.Rebase(state, now.Boot, now.At)
	if state.Open == nil {
		return state, nil
	}
	snapshot, err := c.World.Observe(ctx, p, state, now.At)
	if err != nil {
		return state, fmt.Errorf("observe %s after an interrupted %s: %w", p.Service, state.Open.Action, err)
	}
	event := *state.Open
	ended(&event, engine.Outcome{
		Result: engine.Interrupted, Reached: snapshot.Service.Replicas.Current, Ended: now.At,
		Error: "the daemon stopped before this ended",
	})
	return c.finish(ctx, p, event, state)
}

// Settle closes an event that an earlier daemon left open, for a policy that has no cycle any more.
func (c *Cycle) Settle(ctx context.Context, p engine.Policy, now Moment) error {
	_, err := c.remember(ctx, p, now)
	return err
}

// recommend asks the rules. Where they give no usable answer the recommendation is to hold, and says why.
func (c *Cycle) recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) engine.Recommendation {
	r, err := c.Rules.Recommend(ctx, p, s)
	if err == nil {
		return r
	}
	code := "RuleFailed"
	if coded := (interface{ Reason() string })(nil); errors.As(err, &coded) {
		code = coded.Reason()
	}
	return engine.Recommendation{
		Action: engine.Hold, Replicas: s.Service.Replicas.Current, Priority: engine.Low,
		Reasons: []engine.Reason{{Code: code, Message: err.Error()}}, Error: err.Error(),
	}
}

// decide guards the recommendation and records the decision, with the intent where there is something to do. All
// policies pass here one after the other: the budget is counted and reserved in one step.
//
// Switch and pause are read again here: what was turned off while the world was being looked at stays undone.
func (c *Cycle) decide(ctx context.Context, p engine.Policy, s engine.Snapshot, r engine.Recommendation, state engine.State) (engine.Record, *engine.Event, engine.State, error) {
	newest, err := c.Ledger.State(ctx, p)
	if err != nil {
		return engine.Record{}, nil, state, fmt.Errorf("read the state of %s: %w", p.Name, err)
	}
	state.Enabled, state.Pause = newest.Enabled, newest.Pause
	reservation := c.Budget.reserve(p, s, r.Priority)
	defer reservation.release()
	state.Budget = reservation.budget

	before := state
	decision, state := guard.Decide(p, s, r, state)
	record := engine.Record{
		At: s.At, Policy: p.Name, Service: p.Service, Target: p.Target, Mode: p.Mode, Revision: p.Revision,
		Snapshot: s, State: before, Recommendation: r, Decision: decision,
	}
	var event *engine.Event
	if decision.Action != engine.Hold {
		event = intent(p, s, r, decision)
		state = guard.Begin(state, p, *event)
	}
	if err := c.Ledger.Record(ctx, record, state); err != nil {
		return record, nil, state, fmt.Errorf("record the decision of %s, nothing was done: %w", p.Name, err)
	}
	reservation.commit(decision, r.Priority)
	return record, event, state, nil
}

// intent is the event that a decision opens.
func intent(p engine.Policy, s engine.Snapshot, r engine.Recommendation, d engine.Decision) *engine.Event {
	reasons := r.Reasons
	if d.Action != r.Action { // the bounds alone moved it
		reasons = []engine.Reason{{Code: d.Reason, Message: d.Message}}
	}
	return &engine.Event{
		ID:     fmt.Sprintf("%s-%d", p.Name, s.At.UnixMilli()),
		Policy: p.Name, Service: p.Service, Target: p.Target, Mode: p.Mode, Action: d.Action, From: d.From, To: d.To,
		Started: s.At, Reasons: reasons, Actor: "policy " + p.Name, Revision: p.Revision,
	}
}

func ended(e *engine.Event, o engine.Outcome) {
	e.Result, e.Reached, e.Ended, e.Error, e.Log = o.Result, o.Reached, o.Ended, o.Error, o.Log
}

// finish records how an event ended, also when the daemon is being stopped. What can't be recorded now is kept for the
// next cycle, so that the truth is not lost to a full disk.
func (c *Cycle) finish(ctx context.Context, p engine.Policy, e engine.Event, state engine.State) (engine.State, error) {
	c.Budget.ended(p, e.Reached)
	if c.Ended != nil {
		c.Ended(p, e)
	}
	return c.record(ctx, p, closing{e, guard.End(state, p, e)})
}

func (c *Cycle) record(ctx context.Context, p engine.Policy, end closing) (engine.State, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	err := c.Ledger.Close(ctx, end.event, p, end.state)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if c.unclosed == nil {
			c.unclosed = map[string]closing{}
		}
		c.unclosed[p.Subject()] = end
		return end.state, fmt.Errorf("record how %s ended: %w", end.event.ID, err)
	}
	delete(c.unclosed, p.Subject())
	return end.state, nil
}

func (c *Cycle) late(p engine.Policy) (closing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end, waits := c.unclosed[p.Subject()]
	return end, waits
}
