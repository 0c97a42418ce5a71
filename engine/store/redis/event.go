package redis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

const openField = "open:" // with the event's id

// intent is an event in the core.
type intent struct {
	happening
	store.Intent
}

func readIntent(id, value string) (intent, error) {
	words := strings.SplitN(value, " ", 3)
	if len(words) < 3 {
		return intent{}, fmt.Errorf("intent %s can't be read: it says %q", id, value)
	}
	i := intent{happening: happening{id: id, number: number(words[0]), started: instant(words[1])}}
	if err := json.Unmarshal([]byte(words[2]), &i.Intent); err != nil {
		return intent{}, fmt.Errorf("intent %s can't be read: %w", id, err)
	}
	i.label = label{Mode: i.Intent.Mode, Service: i.Event.Service}
	return i, nil
}

// intents are those of the core, in no order.
func intents(core map[string]string) ([]intent, error) {
	var all []intent
	for field, value := range core {
		id, is := strings.CutPrefix(field, openField)
		if !is {
			continue
		}
		i, err := readIntent(id, value)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

// History lists the events of a service, the newest first. An empty service means all; a limit of 0 or less, no limit.
func (s *Store) History(ctx context.Context, service string, limit int) ([]engine.Event, error) {
	events, err := s.events(ctx, func(e happening) bool { return service == "" || e.Service == service }, limit)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	return events, nil
}

// events are those that are wanted, open ones too, the newest first.
func (s *Store) events(ctx context.Context, want func(happening) bool, limit int) ([]engine.Event, error) {
	var core, ended *client.MapStringStringCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
		core, ended = p.HGetAll(ctx, s.coreKey()), p.HGetAll(ctx, key(endedKey))
	})
	if err != nil {
		return nil, err
	}
	open, err := intents(core.Val())
	if err != nil {
		return nil, err
	}
	var found []happening
	known := map[string]engine.Event{}
	for _, i := range open {
		if _, has := ended.Val()[i.id]; !has && want(i.happening) { // else it has ended between the two
			found = append(found, i.happening)
			known[i.id] = i.Event
		}
	}
	for id, value := range ended.Val() {
		e, err := readHappening(id, value)
		if err != nil {
			return nil, err
		}
		if want(e) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b happening) int { return b.before(a) })
	if limit > 0 {
		found = found[:min(limit, len(found))]
	}
	return s.bodies(ctx, found, known)
}

// bodies reads the events that are not known yet, but for those that were dropped meanwhile.
func (s *Store) bodies(ctx context.Context, found []happening, known map[string]engine.Event) ([]engine.Event, error) {
	all := []engine.Event{}
	for some := range slices.Chunk(found, page) {
		ids := make([]string, len(some))
		for i, e := range some {
			ids[i] = e.id
		}
		values, err := s.fields(ctx, eventsKey, ids)
		if err != nil {
			return nil, err
		}
		for i, one := range values {
			e, is := known[ids[i]]
			if one != nil && !is {
				if e, err = unpack[engine.Event](text(one)); err != nil {
					return nil, fmt.Errorf("event %s: %w", ids[i], err)
				}
				is = true
			}
			if is {
				all = append(all, e)
			}
		}
	}
	return all, nil
}

// Event is the event of an id; false where there is none, or none any more.
func (s *Store) Event(ctx context.Context, id string) (engine.Event, bool, error) {
	var open, packed *client.StringCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
		open, packed = p.HGet(ctx, s.coreKey(), openField+id), p.HGet(ctx, key(eventsKey), id)
	})
	var e engine.Event
	switch {
	case err != nil:
	case packed.Err() == nil:
		e, err = unpack[engine.Event](packed.Val())
	case open.Err() == nil:
		var i intent
		i, err = readIntent(id, open.Val())
		e = i.Event
	default:
		return e, false, nil
	}
	if err != nil {
		return engine.Event{}, false, fmt.Errorf("look into the ledger: %w", err)
	}
	return e, true, nil
}

// OpenEvents lists the intents that have not ended, the oldest first: after a crash, what must be looked into.
func (s *Store) OpenEvents(ctx context.Context) ([]store.Intent, error) {
	core, err := s.wholeCore(ctx)
	var found []intent
	if err == nil {
		found, err = intents(core)
	}
	if err != nil {
		return nil, fmt.Errorf("read open events: %w", err)
	}
	slices.SortFunc(found, func(a, b intent) int { return cmp.Compare(a.number, b.number) })
	open := []store.Intent{}
	for _, i := range found {
		open = append(open, i.Intent)
	}
	return open, nil
}

const stateField = "state:" // with the subject

// Halfway lists the interrupted events whose traces may still be there.
func (s *Store) Halfway(ctx context.Context) ([]engine.Event, error) {
	core, err := s.wholeCore(ctx)
	if err != nil {
		return nil, fmt.Errorf("read interrupted events: %w", err)
	}
	left := []engine.Event{}
	for _, field := range slices.Sorted(maps.Keys(core)) {
		if !strings.HasPrefix(field, stateField) {
			continue
		}
		var state struct{ Halfway *engine.Event }
		if err := json.Unmarshal([]byte(core[field]), &state); err != nil {
			return nil, fmt.Errorf("read interrupted events: %s: %w", field, err)
		}
		if state.Halfway != nil {
			left = append(left, *state.Halfway)
		}
	}
	return left, nil
}
