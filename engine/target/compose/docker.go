package compose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"
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

// settle agrees with the engine on an API version, once. The client would do so by itself at its first call, but first calls
// side by side race in it. Everything here starts with a list, so list asks.
func (t *Target) settle(ctx context.Context) error {
	if t.settled.Load() {
		return nil
	}
	select {
	case t.version <- struct{}{}:
		defer func() { <-t.version }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if t.settled.Load() {
		return nil
	}
	ping, err := t.docker.Ping(ctx)
	if err != nil {
		return err
	}
	// The client would take silence, which is how an engine answers that is still starting, for the oldest version.
	if ping.APIVersion == "" {
		return fmt.Errorf("the Docker engine at %s does not say which API version it speaks", t.docker.DaemonHost())
	}
	t.docker.NegotiateAPIVersionPing(ping)
	t.settled.Store(true)
	return nil
}

// list answers the containers that have the labels, stopped ones too.
func (t *Target) list(ctx context.Context, labels ...string) ([]container.Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	if err := t.settle(ctx); err != nil {
		return nil, t.explain("list containers", err)
	}
	args := filters.NewArgs()
	for _, label := range labels {
		args.Add("label", label)
	}
	found, err := t.docker.ContainerList(ctx, container.ListOptions{All: true, Filters: args})
	return found, t.explain("list containers", err)
}

func (t *Target) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectDeadline)
	defer cancel()
	c, err := t.docker.ContainerInspect(ctx, id)
	return c, t.explain("inspect container "+short(id), err)
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

// remove ends a container at once and removes it, and its anonymous volumes if asked. One that is gone is removed.
func (t *Target) remove(ctx context.Context, id string, volumes bool) error {
	ctx, cancel := context.WithTimeout(ctx, writeDeadline)
	defer cancel()
	err := t.docker.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: volumes})
	if errdefs.IsConflict(err) && t.goes(ctx, id) || errdefs.IsNotFound(err) {
		return nil
	}
	return t.explain("remove container "+short(id), err)
}

// goes waits for a container that somebody else is removing.
func (t *Target) goes(ctx context.Context, id string) bool {
	for {
		if _, err := t.docker.ContainerInspect(ctx, id); errdefs.IsNotFound(err) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// explained is an error in flyball's words. The cause stays in the chain, for errdefs.
type explained struct {
	text  string
	cause error
}

func (e explained) Error() string { return e.text }
func (e explained) Unwrap() error { return e.cause }

// explain says what was tried, where, and what mends it.
func (t *Target) explain(doing string, err error) error {
	if err == nil {
		return nil
	}
	host := t.docker.DaemonHost()
	switch {
	case client.IsErrConnectionFailed(err) && strings.Contains(err.Error(), "permission denied"):
		return explained{fmt.Sprintf("%s: no permission to use the Docker engine at %s; run flyball as root or in the group that owns the socket", doing, host), err}
	case client.IsErrConnectionFailed(err):
		return explained{fmt.Sprintf("%s: no Docker engine answers at %s; start it, or name another one in DOCKER_HOST", doing, host), err}
	case errors.Is(err, context.DeadlineExceeded):
		return explained{fmt.Sprintf("%s: the Docker engine at %s did not answer in time", doing, host), err}
	case errors.Is(err, context.Canceled):
		return explained{fmt.Sprintf("%s: flyball is stopping, and the Docker engine at %s had not answered yet", doing, host), err}
	case errdefs.IsPermissionDenied(err):
		return fmt.Errorf("%s: the Docker engine at %s forbids it (403); allow this call in the socket proxy or authorization plugin: %w", doing, host, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// each calls f for 0..n-1, a bounded number at a time, and waits for all.
func each(n int, f func(i int)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, sideBySide)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	all.Wait()
}

func short(id string) string { return id[:min(12, len(id))] }
