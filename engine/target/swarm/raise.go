package swarm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const (
	pollEach     = 200 * time.Millisecond // between two looks at what the swarm does
	pullDeadline = 10 * time.Minute       // for a node to fetch the image, where the policy sets no deadline
	takeDeadline = 5 * time.Second        // for the swarm to take up a smaller number
)

// raise asks for the replicas that are ordered and follows the new tasks. Those that don't become ready are taken back.
func (t *Target) raise(ctx, after context.Context, s service, c cluster, o engine.Order) engine.Outcome {
	had, err := t.history(ctx, s)
	if err != nil {
		return docker.Unchanged(ctx, o.From, err)
	}
	count, _ := tally(had.slots(s.ID))
	to, cut := s.capped(c, o.To)
	switch {
	case cut != "" && to <= max(count, s.replicas()):
		return docker.Unchanged(ctx, count, errors.New(cut))
	case to <= count: // it came up meanwhile
		return engine.Outcome{Result: engine.Succeeded, Reached: count}
	case ctx.Err() != nil:
		return docker.Unchanged(ctx, count, context.Cause(ctx))
	}
	check := t.check(ctx, s)
	mine, err := t.set(after, s, to)
	if err != nil {
		return unset(ctx, count, err)
	}
	fresh := newClimb(s, had, to-count, s.hold(check, o.Policy.Rollout))
	longest := docker.Deadline(check, o.Policy.Rollout)
	if check != nil {
		longest += fresh.hold // what is healthy by the deadline is in time
	}
	now, err := t.follow(ctx, mine, fresh, longest, o.Policy.Rollout.ReadyDeadline == 0)

	out := engine.Outcome{Result: engine.Succeeded, Reached: count + now.ready}
	switch {
	case err == nil && cut == "":
		return out
	case err == nil:
		out.Result, out.Error = engine.Partial, cut
		return out
	case ctx.Err() != nil:
		out.Result = engine.Interrupted
		out.Error = fmt.Sprintf("%d of %d new replicas were ready: %v; swarm goes on with it", now.ready, fresh.want, err)
		return out
	case errdefs.IsNotFound(err):
		return engine.Outcome{Result: engine.Failed, Error: err.Error()}
	case errors.Is(err, errConflict):
		out.Result, out.Error = engine.Failed, err.Error()+"; it is left as it is"
		if now.ready > 0 {
			out.Result = engine.Partial
		}
		return out
	case errors.Is(err, errUnknown):
		out.Result, out.Error = engine.Interrupted, err.Error()
		return out
	}
	return t.takeBack(ctx, after, mine, fresh, now, out, max(o.From, out.Reached), err)
}

// unset is the outcome of an order whose call to the swarm failed.
func unset(ctx context.Context, count int, err error) engine.Outcome {
	switch {
	case errors.Is(err, errConflict):
		return conflict(count, err)
	case errors.Is(err, errUnknown):
		return engine.Outcome{Result: engine.Interrupted, Reached: count, Error: err.Error()}
	}
	return docker.Unchanged(ctx, count, err)
}

// capped cuts a number of replicas to what the service allows on each node that takes tasks, and says so; empty: all fit.
// Whether each of the nodes will do is the scheduler's to say.
func (s service) capped(c cluster, to int) (int, string) {
	place := s.Spec.TaskTemplate.Placement
	if place == nil || place.MaxReplicas == 0 {
		return to, ""
	}
	room := int(place.MaxReplicas) * c.active()
	if to <= room {
		return to, ""
	}
	return room, fmt.Sprintf("service %s may have %d replicas: max_replicas_per_node is %d, and nodes that take new tasks there are %d; %d were asked for",
		s.Spec.Name, room, place.MaxReplicas, c.active(), to)
}

