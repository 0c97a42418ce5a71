package compose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/docker/docker/api/types/events"

	"github.com/flyball-dev/flyball/engine"
)

// watch stops a batch of starts when somebody else stops a container of the service's project, or removes one of the
// service, as `docker compose down` and `up` do: a replica that starts in the middle of those is lost, or keeps a network
// from being removed. It returns once the engine reports events, or false where it can't: then nothing is stopped, for
// events are hints.
func (t *Target) watch(ctx context.Context, s service, stop context.CancelCauseFunc) (heard bool) {
	subscribed := make(chan struct{})
	go func() {
		messages, errs := t.events(ctx, events.ListOptions{}, s.projectLabels(), events.ActionKill, events.ActionDestroy)
		close(subscribed)
		for {
			select {
			case m := <-messages:
				if t.disturbs(ctx, s, m) {
					stop(fmt.Errorf("somebody else stopped or removed container %s meanwhile", m.Actor.Attributes["name"]))
					return
				}
			case <-errs: // also when ctx ends
				return
			}
		}
	}()
	select {
	case <-subscribed:
		return true
	case <-ctx.Done():
	case <-time.After(subscribeDeadline): // an engine or proxy that withholds its answer
	}
	return false
}

const subscribeDeadline = 2 * time.Second

// disturbs says whether an event of the project's speaks against starting replicas of the service. That another service's
// container is removed does not: where it ran it was told to stop before.
func (t *Target) disturbs(ctx context.Context, s service, m events.Message) bool {
	switch {
	case t.owns(m.Actor.ID):
		return false
	case m.Action == events.ActionDestroy:
		return m.Actor.Attributes[serviceLabel] == s.name
	}
	return t.stops(ctx, m)
}

// calm looks at the service once more, now that its project is watched, and is an error where somebody was at it before.
// Heard is false where the engine does not tell its events.
func (t *Target) calm(ctx context.Context, s service, p engine.Policy) (now service, heard bool, err error) {
	told, untold := t.told(ctx, s.projectLabels(), time.Now().Add(-longestStop))
	if now, err = t.find(ctx, p); err != nil {
		return s, false, err
	}
	if why := now.rollout(); why != "" {
		return now, false, errors.New(why)
	}
	for _, r := range s.current() {
		if after, found := now.byID(r.id); !found || !after.counts() {
			return now, false, fmt.Errorf("somebody else stopped or removed container %s meanwhile", r.name)
		}
	}
	maps.DeleteFunc(told, func(id string, _ time.Time) bool { return t.owns(id) })
	if len(told) == 0 {
		return now, untold == nil, nil
	}
	found, err := t.list(ctx, s.projectLabels()...)
	if err != nil {
		return now, false, err
	}
	if err := t.stopping(ctx, allListed(found), told); err != nil {
		return now, false, fmt.Errorf("somebody is stopping containers of project %s, and what starts meanwhile may outlive a `docker compose down`: %w", s.project, err)
	}
	return now, untold == nil, nil
}

// leaving says that somebody is stopping the service: a replica that runs was told to stop, and not by this target. What
// starts meanwhile would stay behind. Where the engine does not tell its events nobody knows.
func (t *Target) leaving(ctx context.Context, s service) string {
	told, err := t.told(ctx, s.labels(), time.Now().Add(-longestStop))
	maps.DeleteFunc(told, func(id string, _ time.Time) bool { return t.owns(id) })
	if err != nil || len(told) == 0 {
		return ""
	}
	if err := t.stopping(ctx, s.current(), told); err != nil {
		return "somebody is stopping the service: " + err.Error()
	}
	return ""
}

// own notes that this target is about to stop or remove a container itself, and for how long the engine may report that.
func (t *Target) own(id string, longest time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(t.owned, func(_ string, until time.Time) bool { return until.Before(now) })
	t.owned[id] = now.Add(longest)
}

func (t *Target) owns(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Before(t.owned[id])
}

// other are the signals by which programs are told something else than to stop, unless one is the container's stop signal.
var other = map[string]string{"1": "HUP", "10": "USR1", "12": "USR2"}

// stops says whether a signal told a container to stop.
func (t *Target) stops(ctx context.Context, m events.Message) bool {
	number := m.Actor.Attributes["signal"]
	name, found := other[number]
	if !found {
		return true
	}
	c, err := t.inspect(ctx, m.Actor.ID)
	if err != nil {
		return true
	}
	stop := strings.TrimPrefix(strings.ToUpper(c.Config.StopSignal), "SIG")
	return stop == name || stop == number
}
