// Package control runs the cycle: observe, recommend, guard, record the intent, act, record the outcome. Time is an
// argument; what the cycle needs of the world stands behind the ports of ports.go.
package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	// Boot is the machine's run at the end of an event, by which a clock that was set meanwhile is noticed; nil: that of
	// its beginning.
	Boot func() engine.Boot

	mu       sync.Mutex
	turns    map[string]chan struct{} // by subject: one slot, taken while its state is read, decided on and written
	acting   map[string]bool          // by subject: a decision is being carried out
	unclosed map[string]ending        // by subject: ends that could not be recorded yet

	passes passes // those under way
}

// Ask says what is asked for in the place of the rules, from what there is; nil: nothing, so the rules decide. An error
// ends the pass: it is the answer to whoever asks.
type Ask func(p engine.Policy, s engine.Snapshot, st engine.State) (*engine.Request, error)

// Run is one pass for one policy. It answers what was decided, and the event where something was done. An error without an
// event means that nothing was done; beside an event, that its end could not be recorded yet.
func (c *Cycle) Run(ctx context.Context, p engine.Policy, now Moment) (engine.Record, *engine.Event, error) {
	restore := func(p engine.Policy, s engine.Snapshot, st engine.State) (*engine.Request, error) {
		return guard.Restore(p, s, st), nil
	}
	return c.Obey(ctx, p, now, restore, func(engine.Record, *engine.Event) {})
}

// Unobserved says that a service could not be looked at.
type Unobserved struct {
	Service string
	Err     error
}

func (u Unobserved) Error() string { return fmt.Sprintf("observe %s: %v", u.Service, u.Err) }

// Unwrap is why.
func (u Unobserved) Unwrap() error { return u.Err }

// tries is how often a decision is made anew where somebody else changed the service while it was made.
const tries = 5

// Obey is Run where something may be asked for in the place of the rules. begun is told what was decided, and of the event
// that is open now, if any, before it is acted on.
func (c *Cycle) Obey(ctx context.Context, p engine.Policy, now Moment, ask Ask, begun func(engine.Record, *engine.Event)) (engine.Record, *engine.Event, error) {
	end, err := c.passes.begin(p.Service)
	if err != nil {
		return engine.Record{}, nil, err
	}
	defer end()
	record, event, err := c.decide(ctx, p, now, ask, nil)
	if err != nil {
		return record, nil, err
	}
	if event == nil {
		begun(record, nil)
		return record, nil, nil
	}
	opened := *event
	begun(record, &opened)
	for try := 1; ; try++ {
		outcome := c.act(ctx, p, record, *event, now.At)
		ended(event, outcome)
		if !outcome.Conflict {
			return record, event, c.finish(ctx, p, ending{*event, nil}, now.Boot)
		}
		void := attempt{event: *event, before: record.State}
		if try == tries || ctx.Err() != nil {
			return record, event, c.finish(ctx, p, ending{*event, &void.before}, now.Boot)
		}
		again, next, err := c.decide(ctx, p, Moment{At: event.Ended, Boot: now.Boot}, ask, &void)
		if err != nil || next == nil {
			return record, event, errors.Join(err, c.finish(ctx, p, ending{*event, &void.before}, now.Boot))
		}
		record, event = again, next
	}
}

// act carries an event out: in the world, or for a shadow on paper.
func (c *Cycle) act(ctx context.Context, p engine.Policy, r engine.Record, e engine.Event, at time.Time) engine.Outcome {
	if p.Mode == engine.Shadow {
		return engine.Outcome{Result: engine.Succeeded, Reached: e.To, Ended: at}
	}
	return c.Actor.Scale(ctx, engine.Order{Event: e.ID, Policy: p, From: e.From, To: e.To, Version: r.Snapshot.Service.Version})
}

// attempt is an event of which nothing came, because somebody else changed the service since it was observed. It is decided
// anew, as if it had not been.
type attempt struct {
	event  engine.Event
	before engine.State
}

// decide observes, asks or recommends, guards, and puts the decision on record, with the intent where there is something to
// do: then the subject is acting.
func (c *Cycle) decide(ctx context.Context, p engine.Policy, now Moment, ask Ask, void *attempt) (engine.Record, *engine.Event, error) {
	done, err := c.turn(ctx, p)
	if err != nil {
		return engine.Record{}, nil, err
	}
	defer done()
	state, err := c.remember(ctx, p, now)
	if err != nil {
		return engine.Record{}, nil, err
	}
	if void != nil {
		state = guard.Void(state, void.before)
	}
	snapshot, err := c.World.Observe(ctx, p, state, now.At)
	if err != nil {
		return engine.Record{}, nil, Unobserved{p.Service, err}
	}
	snapshot = Compute(ctx, c.Rules, p, snapshot)
	request, err := ask(p, snapshot, state)
	if err != nil {
		return engine.Record{}, nil, err
	}
	var recommendation engine.Recommendation
	if request == nil {
		recommendation = Recommend(ctx, c.Rules, p, snapshot)
	}
	record, event, err := c.guard(ctx, p, snapshot, recommendation, request, state, void)
	if err != nil {
		return record, nil, err
	}
	if c.Decided != nil {
		c.Decided(p, record)
	}
	return record, event, nil
}

