package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// clear removes what the batch made and did not get ready, and all of it where the batch was aborted. It goes by label,
// because a create whose answer was lost may have made a container as well.
func (b *batch) clear(ctx context.Context, replicas []newReplica, aborted bool) error {
	t, s := b.target, b.service
	stays := func(id string) bool {
		return slices.ContainsFunc(replicas, func(r newReplica) bool { return r.id == id && r.err == nil && !aborted }) ||
			slices.ContainsFunc(s.replicas, func(r replica) bool { return r.id == id })
	}
	found, err := t.list(ctx, append(s.labels(), eventLabel+"="+b.order.Event)...)
	if err != nil {
		return err
	}
	return t.removeAll(ctx, s, allListed(found), func(r replica) bool { return !stays(r.id) })
}

// removeLeftovers removes what interrupted orders left behind, and answers the service without it.
func (t *Target) removeLeftovers(ctx context.Context, s service, rollout engine.Rollout) (service, error) {
	if !slices.ContainsFunc(s.replicas, func(r replica) bool { return r.event != "" }) {
		return s, nil
	}
	replicas, err := t.inspectAll(ctx, slices.Clone(s.replicas))
	if err != nil {
		return s, err
	}
	left := leftovers(replicas, rollout, time.Now())
	if err := t.removeAll(ctx, s, replicas, func(r replica) bool { return left[r.id] }); err != nil {
		return s, err
	}
	s.replicas = slices.DeleteFunc(slices.Clone(s.replicas), func(r replica) bool { return left[r.id] })
	return s, nil
}

// removeStopped removes clones that do not run. They count for nobody but docker compose, which would start them again.
func (t *Target) removeStopped(ctx context.Context, s service) error {
	return t.removeAll(ctx, s, s.replicas, func(r replica) bool {
		stopped := r.state == container.StateCreated || r.state == container.StateExited || r.state == container.StateDead
		return r.event != "" && stopped && !r.protected
	})
}

// removeAll removes those that are chosen, all of them clones, with their anonymous volumes: clones have their own. It waits
// while compose recreates the service.
func (t *Target) removeAll(ctx context.Context, s service, replicas []replica, chosen func(replica) bool) error {
	replicas = slices.DeleteFunc(slices.Clone(replicas), func(r replica) bool { return !chosen(r) })
	if len(replicas) == 0 {
		return nil
	}
	if err := t.quiet(ctx, s, false); err != nil {
		return err
	}
	errs := make([]error, len(replicas))
	each(len(replicas), func(i int) {
		errs[i] = t.remove(ctx, replicas[i].id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	})
	return errors.Join(errs...)
}

const (
	lull         = time.Second // from the first kill of a recreation to the temporary names of all that compose recreates
	longestQuiet = 2 * time.Minute
)

// quiet waits until compose recreates nothing of the service, and where somebody was heard at it until no recreation can
// come of that: compose ends in the middle where a replica that it recreates is removed under its hands, and the service is
// down. An error says that it has not ended.
func (t *Target) quiet(ctx context.Context, s service, heard bool) error {
	ctx, cancel := context.WithTimeout(ctx, longestQuiet)
	defer cancel()
	for since := time.Now(); ; {
		now, err := t.again(ctx, s)
		why := now.rollout()
		switch {
		case err != nil:
			return err
		case why != "":
			since, heard = time.Now(), true
		case !heard, time.Since(since) >= lull:
			return nil
		}
		select {
		case <-time.After(pollEach):
		case <-ctx.Done():
			return fmt.Errorf("nothing is removed: %s", cmp.Or(why, "somebody else may be recreating service "+s.name))
		}
	}
}
