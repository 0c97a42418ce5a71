package compose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// lower removes replicas down to what is ordered, side by side.
func (t *Target) lower(ctx context.Context, s service, o engine.Order) engine.Outcome {
	count := len(s.current())
	current, err := t.inspectAll(ctx, s.current())
	if err == nil {
		err = t.removeStopped(ctx, s)
	}
	if err != nil {
		return unchanged(ctx, count, err)
	}
	chosen, spared := victims(current, s.revision(), time.Now(), o.Policy.Rollout.MinReady)
	want := max(0, len(current)-o.To)
	chosen = chosen[:min(want, len(chosen))]

	errs := make([]error, len(chosen), len(chosen)+1)
	each(len(chosen), func(i int) { errs[i] = t.retire(ctx, s, chosen[i], o.Policy.Rollout.Drain) })
	removed := 0
	for _, err := range errs {
		if err == nil {
			removed++
		}
	}
	if len(chosen) < want {
		errs = append(errs, fmt.Errorf("%d of %d replicas could be removed: %s", len(chosen), want, strings.Join(spared, ", ")))
	}
	err = errors.Join(errs...)
	if err == nil {
		return engine.Outcome{Result: engine.Succeeded, Reached: o.To}
	}
	out := unchanged(ctx, len(current)-removed, err)
	if out.Result == engine.Failed && removed > 0 {
		out.Result = engine.Partial
	}
	return out
}

// victims orders the replicas that may be removed, the first to go first: those that do not serve, then the unhealthy,
// then those of an old revision, and within each the highest number. Spared says which may not, and why. A paused one is
// spared because the engine may block for minutes on it.
func victims(current []replica, revision string, now time.Time, minReady time.Duration) (chosen []replica, spared []string) {
	for _, r := range current {
		switch {
		case r.protected:
			spared = append(spared, r.name+" has the label "+protectLabel+"=true")
		case r.state == container.StatePaused:
			spared = append(spared, r.name+" is paused")
		default:
			chosen = append(chosen, r)
		}
	}
	rank := func(r replica) int {
		switch {
		case r.unhealthy():
			return 1
		case !r.ready(now, minReady):
			return 0
		case r.revision != revision:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(chosen, func(a, b replica) int {
		if rank(a) != rank(b) {
			return rank(a) - rank(b)
		}
		return b.number - a.number
	})
	return chosen, spared
}

// retire drains one replica, stops it with the time that it was given to stop, and removes it.
func (t *Target) retire(ctx context.Context, s service, r replica, drain time.Duration) error {
	if drain > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("drain %s: %w", r.name, context.Cause(ctx))
		case <-time.After(drain):
		}
	}
	if err := t.halt(ctx, r); err != nil {
		return err
	}
	// Ids are never used twice, but the labels are cheap to look at and a removal can't be taken back.
	c, err := t.inspect(ctx, r.id)
	switch {
	case errdefs.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case c.Config.Labels[projectLabel] != s.project || c.Config.Labels[serviceLabel] != s.name:
		return fmt.Errorf("container %s is not of service %s in project %s", r.name, s.name, s.project)
	}
	// Volumes of a container that compose made may have been handed down to it, and count as the user's.
	return t.remove(ctx, r.id, r.event != "")
}

// halt stops a container as `docker stop` does: the engine knows its stop signal and grace period, and kills it after
// that. The call is given longer than the engine takes.
func (t *Target) halt(ctx context.Context, r replica) error {
	grace := defaultStop
	if r.detail != nil && r.detail.Config.StopTimeout != nil {
		grace = time.Duration(*r.detail.Config.StopTimeout) * time.Second
		if grace < 0 { // for as long as it takes
			grace = longestStop
		}
	}
	ctx, cancel := context.WithTimeout(ctx, grace+writeDeadline)
	defer cancel()
	err := t.docker.ContainerStop(ctx, r.id, container.StopOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return t.explain("stop "+r.name, err)
}