// Recommend asks the rules. Where they give no usable answer the recommendation is to hold, and says why.
func Recommend(ctx context.Context, rules Recommender, p engine.Policy, s engine.Snapshot) engine.Recommendation {
	r, err := rules.Recommend(ctx, p, s)
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

// guard guards the recommendation, or the request in its place, and records what comes of it. All policies pass here one
// after the other: the budget is counted and reserved in one step.
//
// Switch and pauses are read again here: what was turned off while the world was being looked at stays undone.
func (c *Cycle) guard(ctx context.Context, p engine.Policy, s engine.Snapshot, r engine.Recommendation, request *engine.Request, state engine.State, void *attempt) (engine.Record, *engine.Event, error) {
	newest, err := c.Ledger.State(ctx, p)
	if err != nil {
		return engine.Record{}, nil, fmt.Errorf("read the state of %s: %w", p.Name, err)
	}
	state.Enabled, state.Pauses = newest.Enabled, guard.Carry(newest.Pauses, state.Boot)
	if request != nil {
		r = guard.Asked(*request, s)
	}
	reservation := c.Budget.reserve(p, s, r.Priority)
	defer reservation.release()
	state.Budget = reservation.budget

	record := engine.Record{
		At: s.At, Policy: p.Name, Service: p.Service, Target: p.Target, Mode: p.Mode, Revision: p.Revision,
		Request: request, Terms: p.Terms(s), Snapshot: s, State: state, Recommendation: r,
	}
	if request == nil {
		record.Decision, state = guard.Decide(p, s, r, state)
	} else {
		record.Decision, state = guard.Obey(p, s, *request, state)
	}
	if p.Mode == engine.Shadow {
		state.Virtual = imagined(s, state)
	}
	holds := record.Decision.Action == engine.Hold
	from, drifted := guard.Drifted(p, s, record.State)
	if drifted && (request == nil || holds) && state.Known.Replicas == s.Service.Replicas.Current {
		seen := record.State
		seen.Known, seen.Open = state.Known, newest.Open
		e := drift(p, s, from, record.State)
		if err := c.Ledger.Close(ctx, e, p, seen); err != nil {
			return record, nil, fmt.Errorf("record that %s was changed by somebody else, nothing was done: %w", p.Service, err)
		}
		if c.Ended != nil {
			c.Ended(p, e)
		}
	}
	var event *engine.Event
	switch {
	case !holds:
		event = intent(p, record, void)
		state = guard.Begin(state, p, *event)
	case void != nil:
		state.Open = &void.event // until its end is on record
	}
	if err := c.Ledger.Record(ctx, record, state); err != nil {
		return record, nil, fmt.Errorf("record the decision of %s, nothing was done: %w", p.Name, err)
	}
	reservation.commit(record.Decision, r.Priority)
	if event != nil {
		c.acts(p)
	}
	return record, event, nil
}

// intent is the event that a decision opens; one that is decided anew stays the same event.
func intent(p engine.Policy, r engine.Record, void *attempt) *engine.Event {
	d, reasons, actor := r.Decision, r.Recommendation.Reasons, "policy "+p.Name
	switch guarded := (engine.Reason{Code: d.Reason, Message: d.Message}); {
	case d.Action != r.Recommendation.Action: // the bounds alone moved it
		reasons = []engine.Reason{guarded}
	case d.To != r.Recommendation.Replicas: // and here a stage cut it
		reasons = append(slices.Clone(reasons), guarded)
	}
	if r.Request != nil {
		actor = r.Request.Actor
	}
	e := &engine.Event{
		ID:     fmt.Sprintf("%s-%d", p.Name, r.At.UnixMilli()),
		Policy: p.Name, Service: p.Service, Target: p.Target, Mode: p.Mode, Action: d.Action, From: d.From, To: d.To,
		Started: r.At, Reasons: reasons, Actor: actor, Request: r.Request, Revision: p.Revision,
	}
	if void != nil {
		e.ID, e.Started = void.event.ID, void.event.Started
	}
	return e
}

// drift is the event of a change that was not flyball's, and that stays.
func drift(p engine.Policy, s engine.Snapshot, from int, st engine.State) engine.Event {
	to := s.Service.Replicas.Current
	message := fmt.Sprintf("found %d where %d were left", to, from)
	if to < from && !st.Restored.IsZero() {
		message += fmt.Sprintf("; they were put back %s ago already, and whoever insists wins", s.At.Sub(st.Restored).Round(time.Second))
	}
	return engine.Event{
		ID:     fmt.Sprintf("%s-%d-drift", p.Name, s.At.UnixMilli()),
		Policy: p.Name, Service: p.Service, Target: p.Target, Mode: p.Mode, Action: engine.Between(from, to), From: from, To: to,
		Reached: to, Started: s.At, Ended: s.At, Result: engine.Seen, Actor: "not flyball", Revision: p.Revision,
		Reasons: []engine.Reason{{Code: "Drift", Message: message}},
	}
}

func ended(e *engine.Event, o engine.Outcome) {
	e.Result, e.Reached, e.Ended, e.Error, e.Log = o.Result, o.Reached, o.Ended, o.Error, o.Log
}
