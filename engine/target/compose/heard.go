package compose

import (
	"context"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// The pause before the engine is asked for its events again, which grows while it does not answer.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// Watch calls touched when a container of a compose service is created, started, stopped, renamed or removed, by whomever,
// until ctx ends: see control.Watcher. What happens while the engine can't be heard is missed, and the engine drops what
// touched is too slow for. One-off containers are nobody's replicas.
func (t *Target) Watch(ctx context.Context, touched func(project, service string)) {
	var pause time.Duration
	told := false
	for ctx.Err() == nil {
		began := time.Now()
		err := t.hear(ctx, touched)
		if ctx.Err() != nil {
			return
		}
		pause = next(pause, time.Since(began))
		if errdefs.IsPermissionDenied(err) && !told {
			t.log.Warn("what others do to services is noticed late", "error", err)
			told = true
		}
		t.log.Debug("the engine's events have ended", "error", err, "again_in", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// next is the pause after one and a subscription that lasted this long: one that held was no failure.
func next(pause, lasted time.Duration) time.Duration {
	if pause == 0 || lasted > pause {
		return firstPause
	}
	return min(2*pause, longestPause)
}

// hear passes on what the engine reports until it does no more, and answers why.
func (t *Target) hear(ctx context.Context, touched func(project, service string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	brief, done := context.WithTimeout(ctx, readDeadline) // whoever else calls the engine first waits for this
	err := t.docker.Settle(brief)
	done()
	if err != nil {
		return err
	}
	messages, errs := t.events(ctx, events.ListOptions{}, []string{projectLabel, serviceLabel, oneoffLabel + "=False"},
		events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionDestroy, events.ActionRename)
	for {
		select {
		case m := <-messages:
			touched(m.Actor.Attributes[projectLabel], m.Actor.Attributes[serviceLabel])
		case err := <-errs:
			return t.docker.Explain(docker.HearEvents, "hear the engine's events", err)
		}
	}
}

// events are what the engine reports of containers that have all the labels, until ctx ends. The error comes last.
func (t *Target) events(ctx context.Context, o events.ListOptions, labels []string, actions ...events.Action) (<-chan events.Message, <-chan error) {
	o.Filters = filters.NewArgs(filters.Arg("type", string(events.ContainerEventType)))
	for _, label := range labels {
		o.Filters.Add("label", label)
	}
	for _, action := range actions {
		o.Filters.Add("event", string(action))
	}
	return t.docker.Events(ctx, o)
}

// labels are those that all containers of the service have.
func (s service) labels() []string {
	return append(s.projectLabels(), serviceLabel+"="+s.name)
}

// projectLabels are those that all containers of the service's project have, but for one-off ones.
func (s service) projectLabels() []string {
	return []string{projectLabel + "=" + s.project, oneoffLabel + "=False"}
}
