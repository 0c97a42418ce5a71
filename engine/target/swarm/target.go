// Package swarm is the target for services of a Docker swarm. It asks the swarm for a number of replicas, as
// `docker service scale` does, and follows what becomes of it task by task. What is changed is bound to the version of
// the service that was seen: where somebody else was quicker, nothing is changed.
package swarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Target scales the services of the swarm that a Docker engine manages. Orders for one service may overlap: all but one
// find that the service was changed since they looked.
type Target struct {
	docker *docker.Engine
	log    *slog.Logger
}

// New makes a target on the swarm manager at host, such as unix:///var/run/docker.sock. An empty host is DOCKER_HOST with
// its companions in the environment, else the machine's own engine. Nothing is called yet.
func New(host string, log *slog.Logger) (*Target, error) {
	engine, err := docker.Dial(host)
	if err != nil {
		return nil, err
	}
	return &Target{docker: engine, log: log}, nil
}

// Ask has may asked before each call that changes something: its error is that of the call, which then is not made. Call it
// before the first order.
func (t *Target) Ask(may func(context.Context) error) { t.docker.May = may }

// Close ends the connections to the engine.
func (t *Target) Close() error { return t.docker.Close() }

// Observe says which replicas of the policy's service run now, how much memory one takes and how much the nodes have
// left. A service that is not there is engine.Gone; one that is global or a job is an error too.
func (t *Target) Observe(ctx context.Context, p engine.Policy) (engine.Service, error) {
	s, err := t.find(ctx, p)
	if err != nil {
		return engine.Service{}, err
	}
	c, err := t.cluster(ctx)
	if err != nil {
		return engine.Service{}, err
	}
	return view(s, c, t.check(ctx, s), p.Rollout.MinReady, time.Now()), nil
}

// Scale carries out an order: see control.Target. It aims at Order.To in the order's direction only. An order for another
// version of the service than the one there is changes nothing, and is a conflict.
func (t *Target) Scale(ctx context.Context, o engine.Order) engine.Outcome {
	after, cancel := docker.Outlive(ctx)
	defer cancel()
	out := t.scale(ctx, after, o)

	// What runs after an interruption is of interest too, so look once more even if ctx has ended.
	last, done := docker.LastLook(after)
	defer done()
	if n, err := t.count(last, o.Policy); err == nil || isGone(err) {
		out.Reached = n
	}
	out.Ended = time.Now()
	return out
}

func (t *Target) scale(ctx, after context.Context, o engine.Order) engine.Outcome {
	if o.To < 1 {
		return docker.Unchanged(ctx, o.From, errors.New("a swarm service is not scaled to 0: at 0 it counts as stopped by somebody, and is left alone"))
	}
	s, err := t.find(ctx, o.Policy)
	if err != nil {
		return docker.Unchanged(ctx, o.From, err)
	}
	if o.Version != "" && o.Version != s.version() {
		return conflict(o.From, fmt.Errorf("service %s was changed by somebody else since it was observed: it is at version %s, not %s", s.Spec.Name, s.version(), o.Version))
	}
	c, err := t.cluster(ctx)
	if err != nil {
		return docker.Unchanged(ctx, o.From, err)
	}
	count, waiting := tally(c.slots(s.ID))
	action := engine.Between(o.From, o.To)
	log := t.log.With("service", s.Spec.Name, "event", o.Event)
	switch {
	case action == engine.ScaleUp && count >= o.To, action == engine.ScaleDown && s.replicas() <= o.To, action == engine.Hold:
		return engine.Outcome{Result: engine.Succeeded, Reached: count}
	case s.replicas() == 0:
		return docker.Unchanged(ctx, count, fmt.Errorf("service %s is stopped: start it with `docker service scale %s=1`", s.Spec.Name, s.Spec.Name))
	case s.rollout() != "":
		return docker.Unchanged(ctx, count, errors.New(s.rollout()))
	case action == engine.ScaleDown:
		log.Debug("removing replicas", "count", count, "to", o.To)
		return t.lower(ctx, after, s, c, o)
	case s.waits(count, waiting) != "":
		return docker.Unchanged(ctx, count, errors.New(s.waits(count, waiting)))
	case s.replicas() >= o.To:
		return docker.Unchanged(ctx, count, fmt.Errorf("service %s is set to %d replicas already, and swarm runs %d: see `docker service ps %s`", s.Spec.Name, s.replicas(), count, s.Spec.Name))
	}
	log.Debug("adding replicas", "count", count, "to", o.To)
	return t.raise(ctx, after, s, c, o)
}

// count is how many replicas count as current now.
func (t *Target) count(ctx context.Context, p engine.Policy) (int, error) {
	s, err := t.find(ctx, p)
	if err != nil {
		return 0, err
	}
	c, err := t.cluster(ctx)
	n, _ := tally(c.slots(s.ID))
	return n, err
}

// conflict is the outcome of an order that found the service changed.
func conflict(count int, err error) engine.Outcome {
	return engine.Outcome{Result: engine.Failed, Reached: count, Error: err.Error(), Conflict: true}
}
