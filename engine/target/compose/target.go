// Package compose is the target for services of Docker Compose projects. It speaks to the Docker Engine, not to the
// compose command: a new replica is a clone of a running one with its compose labels kept and its number raised, so
// that `docker compose ps`, `logs`, `up` and `down` own it like any other. For policies of the driver compose-cli the
// compose command makes new replicas, from its file; all else is the same.
package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Target scales compose services on one Docker engine. One service takes one order at a time; different services may
// be scaled side by side.
type Target struct {
	// Project is where policies that name no project look first, as COMPOSE_PROJECT_NAME does. Empty: the only
	// project that has the service. Set it before the first call.
	Project string

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // how HTTP drain hooks reach a replica; nil: directly

	docker *docker.Engine
	log    *slog.Logger

	mu    sync.Mutex
	turns map[string]chan struct{} // by project and service: one slot, taken by the order that is being carried out
	owned map[string]time.Time     // by container: until when its end is this target's own doing
}

// New makes a target on the engine at host, such as unix:///var/run/docker.sock. An empty host is DOCKER_HOST with its
// companions in the environment, else the machine's own engine. Nothing is called yet.
func New(host string, log *slog.Logger) (*Target, error) {
	engine, err := docker.Dial(host)
	if err != nil {
		return nil, err
	}
	return &Target{docker: engine, log: log, turns: map[string]chan struct{}{}, owned: map[string]time.Time{}}, nil
}

// Ask has may asked before each call that changes something: its error is that of the call, which then is not made. Call it
// before the first order.
func (t *Target) Ask(may func(context.Context) error) { t.docker.May = may }

// Reach says why the engine does not answer.
func (t *Target) Reach(ctx context.Context) error {
	if _, err := t.docker.Ping(ctx); err != nil {
		return t.docker.Explain(docker.GetPing, "ask the engine", err)
	}
	return nil
}

// Close ends the connections to the engine.
func (t *Target) Close() error { return t.docker.Close() }

// Observe says which replicas of the policy's service run now. What interrupted orders left behind and will not become
// ready does not count: the next order that is not to lower removes it. A service whose containers are all stopped has no
// replicas; one without any container is an error that lists the services there are.
func (t *Target) Observe(ctx context.Context, p engine.Policy) (engine.Service, error) {
	s, err := t.find(ctx, p)
	if err != nil {
		return engine.Service{}, err
	}
	current, err := t.inspectAll(ctx, s.current())
	if err != nil {
		return engine.Service{}, err
	}
	v := s.view(current, p, time.Now())
	v.Rollout = cmp.Or(v.Rollout, t.leaving(ctx, s))
	return v, nil
}

// Scale carries out an order: see control.Target. It aims at Order.To from the number of replicas that it finds, in the
// order's direction only, and makes no call that changes anything where the number is reached already. Clones that
// orders before it left behind and that never became ready do not count, and are removed, unless it is to lower: then
// they are the first to go.
func (t *Target) Scale(ctx context.Context, o engine.Order) engine.Outcome {
	after, cancel := docker.Outlive(ctx)
	defer cancel()
	out := t.scale(ctx, after, o)

	// What ran before an interruption is of interest too, so look once more even if ctx has ended. Where the service is gone
	// it is nothing.
	last, done := docker.LastLook(after)
	defer done()
	if s, err := t.look(last, o.Policy); err == nil {
		out.Reached = len(s.current())
	}
	out.Ended = time.Now()
	return out
}

func (t *Target) scale(ctx, after context.Context, o engine.Order) engine.Outcome {
	if o.To < 1 {
		return docker.Unchanged(ctx, o.From, errors.New("a compose service is not scaled to 0: a new replica is a clone of a running one"))
	}
	s, err := t.find(ctx, o.Policy)
	if err != nil {
		return docker.Unchanged(ctx, o.From, err)
	}
	done, err := t.turn(ctx, s)
	if err != nil {
		return docker.Unchanged(ctx, len(s.current()), err)
	}
	defer done()
	if s, err = t.find(ctx, o.Policy); err != nil { // the order before may have changed it
		return docker.Unchanged(ctx, o.From, err)
	}
	action := engine.Between(o.From, o.To)
	if action != engine.ScaleDown && s.rollout() == "" {
		if s, err = t.removeLeftovers(ctx, s, o.Policy.Rollout); err != nil {
			return docker.Unchanged(ctx, len(s.current()), err)
		}
	}
	count := len(s.current())
	log := t.log.With("project", s.project, "service", s.name, "event", o.Event)
	switch {
	case action == engine.ScaleUp && count >= o.To, action == engine.ScaleDown && count <= o.To, action == engine.Hold:
		return engine.Outcome{Result: engine.Succeeded, Reached: count}
	case s.rollout() != "":
		return docker.Unchanged(ctx, count, errors.New(s.rollout()))
	case count == 0:
		return docker.Unchanged(ctx, count, fmt.Errorf("service %s is stopped: start it with `docker compose -p %s up -d %s`", s.name, s.project, s.name))
	case action == engine.ScaleUp:
		log.Debug("adding replicas", "count", count, "add", o.To-count)
		return t.raise(ctx, after, s, o)
	default:
		log.Debug("removing replicas", "count", count, "remove", count-o.To)
		return t.lower(ctx, after, s, o)
	}
}

// turn waits until no other order for the service is being carried out. The service is the caller's until done is called.
func (t *Target) turn(ctx context.Context, s service) (done func(), err error) {
	key := s.project + "/" + s.name
	t.mu.Lock()
	if t.turns[key] == nil {
		t.turns[key] = make(chan struct{}, 1)
	}
	slot := t.turns[key]
	t.mu.Unlock()
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("service %s: another order for it has not ended: %w", s.name, context.Cause(ctx))
	}
}
