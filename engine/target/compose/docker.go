package compose

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Every call has a deadline of its own: an engine that hangs holds up one order, not the daemon.
const (
	readDeadline    = 10 * time.Second
	inspectDeadline = 3 * time.Second // one replica that blocks must not hide the others
	writeDeadline   = time.Minute
	defaultStop     = 10 * time.Second // what the engine gives a container that sets no stop timeout
	longestStop     = 10 * time.Minute
)

// sideBySide is how many calls of one kind run at once.
const sideBySide = 16

// list answers the containers that have the labels, stopped ones too.
func (t *Target) list(ctx context.Context, labels ...string) ([]container.Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	if err := t.docker.Settle(ctx); err != nil {
		return nil, t.docker.Explain(docker.ListContainers, "list containers", err)
	}
	args := filters.NewArgs()
	for _, label := range labels {
		args.Add("label", label)
	}
	found, err := t.docker.ContainerList(ctx, container.ListOptions{All: true, Filters: args})
	return found, t.docker.Explain(docker.ListContainers, "list containers", err)
}

func (t *Target) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	return t.inspectWithin(ctx, inspectDeadline, id)
}

func (t *Target) inspectWithin(ctx context.Context, longest time.Duration, id string) (container.InspectResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	c, err := t.docker.ContainerInspect(ctx, id)
	return c, t.docker.Explain(docker.InspectContainer, "inspect container "+docker.Short(id), err)
}

// inspectAll adds to each replica what only inspect tells. One that is gone is left out; one that is paused is not
// asked, because the engine may then block for minutes; one that does not answer in time stays without details.
func (t *Target) inspectAll(ctx context.Context, replicas []replica) ([]replica, error) {
	errs := make([]error, len(replicas))
	each(len(replicas), func(i int) {
		if replicas[i].state == container.StatePaused {
			return
		}
		detail, err := t.inspect(ctx, replicas[i].id)
		if err == nil {
			replicas[i].detail = &detail
		}
		errs[i] = err
	})
	var kept []replica
	for i, r := range replicas {
		switch err := errs[i]; {
		case errdefs.IsNotFound(err):
		case err == nil, errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			kept = append(kept, r)
		default:
			return nil, err
		}
	}
	return kept, nil
}

// remove removes a container. One that is gone is removed; one that runs is an error unless it is forced, which ends it.
func (t *Target) remove(ctx context.Context, id string, o container.RemoveOptions) error {
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	t.own(id, writeDeadline)
	err := t.docker.ContainerRemove(ctx, id, o)
	if errdefs.IsConflict(err) && t.goes(ctx, id, o.Force) || errdefs.IsNotFound(err) {
		return nil
	}
	return t.docker.Explain(docker.RemoveContainer, "remove container "+docker.Short(id), err)
}

// goes waits for a container that somebody else is removing. One that runs, and is not forced, does not go.
func (t *Target) goes(ctx context.Context, id string, forced bool) bool {
	for {
		c, err := t.docker.ContainerInspect(ctx, id)
		switch {
		case errdefs.IsNotFound(err):
			return true
		case err == nil && c.State.Running && !forced:
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// each calls f for 0..n-1, a bounded number at a time, and waits for all.
func each(n int, f func(i int)) { atMost(sideBySide, n, f) }

// atMost is each with a bound of its own.
func atMost(atOnce, n int, f func(i int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	all.Wait()
}
