package compose

import (
	"context"
	"errors"
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
	found, err := t.list(ctx, projectLabel+"="+s.project, serviceLabel+"="+s.name, eventLabel+"="+b.order.Event)
	if err != nil {
		return err
	}
	made := make([]replica, len(found))
	for i, c := range found {
		made[i] = listed(c)
	}
	return t.removeAll(ctx, made, func(r replica) bool { return !stays(r.id) })
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
	if err := t.removeAll(ctx, replicas, func(r replica) bool { return left[r.id] }); err != nil {
		return s, err
	}
	s.replicas = slices.DeleteFunc(slices.Clone(s.replicas), func(r replica) bool { return left[r.id] })
	return s, nil
}

// removeStopped removes clones that do not run. They count for nobody but docker compose, which would start them again.
func (t *Target) removeStopped(ctx context.Context, s service) error {
	return t.removeAll(ctx, s.replicas, func(r replica) bool {
		stopped := r.state == container.StateCreated || r.state == container.StateExited || r.state == container.StateDead
		return r.event != "" && stopped && !r.protected
	})
}

// removeAll removes those that are chosen, all of them clones, with their anonymous volumes: clones have their own.
func (t *Target) removeAll(ctx context.Context, replicas []replica, chosen func(replica) bool) error {
	errs := make([]error, len(replicas))
	each(len(replicas), func(i int) {
		if chosen(replicas[i]) {
			errs[i] = t.remove(ctx, replicas[i].id, true)
		}
	})
	return errors.Join(errs...)
}
