package compose

import (
	"context"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/events"
)

// watch stops a batch of starts when somebody else stops or removes a container of the service, as `docker compose down`
// and `up` do: a replica that starts in the middle of those is lost, or keeps a network from being removed. It returns
// once the engine reports events; where it can't, nothing is stopped, for events are hints. A batch removes nothing while
// it runs, so whatever is stopped meanwhile was stopped by others.
func (t *Target) watch(ctx context.Context, s service, stop context.CancelCauseFunc) {
	subscribed := make(chan struct{})
	go func() {
		messages, errs := t.events(ctx, events.ListOptions{}, s.labels(), events.ActionKill, events.ActionDestroy)
		close(subscribed)
		for {
			select {
			case m := <-messages:
				if m.Action == events.ActionKill && harmless(m.Actor.Attributes["signal"]) {
					continue
				}
				stop(fmt.Errorf("somebody else stopped or removed container %s meanwhile", m.Actor.Attributes["name"]))
				return
			case <-errs: // also when ctx ends
				return
			}
		}
	}()
	select {
	case <-subscribed:
	case <-ctx.Done():
	case <-time.After(subscribeDeadline): // an engine or proxy that withholds its answer
	}
}

const subscribeDeadline = 2 * time.Second

// harmless are the signals by which programs are told something else than to stop: HUP, USR1, USR2.
func harmless(signal string) bool {
	return signal == "1" || signal == "10" || signal == "12"
}
