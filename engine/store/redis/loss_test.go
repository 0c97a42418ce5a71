package redis

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// FLUSHALL takes everything. Nothing is written until whoever leads has begun anew, with what people turned put back.
func TestLiveFlushed(t *testing.T) {
	ctx := t.Context()
	redis := start(t)
	var log journal
	s := leader(t, Options{URL: redis.url(), Log: log.log()})
	before := s.saw()
	record(t, s, 1)
	pause := engine.Pause{Service: "web", Since: now, Actor: "anna", Reason: "a sale"}
	check(t, s.SetEnabled(ctx, true, "anna", now))
	check(t, s.Pause(ctx, web.Target.Service("web"), pause))

	redis.do("FLUSHALL")
	if err := s.Record(ctx, decided(2, engine.ScaleUp), engine.State{}); !errors.Is(err, errLost) {
		t.Errorf("a write after the loss: %v", err)
	}
	isError(t, s.Audit(ctx, store.Entry{}), "has lost writes")
	isError(t, s.SetEnabled(ctx, false, "ben", now), "has lost writes")
	_, err := s.State(ctx, web)
	isError(t, err, "has lost writes")

	began := time.Now()
	lease := lead(t, s)
	if lease.Epoch <= before.epoch || s.saw().generation == before.generation || s.saw().seq <= before.seq {
		t.Errorf("lease is %+v, the store has seen %+v; want more than %+v", lease, s.saw(), before)
	}
	state := virtual(t, s)
	if state.Virtual != 0 || !state.Enabled || len(state.Pauses) != 1 || state.Pauses[0] != pause {
		t.Errorf("state is %+v; want it empty, enabled and paused", state)
	}
	if up, down := state.Cooldown.Up, state.Cooldown.Down; up.Until.Before(began.Add(5*time.Minute)) || up.Wait != 5*time.Minute ||
		down.Until.Before(began.Add(10*time.Minute)) {
		t.Errorf("cooldown is %+v; want a full one", state.Cooldown)
	}
	record(t, s, 3)
	if state := virtual(t, s); state.Virtual != 3 || state.Cooldown != (engine.Deadlines{}) {
		t.Errorf("state is %+v; want the one that was recorded", state)
	}
	entries, err := s.Audited(ctx, store.Filter{Kind: store.OfStore})
	if err != nil || len(entries) != 1 || !strings.Contains(log.String(), "level=ERROR") ||
		!strings.Contains(entries[0].Message, "Redis has lost all that was written") {
		t.Errorf("the audit log has %+v (%v), the log %s; want both to say it", entries, err, &log)
	}
}

func TestLiveFirst(t *testing.T) {
	ctx := t.Context()
	redis := start(t)
	s := follower(t, Options{URL: redis.url()})
	if state := virtual(t, s); !state.Cooldown.Up.Until.IsZero() {
		t.Errorf("state is %+v", state)
	}
	isError(t, s.SetEnabled(ctx, true, "anna", now), "no daemon has led yet")
	lead(t, s)
	record(t, s, 1)
	record(t, s, 2)
	if rows, err := s.Decisions(ctx, "web", 0); err != nil || len(rows) != 2 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	event := engine.Event{ID: "e1", Policy: "web", Service: "web", Action: engine.ScaleUp, From: 1, To: 2, Started: now}
	check(t, s.Record(ctx, decided(3, engine.ScaleUp), engine.State{Open: &event}))
	open, err := s.OpenEvents(ctx)
	if err != nil || len(open) != 1 {
		t.Errorf("%+v %v", open, err)
	}
	event.Ended, event.Result = now.Add(time.Second), engine.Succeeded
	check(t, s.Close(ctx, event, web, engine.State{}))
	entries, err := s.Audited(ctx, store.Filter{})
	t.Log(entries, err)
}
