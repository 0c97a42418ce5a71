package redis

import (
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// What is past its retention goes with the next record of a later hour; what decisions stand on, or are explained by, stays.
func TestLivePrune(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	s := leader(t, Options{URL: redis.url(), KeepAudit: 200 * 24 * time.Hour})
	at := func(days int) time.Time { return now.Add(time.Duration(days) * 24 * time.Hour) }
	decide := func(days int, policy, revision string, open *engine.Event) {
		t.Helper()
		r := decided(0, engine.ScaleUp)
		r.At, r.Policy, r.Service, r.Revision = at(days), policy, policy, revision
		check(t, s.Record(ctx, r, engine.State{Open: open}))
	}
	event := func(id string, days int) engine.Event {
		return engine.Event{ID: id, Policy: "web", Service: "web", Started: at(days), Ended: at(days), Result: engine.Seen}
	}
	open := event("open", 0)
	open.Ended, open.Result = time.Time{}, ""
	for _, r := range []string{"r1", "r2", "unnamed"} {
		check(t, s.Learn(ctx, store.Revision{ID: r, At: at(0)}))
	}
	decide(0, "web", "r1", &open)
	decide(1, "web", "r1", nil)
	decide(2, "quiet", "r2", nil) // its only one
	check(t, s.Close(ctx, event("old", 5), web, engine.State{}))
	check(t, s.Close(ctx, event("new", 100), web, engine.State{}))
	decide(100, "web", "r3", nil)
	check(t, s.Learn(ctx, store.Revision{ID: "fresh", At: at(100)}))
	kept := func(want string) {
		t.Helper()
		rows, err := s.Decisions(ctx, "", 0)
		check(t, err)
		events, err := s.History(ctx, "", 0)
		check(t, err)
		entries, err := s.Audited(ctx, store.Filter{})
		check(t, err)
		got := ""
		for _, r := range rows {
			got += r.Record.Policy + " "
		}
		for _, e := range events {
			got += e.ID + " "
		}
		for _, id := range []string{"r1", "r2", "unnamed", "fresh"} {
			if _, known, err := s.Revision(ctx, id); known && err == nil {
				got += id + " "
			}
		}
		if got += fmt.Sprint(entries[0].Number, "-", entries[len(entries)-1].Number); got != want {
			t.Errorf("kept are %s; want %s", got, want)
		}
	}
	kept("web quiet new open r2 fresh 1-3")
	decide(210, "web", "r3", nil)
	kept("web quiet open r2 3-3")
	sane(t, s)
}
