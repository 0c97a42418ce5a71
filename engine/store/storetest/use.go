package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Use writes some of everything that a store keeps. name tells it from what another call has written.
func Use(tb testing.TB, ledger store.Store, name string) {
	tb.Helper()
	ctx := tb.Context()
	check(tb, ledger.SetEnabled(ctx, true, name, start))
	check(tb, ledger.Pause(ctx, "compose//"+name, engine.Pause{Service: name, Since: start, Actor: name, Reason: "a sale"}))
	check(tb, ledger.Pause(ctx, "", engine.Pause{Since: start, Actor: name, Reason: "Docker is updated"}))
	record := func(seconds int, action engine.Action, mode engine.Mode, s engine.State) {
		r := decided(seconds, action, "Steady")
		r.Policy, r.Service, r.Mode, r.Revision = name, name, mode, name+" r1"
		check(tb, ledger.Record(ctx, r, s))
	}
	done, open, imagined := opened(name+" e1", 20), opened(name+" e2", 60), opened(name+" e3", 65)
	for _, e := range []*engine.Event{&done, &open, &imagined} {
		e.Policy, e.Service, e.Actor = name, name, name
	}
	imagined.Mode = engine.Shadow
	state := engine.State{Virtual: 7, Cooldown: engine.Deadlines{Up: engine.Deadline{Until: start.Add(time.Hour), Wait: time.Hour}}}
	record(0, engine.Hold, engine.Live, engine.State{})
	record(10, engine.Hold, engine.Live, engine.State{})
	record(20, engine.ScaleUp, engine.Live, engine.State{Open: &done})
	check(tb, ledger.Close(ctx, ended(done, time.Minute), policy(name, engine.Live), state))
	record(60, engine.ScaleUp, engine.Live, engine.State{Virtual: 7, Cooldown: state.Cooldown, Open: &open})
	record(65, engine.ScaleUp, engine.Shadow, engine.State{Virtual: 3, Open: &imagined})
	check(tb, ledger.Close(ctx, ended(opened(name+" seen", 70), 0), policy(name+" without a record", engine.Live), engine.State{Virtual: 9}))
	for _, replica := range []string{"", "r1"} {
		one := engine.Series{Subject: "live/" + name, Metric: "cpu", Signal: "s1", Replica: replica}
		for i := range 500 { // two full chunks, and an open one
			one.Points = append(one.Points, engine.Point{At: after(float64(15 * i)), Value: float64(i % 90)})
		}
		ledger.Keep([]engine.Series{one})
		check(tb, ledger.Flush(ctx, after(7500)))
	}
	check(tb, ledger.Audit(ctx, store.Entry{At: start, Actor: name, Kind: store.OfDaemon, Message: "started"}))
	check(tb, ledger.Learn(ctx, store.Revision{ID: name + " r1", At: start, Policy: policy(name, engine.Live)}))
	dead := message(name+" m2", 5)
	dead.Dead = true
	check(tb, ledger.Post(ctx, 3, message(name+" m1", 0), dead))
	check(tb, ledger.PutToken(ctx, token(name+" t1", 0, 0), access("t1")))
	check(tb, ledger.PutUser(ctx, user(name+"@example.org"), access(name)))
	check(tb, ledger.PutToken(ctx, session(name+" s1", name+"@example.org", 1), access("s1")))
	check(tb, ledger.PutDocument(ctx, document(name, "1"), "", posting(name)))
	check(tb, ledger.Audit(ctx, store.Entry{At: start, Actor: name, Kind: store.OfTrouble, Reason: "SourceGone", Message: "it does not answer"}))
}

// Everything is all that a store exports, in one part: what has no order of its own is sorted.
func Everything(tb testing.TB, ledger store.Store) store.Part {
	tb.Helper()
	var all store.Part
	check(tb, ledger.Export(tb.Context(), func(p store.Part) error {
		if p.Switch != nil {
			all.Switch = p.Switch
		}
		if !p.Rebuilt.IsZero() {
			all.Rebuilt = p.Rebuilt
		}
		for place, pause := range p.Pauses {
			if all.Pauses == nil {
				all.Pauses = map[string]engine.Pause{}
			}
			all.Pauses[place] = pause
		}
		all.Subjects = append(all.Subjects, p.Subjects...)
		all.Rows = append(all.Rows, p.Rows...)
		all.Events = append(all.Events, p.Events...)
		all.Chunks = append(all.Chunks, p.Chunks...)
		all.Entries = append(all.Entries, p.Entries...)
		all.Revisions = append(all.Revisions, p.Revisions...)
		all.Messages = append(all.Messages, p.Messages...)
		all.Tokens = append(all.Tokens, p.Tokens...)
		all.Users = append(all.Users, p.Users...)
		all.Documents = append(all.Documents, p.Documents...)
		all.Posted = max(all.Posted, p.Posted)
		return nil
	}))
	slices.SortFunc(all.Subjects, func(a, b store.Subject) int { return cmp.Compare(a.Subject, b.Subject) })
	slices.SortFunc(all.Rows, func(a, b store.Row) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Entries, func(a, b store.Entry) int { return cmp.Compare(a.Number, b.Number) })
	slices.SortFunc(all.Revisions, func(a, b store.Revision) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Messages, func(a, b store.Message) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Tokens, func(a, b store.Token) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(all.Users, func(a, b store.User) int { return cmp.Compare(a.Email, b.Email) })
	slices.SortFunc(all.Documents, func(a, b store.Document) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(all.Chunks, func(a, b store.Chunk) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Signal, b.Signal),
			cmp.Compare(a.Replica, b.Replica), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last))
	})
	return all
}

// whole gives a part by itself.
func whole(p store.Part) func(func(store.Part) error) error {
	return func(take func(store.Part) error) error { return take(p) }
}