// follow looks at the new tasks until all are ready, or with the reason why not. A swarm that does not answer may come
// back: it is asked until the deadline. A node that fetches the image stops the clock, where patient.
func (t *Target) follow(ctx context.Context, mine service, fresh *climb, longest time.Duration, patient bool) (standing, error) {
	var now standing
	started := time.Now()
	since := started
	for {
		seen, err := t.follows(ctx, mine)
		switch {
		case ctx.Err() != nil:
			return now, context.Cause(ctx)
		case errors.Is(err, errConflict), errdefs.IsNotFound(err):
			return now, err
		case err == nil:
			now = fresh.look(seen, time.Now())
		}
		if err == nil && now.ready >= fresh.want {
			return now, nil
		}
		if patient && now.pulling && time.Since(started) < pullDeadline {
			since = time.Now()
		}
		lost := err == nil && now.ready+now.lost >= fresh.want
		if late := time.Since(since) >= longest; late && err != nil {
			return now, fmt.Errorf("%w: %w", errUnknown, err)
		} else if late || lost {
			return now, fresh.reason(now, longest, late && !lost)
		}
		select {
		case <-ctx.Done():
			return now, context.Cause(ctx)
		case <-time.After(pollEach):
		}
	}
}

// follows looks at the service's tasks, if it is still what we made it.
func (t *Target) follows(ctx context.Context, mine service) (cluster, error) {
	s, _, err := t.inspect(ctx, mine.ID)
	var seen cluster
	if err == nil && s.version() == mine.version() {
		seen, err = t.history(ctx, s)
	}
	switch {
	case errdefs.IsNotFound(err): // by either call
		return cluster{}, fmt.Errorf("service %s was removed by somebody else meanwhile: %w", mine.Spec.Name, errdefs.ErrNotFound)
	case err == nil && s.version() != mine.version():
		err = fmt.Errorf("service %s: %w", s.Spec.Name, errConflict)
	}
	return seen, err
}

// reason says why new replicas are not ready.
func (c *climb) reason(now standing, longest time.Duration, late bool) error {
	task, why := c.worst()
	if late {
		why += fmt.Sprintf("; waited %s for it, where it needs longer raise rollout.readyDeadline", longest)
	}
	if missing := c.want - now.ready; c.want > 1 {
		return fmt.Errorf("%d of %d new replicas did not become ready: replica %d %s", missing, c.want, task.Slot, why)
	}
	return fmt.Errorf("replica %d %s", task.Slot, why)
}

// takeBack lowers the number again to what became ready. The swarm chooses which tasks go: first those that don't run.
func (t *Target) takeBack(ctx, after context.Context, mine service, fresh *climb, now standing, out engine.Outcome, keep int, why error) engine.Outcome {
	out.Result, out.Error = engine.RolledBack, why.Error()
	if now.ready > 0 {
		out.Result = engine.Partial
	}
	if task, _ := fresh.worst(); task.ID != "" {
		out.Log = t.evidence(after, task)
	}
	lowered, err := t.set(after, mine, keep)
	switch {
	case errors.Is(err, errConflict):
		out.Result, out.Error = engine.Failed, fmt.Sprintf("%v; and not taken back: %v", why, err)
		if now.ready > 0 {
			out.Result = engine.Partial
		}
		return out
	case err != nil:
		// What is left is not known, so nothing better than "interrupted" would be true.
		out.Result, out.Error = engine.Interrupted, fmt.Sprintf("%v; and it could not be taken back: %v", why, err)
		return out
	case ctx.Err() != nil:
		out.Result = engine.Interrupted
	}
	brief, cancel := context.WithTimeout(after, takeDeadline)
	defer cancel()
	until(brief, func() bool {
		c, err := t.history(brief, lowered)
		n, _ := tally(c.slots(lowered.ID))
		return err == nil && n <= keep
	})
	return out
}

// until looks again and again, until something holds or ctx ends, and says whether it held.
func until(ctx context.Context, holds func() bool) bool {
	for !holds() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollEach):
		}
	}
	return true
}
