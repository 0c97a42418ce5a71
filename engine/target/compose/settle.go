package compose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Settle tidies up after an interrupted event: see control.Actor. A service that is gone needs no tidying. While compose
// recreates the service, or a replica that was told to stop has not ended yet, it is an error: try again.
func (t *Target) Settle(ctx context.Context, p engine.Policy, e engine.Event) error {
	s, err := t.remains(ctx, p)
	if err != nil || len(s.replicas) == 0 {
		return err
	}
	done, err := t.turn(ctx, s)
	if err != nil {
		return err
	}
	defer done()
	if s, err = t.remains(ctx, p); err != nil { // an order before may have changed it
		return err
	}
	left := halfway(s.replicas, e)
	if len(left) > 0 && s.rollout() != "" {
		return errors.New(s.rollout())
	}
	if e.To < e.From && len(s.replicas) > e.To { // first: where all of the service is being stopped nothing of it is left
		told, _ := t.told(ctx, s.labels(), e.Started) // where the engine does not tell, nobody knows
		if err := t.stopping(ctx, s.replicas, told); err != nil {
			return err
		}
	}
	errs := make([]error, len(left))
	each(len(left), func(i int) {
		if err := t.discard(ctx, s, left[i]); !errors.Is(err, errTaken) {
			errs[i] = err
		}
	})
	return errors.Join(errs...)
}

// remains is what there is of the policy's service, which may be nothing, with the details of what has stopped.
func (t *Target) remains(ctx context.Context, p engine.Policy) (service, error) {
	s, err := t.look(ctx, p)
	if err != nil {
		return service{}, err
	}
	var stopped, others []replica
	for _, r := range s.replicas {
		if r.stopped() {
			stopped = append(stopped, r)
		} else {
			others = append(others, r)
		}
	}
	stopped, err = t.inspectAll(ctx, stopped)
	s.replicas = append(others, stopped...)
	return s, err
}

// stopped says that a replica ran, and ended for good.
func (r replica) stopped() bool {
	return r.state == container.StateExited || r.state == container.StateDead
}

// halfway is what an interrupted event began and did not finish: clones that never started, of events before it too, for a
// call may have been late, or that have ended, and where it was to lower, replicas that have stopped since, as long as there are
// more than it was to leave. Where nothing of the service runs somebody has stopped all of it, and what has ended is to come back
// with the others.
func halfway(all []replica, e engine.Event) []replica {
	runs := slices.ContainsFunc(all, replica.counts)
	var left []replica
	exist := len(all)
	byNumber := slices.SortedStableFunc(slices.Values(all), func(a, b replica) int { return b.number - a.number })
	for _, r := range byNumber {
		own := r.event != "" && r.event == e.ID
		switch {
		case r.event != "" && r.state == container.StateCreated:
		case !runs || !r.stopped() || r.protected:
			continue
		case own:
		case e.To >= e.From || exist <= e.To || r.finished().Before(e.Started):
			continue
		}
		left = append(left, r)
		exist--
	}
	return left
}

// finished is when a container that has stopped did so; where that is not known, the zero time.
func (r replica) finished() time.Time {
	if r.detail == nil {
		return time.Time{}
	}
	at, _ := time.Parse(time.RFC3339Nano, r.detail.State.FinishedAt)
	return at
}

// stopping is an error where one of the replicas that run was told to stop, and has time left to do so. The engine does
// not say so of a container.
func (t *Target) stopping(ctx context.Context, replicas []replica, told map[string]time.Time) error {
	running := slices.DeleteFunc(slices.Clone(replicas), func(r replica) bool { return !r.counts() || told[r.id].IsZero() })
	running, err := t.inspectAll(ctx, running)
	if err != nil {
		return err
	}
	for _, r := range running {
		at := told[r.id]
		if r.started().Before(at) && time.Since(at) < r.grace()+docker.Margin {
			return fmt.Errorf("%s was told to stop, and has up to %s to do so", r.name, r.grace())
		}
	}
	return nil
}

// told is when containers with the labels were last sent a signal to stop since an instant, by id, as far as the engine
// remembers.
func (t *Target) told(ctx context.Context, labels []string, since time.Time) (map[string]time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	if err := t.docker.Settle(ctx); err != nil { // a stream of events reads the version that a first call beside it writes
		return nil, err
	}
	messages, errs := t.events(ctx, events.ListOptions{Since: timestamp(since), Until: timestamp(time.Now())}, labels, events.ActionKill)
	told := map[string]time.Time{}
	for {
		select {
		case m := <-messages:
			if t.stops(ctx, m) {
				told[m.Actor.ID] = time.Unix(0, m.TimeNano)
			}
		case err := <-errs:
			if errors.Is(err, io.EOF) { // that was the last
				err = nil
			}
			return told, err
		}
	}
}

// timestamp is how the engine takes an instant.
func timestamp(at time.Time) string { return fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond()) }
