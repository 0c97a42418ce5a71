package redis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// follows is the epoch of who does not lead: it is nobody's.
const follows = int64(-2)

// State is what was last recorded for a policy's subject, with the pauses of its service and of all, and the global switch,
// which is off where it was never set. The budget is not stored. Where nothing was recorded it is the zero state; and where
// nothing was since the store was begun anew, there is a full cooldown from then on.
func (s *Store) State(ctx context.Context, p engine.Policy) (engine.State, error) {
	epoch := cmp.Or(s.saw().leads, follows)
	state, err := s.state(ctx, p)
	state.Epoch = epoch
	if err == nil {
		err = s.refreshTurned(ctx)
	}
	if err != nil {
		return engine.State{}, fmt.Errorf("read state of policy %s: %w", p.Name, err)
	}
	return state, nil
}

func (s *Store) state(ctx context.Context, p engine.Policy) (state engine.State, err error) {
	subject := p.Subject()
	places := []string{p.Target.Service(p.Service), ""}
	values, err := s.core(ctx, "state:"+subject, "written:"+subject, "rebuilt", "rebuilt_seq", switchField,
		pauseField+places[0], pauseField+places[1])
	if err != nil {
		return state, err
	}
	kept, written, rebuilt, rebuiltSeq, global, pauses := values[0], values[1], values[2], values[3], values[4], values[5:]
	if kept != nil {
		if err := json.Unmarshal([]byte(text(kept)), &state); err != nil {
			return state, err
		}
	}
	if rebuilt != nil && number(written) <= number(rebuiltSeq) {
		state.Cooldown = store.Delayed(state.Cooldown, p, instant(text(rebuilt)))
	}
	for _, value := range pauses {
		if value == nil {
			continue
		}
		var pause engine.Pause
		if err := json.Unmarshal([]byte(text(value)), &pause); err != nil {
			return state, err
		}
		state.Pauses = append(state.Pauses, pause)
	}
	is, _, err := switchOf(global)
	state.Enabled = is.On
	return state, err
}
