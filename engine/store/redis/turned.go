package redis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

const (
	switchField = "switch"
	pauseField  = "pause:" // with the place

	tokenField    = "token:"    // with the id
	userField     = "user:"     // with the email
	documentField = "document:" // with the name
)

// turned is what people turned, or changed by the API, as it was last read: what is put back where Redis has lost it.
type turned struct {
	known  bool
	turns  int64
	global string            // the switch; empty: nobody has set it
	fields map[string]string // all the rest
}

// named are the fields that begin in a way, without that.
func (t turned) named(prefix string) map[string]string {
	all := map[string]string{}
	for field, value := range t.fields {
		if name, is := strings.CutPrefix(field, prefix); is {
			all[name] = value
		}
	}
	return all
}

// isTurned says of a field of the core that people turn it.
func isTurned(field string) bool {
	return slices.ContainsFunc([]string{pauseField, tokenField, userField, documentField}, func(prefix string) bool {
		return strings.HasPrefix(field, prefix)
	})
}

func (s *Store) lastTurned() turned {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turned
}

// refreshTurned reads what people turned, where they have since it was last read.
func (s *Store) refreshTurned(ctx context.Context) error {
	if last := s.lastTurned(); last.known && last.turns == s.saw().turns {
		return nil
	}
	_, err := s.readTurned(ctx)
	return err
}

func (s *Store) readTurned(ctx context.Context) (turned, error) {
	core, err := s.wholeCore(ctx)
	if err != nil {
		return turned{}, err
	}
	now := turned{known: true, turns: number(core["turns"]), global: core[switchField], fields: map[string]string{}}
	for field, value := range core {
		if isTurned(field) {
			now.fields[field] = value
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.turns >= s.turned.turns {
		s.turned = now
	}
	return now, nil
}

// SetEnabled sets the global switch.
func (s *Store) SetEnabled(ctx context.Context, on bool, actor string, at time.Time) error {
	value, err := json.Marshal(store.Switch{On: on, Actor: actor, At: at})
	if err == nil {
		_, err = s.turn(ctx, switchField, string(value), "", store.Turned(on, actor, at))
	}
	if err != nil {
		return fmt.Errorf("set the global switch: %w", err)
	}
	return nil
}

// Switch is the global switch as it was last set; known is false where it never was.
func (s *Store) Switch(ctx context.Context) (is store.Switch, known bool, err error) {
	values, err := s.core(ctx, switchField)
	if err != nil {
		return store.Switch{}, false, fmt.Errorf("read the global switch: %w", err)
	}
	return switchOf(values[0])
}

func switchOf(value any) (is store.Switch, known bool, err error) {
	if value == nil {
		return store.Switch{}, false, nil
	}
	if err := json.Unmarshal([]byte(text(value)), &is); err != nil {
		return store.Switch{}, false, fmt.Errorf("read the global switch: %w", err)
	}
	return is, true, nil
}

// Pause pauses a service, or all where place is empty, in the place of the pause that it had.
func (s *Store) Pause(ctx context.Context, place string, p engine.Pause) error {
	value, err := json.Marshal(p)
	if err == nil {
		_, err = s.turn(ctx, pauseField+place, string(value), "", store.Paused(p))
	}
	if err != nil {
		return fmt.Errorf("record the pause: %w", err)
	}
	return nil
}

// Resume ends the pause of a service, or that of all where place is empty. Where there is none it does nothing.
func (s *Store) Resume(ctx context.Context, place, actor string, at time.Time) error {
	for {
		done, err := s.resume(ctx, place, actor, at)
		if err != nil {
			return fmt.Errorf("end the pause: %w", err)
		}
		if done {
			return nil
		}
	}
}

// resume is false where somebody else turned the same in between.
func (s *Store) resume(ctx context.Context, place, actor string, at time.Time) (bool, error) {
	values, err := s.core(ctx, pauseField+place)
	if err != nil || values[0] == nil {
		return true, err
	}
	var p engine.Pause
	if err := json.Unmarshal([]byte(text(values[0])), &p); err != nil {
		return false, err
	}
	return s.turn(ctx, pauseField+place, "", text(values[0]), store.Resumed(p, actor, at))
}

// turn gives a field a value, or takes it away where that is empty, if it has the one that it must have. It is false where
// somebody else has turned that in between.
func (s *Store) turn(ctx context.Context, field, value, must string, entry store.Entry) (bool, error) {
	line, err := entryText(entry)
	if err != nil {
		return false, err
	}
	for {
		answer, err := s.run(ctx, s.scripts.turn, []string{auditKey}, rand.Text(), field, value, must, keepEntries, line)
		if err != nil {
			return false, err
		}
		if text(answer[0]) == "ok" {
			_ = s.refreshTurned(ctx) // what can't be read now is with the next lease
			return true, nil
		}
		if must != "" {
			return false, nil
		}
		if _, err := s.readTurned(ctx); err != nil {
			return false, err
		}
	}
}

// Pauses are the pauses that nobody has resumed, by the place of their service, which is empty for that of all services.
// Some of them may be over.
func (s *Store) Pauses(ctx context.Context) (map[string]engine.Pause, error) {
	now, err := s.readTurned(ctx)
	all := map[string]engine.Pause{}
	for place, value := range now.named(pauseField) {
		var p engine.Pause
		err = errors.Join(err, json.Unmarshal([]byte(value), &p))
		all[place] = p
	}
	if err != nil {
		return nil, fmt.Errorf("read the pauses: %w", err)
	}
	return all, nil
}
