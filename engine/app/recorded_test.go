package app

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// What status takes for the state of a policy is what the store has.
func TestStatesAreThoseOfTheStore(t *testing.T) {
	o, _ := place(t)
	o.Enabled = true
	a := begin(t, o)
	p := a.atWork()[0]
	if _, known := a.states.of(p.Subject()); known {
		t.Fatal("a state is known before anything was written")
	}
	for range 3 {
		if _, _, err := a.loop.Cycle.Run(t.Context(), p, a.loop.Now()); err != nil {
			t.Fatal(err)
		}
		kept, err := a.stateOf(t.Context(), p)
		stored, err2 := a.store.State(t.Context(), p)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if _, known := a.states.of(p.Subject()); !known || own(t, kept) != own(t, stored) {
			t.Errorf("known %v\n%s, and the store has\n%s", known, own(t, kept), own(t, stored))
		}
	}
	a.states.keep(p.Subject(), engine.State{}, errors.New("it may have been written, or not"))
	if _, known := a.states.of(p.Subject()); known {
		t.Error("a state is known that may have been written, or not")
	}
}

// own is a state without what is of all policies.
func own(t *testing.T, st engine.State) string {
	t.Helper()
	st.Enabled, st.Pauses, st.Budget = false, nil, engine.Budget{}
	text, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
