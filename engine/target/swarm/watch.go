package swarm

import (
	"context"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// reconnectEach is the pause before an engine that ended the stream of events is asked for it again.
const reconnectEach = time.Second

// taskLabel is on every container of a task: the full name of its service.
const taskLabel = "com.docker.swarm.service.name"

// Watch calls touched when a service is changed or a container of a task on this node is, until ctx ends: see
// control.Watcher. What changes on other nodes shows once it changes the service.
func (t *Target) Watch(ctx context.Context, touched func(project, service string)) {
	told := false
	for ctx.Err() == nil {
		err := t.hear(ctx, touched)
		switch {
		case ctx.Err() != nil:
			return
		case errdefs.IsPermissionDenied(err) && !told:
			t.log.Warn("what others do to services is noticed late", "error", err)
			told = true
		default:
			t.log.Debug("the stream of events ended", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(reconnectEach):
		}
	}
}

// hear listens until the stream ends, and answers why it did.
func (t *Target) hear(ctx context.Context, touched func(project, service string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	brief, done := context.WithTimeout(ctx, readDeadline)
	err := t.docker.Settle(brief)
	done()
	if err != nil {
		return err
	}
	args := filters.NewArgs(filters.Arg("type", string(events.ServiceEventType)), filters.Arg("type", string(events.ContainerEventType)))
	for _, action := range []events.Action{events.ActionCreate, events.ActionUpdate, events.ActionRemove, events.ActionStart, events.ActionDie, events.ActionDestroy} {
		args.Add("event", string(action))
	}
	messages, errs := t.docker.Events(ctx, events.ListOptions{Filters: args})
	for {
		select {
		case m := <-messages:
			name := m.Actor.Attributes["name"]
			if m.Type == events.ContainerEventType {
				name = m.Actor.Attributes[taskLabel]
			}
			for _, as := range readings(name) {
				touched(as[0], as[1])
			}
		case err := <-errs: // also when ctx ends
			return t.docker.Explain(docker.HearEvents, "hear the engine's events", err)
		}
	}
}

// readings are the ways to read a service's full name as a stack's and its own. The events of a service don't carry the
// stack, and either may have an underscore in it; of two ways to read one name at most one is there.
func readings(full string) [][2]string {
	if full == "" {
		return nil
	}
	ways := [][2]string{{"", full}}
	for i, c := range full {
		if c == '_' && i > 0 && i < len(full)-1 {
			ways = append(ways, [2]string{full[:i], full[i+1:]})
		}
	}
	return ways
}
