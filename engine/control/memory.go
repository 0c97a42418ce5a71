package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// turn waits until nobody else reads, decides on or writes the policy's state. It is the caller's until done is called. A
// change of the service is not waited for: while one is carried out the subject is acting.
func (c *Cycle) turn(ctx context.Context, p engine.Policy) (done func(), err error) {
	c.mu.Lock()
	if c.turns == nil {
		c.turns, c.acting, c.unclosed = map[string]chan struct{}{}, map[string]bool{}, map[string]ending{}
	}
	slot := c.turns[p.Subject()]
	if slot == nil {
		slot = make(chan struct{}, 1)
		c.turns[p.Subject()] = slot
	}
	c.mu.Unlock()
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another decision on %s: %w", p.Service, context.Cause(ctx))
	}
}

// Acting says whether a decision on a subject is being carried out.
func (c *Cycle) Acting(subject string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acting[subject]
}

func (c *Cycle) acts(p engine.Policy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acting[p.Subject()] = true
}

func (c *Cycle) acted(p engine.Policy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.acting, p.Subject())
}

// remember reads the state, carries its deadlines over to the clock of now, and tidies up after an event that was
// interrupted: its intent is open though nobody carries it out, or a daemon that had to stop left it halfway.
func (c *Cycle) remember(ctx context.Context, p engine.Policy, now Moment) (engine.State, error) {
	if late, waits := c.late(p); waits {
		if err := c.record(ctx, p, late, now.Boot); err != nil {
			return engine.State{}, err
		}
	}
	state, err := c.Ledger.State(ctx, p)
	if err != nil {
		return state, fmt.Errorf("read the state of %s: %w", p.Name, err)
	}
	state = guard.Rebase(state, now.Boot, now.At)
	if c.Acting(p.Subject()) || state.Open == nil && state.Halfway == nil {
		return state, nil
	}
	left := state.Halfway
	if state.Open != nil {
		left = state.Open
	}
	if p.Mode == engine.Live {
		if err := c.Actor.Settle(ctx, p, *left); err != nil {
			return state, fmt.Errorf("tidy up after an interrupted %s of %s: %w", left.Action, p.Service, err)
		}
	}
	if state.Open != nil {
		return c.interrupted(ctx, p, state, now)
	}
	if since := now.At.Sub(state.Halfway.Ended); since < 0 || since > underWay {
		state.Halfway = nil // on record with the decision that follows
	}
	return state, nil
}

// underWay is how long a call of a daemon that died, or lost its lease, may take to reach the target and be carried out: so
// long what an interrupted event began is looked for before every decision.
const underWay = time.Minute

// interrupted closes an event in the middle of which a daemon died, with what is there now.
func (c *Cycle) interrupted(ctx context.Context, p engine.Policy, state engine.State, now Moment) (engine.State, error) {
	event := *state.Open
	snapshot, err := c.World.Observe(ctx, p, state, now.At)
	why := "the daemon stopped before this ended"
	if gone := engine.Gone(""); errors.As(err, &gone) {
		why += "; then " + gone.Error()
	} else if err != nil {
		return state, fmt.Errorf("observe %s after an interrupted %s: %w", p.Service, event.Action, err)
	}
	ended(&event, engine.Outcome{Result: engine.Interrupted, Reached: snapshot.Service.Replicas.Current, Ended: now.At, Error: why})
	c.tell(p, event)
	if err := c.record(ctx, p, ending{event, nil}, now.Boot); err != nil {
		return state, err
	}
	return guard.End(state, p, event), nil
}

// Settle closes an event that an earlier daemon left open, and tidies up after one that it left halfway, for a policy that
// has no cycle any more.
func (c *Cycle) Settle(ctx context.Context, p engine.Policy, now Moment) error {
	end, err := c.passes.begin(p.Service)
	if err != nil {
		return err
	}
	defer end()
	done, err := c.turn(ctx, p)
	if err != nil {
		return err
	}
	defer done()
	before, err := c.Ledger.State(ctx, p)
	if err != nil {
		return fmt.Errorf("read the state of %s: %w", p.Name, err)
	}
	state, err := c.remember(ctx, p, now)
	if err != nil || before.Halfway == nil {
		return err
	}
	return c.Ledger.Close(ctx, *before.Halfway, p, state) // no decision follows that would put it on record
}

// ending is how an event ended. A void one leaves the state as it was before.
type ending struct {
	event engine.Event
	void  *engine.State
}

// finish records how an event ended, also when the daemon is being stopped. From then on the subject is not acting.
func (c *Cycle) finish(ctx context.Context, p engine.Policy, e ending, boot engine.Boot) error {
	c.tell(p, e.event)
	done, err := c.turn(context.WithoutCancel(ctx), p)
	if err != nil {
		return err
	}
	defer done()
	defer c.acted(p)
	if c.Boot != nil {
		boot = c.Boot()
	}
	return c.record(ctx, p, e, boot)
}

func (c *Cycle) tell(p engine.Policy, e engine.Event) {
	c.Budget.ended(p, e.Reached)
	if c.Ended != nil {
		c.Ended(p, e)
	}
}

// record writes the end of an event. What can't be written now is kept for the next cycle, so that the truth is not lost to
// a full disk. An event that is not open any more was settled by another daemon, which led meanwhile: it stays as it was.
func (c *Cycle) record(ctx context.Context, p engine.Policy, e ending, boot engine.Boot) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	state, err := c.Ledger.State(ctx, p)
	if err == nil && state.Open != nil && state.Open.ID == e.event.ID {
		if state = guard.Rebase(state, boot, e.event.Ended); e.void == nil {
			state = guard.End(state, p, e.event)
		} else {
			state = guard.Void(state, *e.void)
		}
		if p.Mode == engine.Shadow {
			state.Virtual = e.event.Reached
		}
		err = c.Ledger.Close(ctx, e.event, p, state)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.unclosed[p.Subject()] = e
		return fmt.Errorf("record how %s ended: %w", e.event.ID, err)
	}
	delete(c.unclosed, p.Subject())
	return nil
}

func (c *Cycle) late(p engine.Policy) (ending, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, waits := c.unclosed[p.Subject()]
	return e, waits
}
