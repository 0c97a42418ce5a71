package swarm

import (
	"context"
	"errors"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/swarm"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Settle tidies up after an interrupted event: see control.Actor. The swarm finishes by itself what it was asked for, but
// for a raise that can't be finished, because there is no place or because its tasks don't come up by their deadline.
// Such a one is taken back to what runs, if nobody else has changed the number since. A service that is gone needs no tidying.
func (t *Target) Settle(ctx context.Context, p engine.Policy, e engine.Event) error {
	if e.Action != engine.ScaleUp {
		return nil
	}
	s, err := t.find(ctx, p)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.replicas() != e.To || s.rollout() != "" {
		return nil
	}
	c, err := t.cluster(ctx)
	if err != nil {
		return err
	}
	check := t.check(ctx, s)
	late := time.Since(e.Started) > docker.Deadline(check, p.Rollout)+s.hold(check, p.Rollout)
	keep := max(e.From, 1, remaining(c.slots(s.ID), late))
	if keep >= e.To {
		return nil
	}
	t.log.Info("taking back what an interrupted scale-up left", "service", s.Spec.Name, "event", e.ID, "from", e.To, "to", keep)
	_, err = t.set(ctx, s, keep)
	if errors.Is(err, errConflict) || errdefs.IsNotFound(err) {
		return nil // it is somebody else's now, or gone
	}
	return err
}

// remaining counts the replicas of an unfinished raise that may stay. Those without a place go at once, for as long as they
// wait none can be added; those that start have until the deadline.
func remaining(slots map[int]swarm.Task, late bool) int {
	n := 0
	for _, t := range slots {
		if running(t) || !late && !unplaced(t) {
			n++
		}
	}
	return n
}
