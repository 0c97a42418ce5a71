package swarm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const defaultStop = 10 * time.Second // what swarm gives a container that sets no grace period

// lower asks for fewer replicas and waits until the tasks beyond them have stopped. The swarm chooses them: those that
// don't run first, then so that the nodes share the rest evenly; each gets its stop_grace_period.
func (t *Target) lower(ctx, after context.Context, s service, c cluster, o engine.Order) engine.Outcome {
	count, _ := tally(c.slots(s.ID))
	if s.protected() {
		return docker.Unchanged(ctx, count, fmt.Errorf("service %s keeps its replicas: it has the label %s=true", s.Spec.Name, protectLabel))
	}
	had := c.slots(s.ID)
	if ctx.Err() != nil {
		return docker.Unchanged(ctx, count, context.Cause(ctx))
	}
	mine, err := t.set(after, s, o.To)
	if err != nil {
		return unset(ctx, count, err)
	}
	out := engine.Outcome{Result: engine.Succeeded, Reached: o.To}
	longest := s.grace() + writeDeadline
	stopping, err := t.stopped(ctx, mine, had, o.To, longest)
	switch {
	case err == nil && stopping == 0:
		return out
	case ctx.Err() != nil:
		out.Result = engine.Interrupted
		out.Error = fmt.Sprintf("%d replicas were still stopping: %v; swarm goes on with it", stopping, context.Cause(ctx))
	case errdefs.IsNotFound(err):
		out = engine.Outcome{Result: engine.Failed, Error: err.Error()}
	case errors.Is(err, errConflict):
		out.Result, out.Error = engine.Partial, err.Error()+"; it is left as it is"
	case err != nil:
		out.Result, out.Error = engine.Interrupted, err.Error()
	default:
		out.Result = engine.Partial
		out.Error = fmt.Sprintf("%d replicas had not stopped %s after they were told to; see `docker service ps %s`", stopping, longest, s.Spec.Name)
	}
	return out
}

// stopped waits until the number of replicas is right and those beyond it have stopped, and answers how many have not.
// The error is why that is not known, or of no interest any more.
func (t *Target) stopped(ctx context.Context, mine service, had map[int]swarm.Task, to int, longest time.Duration) (stopping int, err error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	stopping = len(had)
	done := until(ctx, func() bool {
		var c cluster
		if c, err = t.follows(ctx, mine); err != nil {
			return errors.Is(err, errConflict) || errdefs.IsNotFound(err)
		}
		n := 0
		n, stopping = leaving(c, mine.ID, had)
		return n <= to && stopping == 0
	})
	if !done && errors.Is(err, context.DeadlineExceeded) {
		err = nil // our own time was up in the middle of a call
	}
	return stopping, err
}

// leaving says how many replicas there are to stay, and how many of those that were there are on their way out. A task that
// swarm has forgotten is gone.
func leaving(c cluster, service string, had map[int]swarm.Task) (stay, leave int) {
	stay, _ = tally(c.slots(service))
	was := map[string]bool{}
	for _, t := range had {
		was[t.ID] = true
	}
	up := c.up()
	for _, t := range c.tasks {
		if was[t.ID] && !meant(t) && !ended(t) && up[t.NodeID] {
			leave++
		}
	}
	return stay, leave
}

// grace is what a container of the service is given to stop.
func (s service) grace() time.Duration {
	if c := s.Spec.TaskTemplate.ContainerSpec; c != nil && c.StopGracePeriod != nil {
		return *c.StopGracePeriod
	}
	return defaultStop
}
