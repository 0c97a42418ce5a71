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
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// lower removes replicas down to what is ordered, side by side. Once ctx has ended no other stop is begun, and those under
// way have until after ends.
func (t *Target) lower(ctx, after context.Context, s service, o engine.Order) engine.Outcome {
	count := len(s.current())
	// A replica that was told to finish, or was stopped, is to go for good.
	calls := []docker.Call{docker.StopContainer, docker.RemoveContainer}
	if len(o.Policy.Rollout.Drain.Exec) > 0 {
		calls = append(calls, docker.CreateExec, docker.StartExec, docker.InspectExec)
	}
	if err := t.docker.Allows(ctx, "service "+s.name+" keeps its replicas", calls...); err != nil {
		return docker.Unchanged(ctx, count, err)
	}
	current, err := t.inspectAll(ctx, s.current())
	if err == nil {
		err = t.removeStopped(ctx, s)
	}
	if err != nil {
		return docker.Unchanged(ctx, count, err)
	}
	keep := min(o.Policy.MinReplicas, o.To) // an order below the minimum is one that somebody forced
	chosen, spared := victims(current, keep, s.revision(), time.Now(), o.Policy.Rollout.MinReady)
	want := max(0, len(current)-o.To)
	chosen = chosen[:min(want, len(chosen))]

	went := make([]departure, len(chosen))
	each(len(chosen), func(i int) { went[i] = t.retire(ctx, after, s, chosen[i], o.Policy.Rollout) })
	var missed error
	if len(chosen) < want {
		missed = fmt.Errorf("%d of %d replicas could be removed: %s", len(chosen), want, strings.Join(spared, ", "))
	}
	return sum(ctx, len(current), went, missed)
}

// departure is how it went to remove one replica.
type departure struct {
	begun bool  // it was told to stop
	err   error // nil: it is gone
}

// sum is the outcome of a lowering from a count. missed says why no more replicas were chosen.
func sum(ctx context.Context, count int, went []departure, missed error) engine.Outcome {
	var errs []error
	unknown, gone := false, 0
	for _, d := range went {
		if d.err == nil {
			gone++
			continue
		}
		errs = append(errs, d.err)
		unknown = unknown || d.begun
	}
	err := errors.Join(append(errs, missed)...)
	if err == nil {
		return engine.Outcome{Result: engine.Succeeded, Reached: count - gone}
	}
	out := docker.Unchanged(ctx, count-gone, err)
	switch {
	case unknown: // such a replica may stop yet, and is then still to be removed
		out.Result = engine.Interrupted
	case out.Result == engine.Failed && gone > 0:
		out.Result = engine.Partial
	}
	return out
}

// victims orders the replicas that may be removed, the first to go first: those that do not serve, then the unhealthy,
// then those of an old revision, and within each the highest number. Spared says which may not, and why: a paused one,
// because the engine may block for minutes on it, and of the ready ones as many as are to be kept.
func victims(current []replica, keep int, revision string, now time.Time, minReady time.Duration) (chosen []replica, spared []string) {
	ready := 0
	for _, r := range current {
		if r.ready(now, minReady) {
			ready++
		}
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
	keep = min(keep, ready)
	chosen = slices.DeleteFunc(chosen, func(r replica) bool {
		if !r.ready(now, minReady) {
			return false
		}
		if ready--; ready < keep {
			spared = append(spared, fmt.Sprintf("%s is one of the last %d that are ready", r.name, keep))
		}
		return ready < keep
	})
	return chosen, spared
}

// retire lets one replica finish, stops it with the time that it was given to stop, and removes it. One that does not
// serve has nothing to finish, and may not be able to run a hook. What was stopped is removed also when ctx has ended,
// until after ends.
func (t *Target) retire(ctx, after context.Context, s service, r replica, rollout engine.Rollout) departure {
	if err := t.free(ctx, s, r); err != nil {
		return departure{err: err}
	}
	if r.ready(time.Now(), rollout.MinReady) {
		if err := t.drain(ctx, r, rollout.Drain); err != nil {
			return departure{err: err}
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(rollout.DrainDelay):
	}
	if ctx.Err() != nil {
		return departure{err: fmt.Errorf("%s was not stopped: %w", r.name, context.Cause(ctx))}
	}
	if err := t.free(after, s, r); err != nil {
		return departure{err: err}
	}
	if err := t.halt(after, r); err != nil {
		return departure{begun: !errdefs.IsPermissionDenied(err), err: err}
	}
	err := t.discard(after, s, r)
	return departure{begun: !errors.Is(err, errTaken), err: err}
}

// errTaken: of a replica that was to go and went by another's hand.
var errTaken = errors.New("was removed by somebody else")

// free looks at a replica that is to go once more, and is an error where somebody else is at it: compose ends in the middle
// where what it recreates is removed under its hands, and the service is down.
func (t *Target) free(ctx context.Context, s service, r replica) error {
	now, err := t.again(ctx, s)
	if err != nil {
		return err
	}
	if why := now.rollout(); why != "" {
		return fmt.Errorf("%s stays: %s", r.name, why)
	}
	// The list goes by the labels of project and service: what is not of them is not there.
	if _, there := now.byID(r.id); !there {
		return fmt.Errorf("%s %w", r.name, errTaken)
	}
	return nil
}

// discard removes a container that does not run.
func (t *Target) discard(ctx context.Context, s service, r replica) error {
	if err := t.free(ctx, s, r); err != nil {
		return err
	}
	// Right after a stop a list may still call it running; inspect does not. It hides no other, so a busy engine has its time.
	c, err := t.inspectWithin(ctx, readDeadline, r.id)
	switch {
	case errdefs.IsNotFound(err):
		return fmt.Errorf("%s %w", r.name, errTaken)
	case err != nil:
		return err
	case c.State.Running:
		return fmt.Errorf("%s %w", r.name, errRevived)
	}
	// Volumes of a container that compose made may have been handed down to it, and count as the user's.
	err = t.remove(ctx, r.id, container.RemoveOptions{RemoveVolumes: r.event != ""})
	if errdefs.IsConflict(err) {
		return fmt.Errorf("%s %w", r.name, errRevived)
	}
	return err
}

var errRevived = errors.New("was started again by somebody else, and stays")

// halt stops a container as `docker stop` does: the engine knows its stop signal and grace period, and kills it after
// that. The call is given longer than the engine takes.
func (t *Target) halt(ctx context.Context, r replica) error {
	longest := r.grace() + writeDeadline
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	t.own(r.id, longest)
	err := t.docker.ContainerStop(ctx, r.id, container.StopOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return t.docker.Explain(docker.StopContainer, "stop "+r.name, err)
}

// grace is how long the engine waits between the stop signal and the kill.
func (r replica) grace() time.Duration {
	if r.detail == nil || r.detail.Config.StopTimeout == nil {
		return defaultStop
	}
	if seconds := *r.detail.Config.StopTimeout; seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	return longestStop // it waits for as long as it takes
}
