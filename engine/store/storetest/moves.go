package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

func (s Suite) unused(t *testing.T) {
	ctx := t.Context()
	event := ended(opened("e1", 0), time.Second)
	for name, use := range map[string]func(ledger store.Store) error{
		"on":       func(l store.Store) error { return l.SetEnabled(ctx, true, "anna", start) },
		"a pause":  func(l store.Store) error { return l.Pause(ctx, "", engine.Pause{Since: start}) },
		"a record": func(l store.Store) error { return l.Record(ctx, decided(0, engine.Hold, "Steady"), engine.State{}) },
		"an event": func(l store.Store) error { return l.Close(ctx, event, policy("web", engine.Live), engine.State{}) },
		"an entry": func(l store.Store) error { return l.Audit(ctx, store.Entry{At: start, Kind: store.OfDaemon}) },
		"revision": func(l store.Store) error { return l.Learn(ctx, store.Revision{ID: "r1", At: start}) },
		"message":  func(l store.Store) error { return l.Post(ctx, 0, message("m1", 0)) },
		"told":     func(l store.Store) error { return l.Post(ctx, 1) },
		"token":    func(l store.Store) error { return l.PutToken(ctx, token("t1", 0, 0), access("t1")) },
		"person":   func(l store.Store) error { return l.PutUser(ctx, user("ben"), access("ben")) },
		"policy":   func(l store.Store) error { return l.PutDocument(ctx, document("web", "1"), "", posting("web")) },
		"a sample": func(l store.Store) error {
			l.Keep([]engine.Series{cpu(0)})
			return l.Flush(ctx, noon)
		},
		"a move": func(l store.Store) error {
			return l.Replace(ctx, whole(store.Part{Revisions: []store.Revision{{ID: "r1", At: start}}}), time.Time{})
		},
		"a move of nothing, and a loss": func(l store.Store) error { return l.Replace(ctx, whole(store.Part{}), start) },
	} {
		t.Run(name, func(t *testing.T) {
			ledger := s.fresh(t)
			if !must(ledger.Empty(ctx))(t) {
				t.Error("a new store is not empty")
			}
			check(t, use(ledger))
			if must(ledger.Empty(ctx))(t) {
				t.Error("a store that was used is empty")
			}
		})
	}
}

func (s Suite) moves(t *testing.T) {
	ctx := t.Context()
	old := s.fresh(t)
	same(t, "export of a new store", Everything(t, old), store.Part{})
	Use(t, old, "web")
	check(t, old.Replace(ctx, whole(Everything(t, old)), time.Time{})) // by itself
	all := Everything(t, old)
	for name, n := range map[string]int{
		"pauses": len(all.Pauses), "subjects": len(all.Subjects), "rows": len(all.Rows), "events": len(all.Events),
		"chunks": len(all.Chunks), "audit entries": len(all.Entries), "revisions": len(all.Revisions), "messages": len(all.Messages),
		"tokens": len(all.Tokens), "people": len(all.Users), "policies": len(all.Documents), "entries that were told": int(all.Posted),
	} {
		if n < 1 || name == "chunks" && n < 6 {
			t.Errorf("%d %s are exported", n, name)
		}
	}
	if all.Switch == nil || !all.Switch.On || all.Switch.Actor != "web" || !all.Switch.At.Equal(start) {
		t.Errorf("the switch is exported as %+v", all.Switch)
	}

	used := s.Address(t)
	ledger := s.open(t, used)
	Use(t, ledger, "mail")
	Use(t, ledger, "shop")
	ledger.Keep([]engine.Series{cpu(1, 2, 3)}) // that wait to be flushed
	check(t, ledger.Shutdown())
	for name, address := range map[string]string{"empty": s.Address(t), "used": used} {
		t.Run(name, func(t *testing.T) {
			ledger := s.open(t, address)
			ledger.Keep([]engine.Series{cpu(1, 2, 3)})
			check(t, ledger.Replace(ctx, func(take func(store.Part) error) error { return old.Export(ctx, take) }, time.Time{}))
			same(t, "everything", Everything(t, ledger), all)
			check(t, ledger.Flush(ctx, after(7500)))
			check(t, ledger.Shutdown())
			ledger = s.open(t, address)
			same(t, "everything after a restart", Everything(t, ledger), all)
			alike(t, ledger, old)
			goesOn(t, ledger, all)
		})
	}
}

// alike wants the answers of one store from another.
func alike(t *testing.T, got, want store.Store) {
	t.Helper()
	ctx := t.Context()
	for _, read := range []struct {
		what string
		of   func(l store.Store) (any, error)
	}{
		{"state", func(l store.Store) (any, error) { return l.State(ctx, policy("web", engine.Live)) }},
		{"state of a shadow", func(l store.Store) (any, error) { return l.State(ctx, policy("web", engine.Shadow)) }},
		{"history", func(l store.Store) (any, error) { return l.History(ctx, "", 0) }},
		{"decisions", func(l store.Store) (any, error) { return l.Decisions(ctx, "", 0) }},
		{"newest records", func(l store.Store) (any, error) { return l.Latest(ctx) }},
		{"open events", func(l store.Store) (any, error) { return l.OpenEvents(ctx) }},
		{"samples", func(l store.Store) (any, error) { return l.Samples(ctx, web(-1, 1e9)) }},
		{"rollups", func(l store.Store) (any, error) { return l.Rollups(ctx, web(-1, 1e9)) }},
		{"audit log", func(l store.Store) (any, error) { return l.Audited(ctx, store.Filter{}) }},
		{"due messages", func(l store.Store) (any, error) { return l.Due(ctx, start.Add(time.Hour), 0) }},
		{"tokens", func(l store.Store) (any, error) { return l.Tokens(ctx) }},
		{"people", func(l store.Store) (any, error) { return l.Users(ctx) }},
		{"policies by the API", func(l store.Store) (any, error) { return l.Documents(ctx) }},
		{"end of what was told", func(l store.Store) (any, error) {
			upTo, _, err := l.Posted(ctx)
			return upTo, err
		}},
		{"dead messages", func(l store.Store) (any, error) { return l.Dead(ctx, 0) }},
	} {
		same(t, read.what, must(read.of(got))(t), must(read.of(want))(t))
	}
}

// goesOn wants a store that was filled by a move to number on from there, and to fill the open chunks.
func goesOn(t *testing.T, ledger store.Store, all store.Part) {
	t.Helper()
	ctx := t.Context()
	check(t, ledger.Record(ctx, decided(900, engine.ScaleUp, "Raise"), engine.State{}))
	check(t, ledger.SetEnabled(ctx, false, "anna", start))
	rows := must(ledger.Decisions(ctx, "", 1))(t)
	if newest := all.Rows[len(all.Rows)-1].ID; rows[0].ID <= newest {
		t.Errorf("the next decision has number %d, after %d", rows[0].ID, newest)
	}
	entries := must(ledger.Audited(ctx, store.Filter{Limit: 1}))(t)
	if newest := all.Entries[len(all.Entries)-1].Number; entries[0].Number != newest+1 {
		t.Errorf("the next audit entry has number %d, after %d", entries[0].Number, newest)
	}
	ledger.Keep([]engine.Series{{Subject: "live/web", Metric: "cpu", Signal: "s1", Replica: "r1", Points: []engine.Point{{At: after(7500), Value: 5}}}})
	check(t, ledger.Flush(ctx, after(7500)))
	var points, counted int
	for _, s := range must(ledger.Samples(ctx, web(-1, 1e9)))(t) {
		points += len(s.Points)
	}
	for _, s := range must(ledger.Rollups(ctx, web(-1, 1e9)))(t) {
		for _, r := range s.Rollups {
			counted += r.Count
		}
	}
	if points != 1001 || counted != 1001 {
		t.Errorf("there are %d samples, and rollups of %d; want 1001", points, counted)
	}
}

// told wants a move to end what was told with the audit log that it brings, so that all that this goes on with is told.
func (s Suite) told(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	entries := []store.Entry{{Number: 7, At: start, Kind: store.OfDaemon}, {Number: 8, At: start, Kind: store.OfDaemon}}
	check(t, ledger.Post(ctx, 99))
	for _, c := range []struct {
		name string
		part store.Part
		want int64
	}{
		{"nothing", store.Part{}, 0},
		{"nothing that was told", store.Part{Entries: entries}, 0},
		{"some that was told", store.Part{Entries: entries, Posted: 7}, 7},
		{"all that was told", store.Part{Entries: entries, Posted: 8}, 8},
		{"more than there is", store.Part{Entries: entries, Posted: 9}, 8},
		{"what was told alone", store.Part{Posted: 5}, 0},
	} {
		check(t, ledger.Replace(ctx, whole(c.part), time.Time{}))
		if upTo, known, err := ledger.Posted(ctx); upTo != c.want || known != (c.want > 0) || err != nil {
			t.Errorf("after a move of %s it was told up to %d, %v, %v; want %d", c.name, upTo, known, err, c.want)
		}
	}
}

func (s Suite) movesNot(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	Use(t, ledger, "web")
	all := Everything(t, ledger)
	broken := errors.New("the cable is cut")
	err := ledger.Replace(ctx, func(take func(store.Part) error) error {
		part := store.Part{Revisions: []store.Revision{{ID: "other", At: start}}, Entries: []store.Entry{{Number: 1, At: start}}}
		return errors.Join(take(part), broken)
	}, start)
	if !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v", err, broken)
	}
	same(t, "everything after a move from what broke", Everything(t, ledger), all)
	gone, leave := context.WithCancel(ctx)
	leave()
	if err := ledger.Replace(gone, whole(store.Part{}), start); err == nil {
		t.Error("it is replaced for a caller that has left")
	}
	same(t, "everything after the caller has left", Everything(t, ledger), all)
	err = ledger.Replace(ctx, func(take func(store.Part) error) error {
		_ = take(store.Part{Chunks: []store.Chunk{{Kind: "unknown"}}}) // whoever does not listen
		_ = take(store.Part{Revisions: []store.Revision{{ID: "other", At: start}}})
		return nil
	}, start)
	if err == nil {
		t.Error("a part that was not taken is no error")
	}
	same(t, "everything after a part that was not taken", Everything(t, ledger), all)
	parts := 0
	err = ledger.Export(ctx, func(store.Part) error { parts++; return broken })
	if !errors.Is(err, broken) || parts != 1 {
		t.Errorf("an export goes on for %d parts after an error, and answers %v", parts, err)
	}
}

// lost wants a full cooldown of each policy from the loss on, until its state is written again.
func (s Suite) lost(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	ledger := s.open(t, address)
	cooling := func(name string) engine.Policy {
		p := policy(name, engine.Live)
		p.Cooldown = engine.UpDown{Up: time.Minute, Down: time.Hour}
		return p
	}
	end := func(after, wait time.Duration) engine.Deadline {
		return engine.Deadline{Until: start.Add(after), Wait: wait}
	}
	before := map[string]engine.Deadlines{
		"none":   {},
		"over":   {Up: end(-time.Hour, 2*time.Hour), Down: end(-time.Minute, time.Minute)},
		"short":  {Up: end(time.Second, time.Second), Down: end(59*time.Minute, time.Hour)},
		"long":   {Up: end(2*time.Minute, 3*time.Minute), Down: end(2*time.Hour, 3*time.Hour)},
		"closed": {},
	}
	write := func(name string) {
		t.Helper()
		r := decided(0, engine.Hold, "Steady")
		r.Policy, r.Service = name, name
		check(t, ledger.Record(ctx, r, engine.State{Virtual: 2, Cooldown: before[name]}))
	}
	for name := range before {
		write(name)
	}
	full := engine.Deadlines{Up: end(time.Minute, time.Minute), Down: end(time.Hour, time.Hour)}
	over := full
	over.Up.Wait = 2 * time.Hour
	want := map[string]engine.Deadlines{"new": full, "none": full, "over": over, "short": full, "long": before["long"], "closed": full}
	holds := func(what string) {
		t.Helper()
		for name, want := range want {
			got := must(ledger.State(ctx, cooling(name)))(t)
			same(t, fmt.Sprintf("cooldown of %s %s", name, what), got.Cooldown, want)
			if _, known := before[name]; known && got.Virtual != 2 {
				t.Errorf("state of %s %s is %+v", name, what, got)
			}
		}
		for name, d := range before {
			same(t, fmt.Sprintf("cooldown of %s without one %s", name, what), must(ledger.State(ctx, policy(name, engine.Live)))(t).Cooldown, d)
		}
	}

	all := Everything(t, ledger)
	check(t, ledger.Replace(ctx, whole(all), start))
	holds("after a loss")
	check(t, ledger.Shutdown())
	ledger = s.open(t, address)
	holds("after a loss and a restart")
	same(t, "loss", Everything(t, ledger).Rebuilt, start)

	write("none")
	want["none"] = before["none"]
	check(t, ledger.Close(ctx, ended(opened("e1", 0), 0), policy("closed", engine.Live), engine.State{Virtual: 2}))
	want["closed"] = before["closed"]
	holds("after some were written")
	all = Everything(t, ledger)
	check(t, ledger.Replace(ctx, whole(all), time.Time{}))
	holds("after a move without a loss")
	same(t, "everything after a move without a loss", Everything(t, ledger), all)

	ledger = s.fresh(t)
	check(t, ledger.Replace(ctx, whole(all), start.Add(-time.Minute))) // by a clock that is behind
	same(t, "loss after an earlier one", Everything(t, ledger).Rebuilt, start)
	want["none"], want["closed"] = full, full
	holds("after it was lost twice")
}

func (s Suite) sound(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	for _, use := range []func(){
		func() {},
		func() { Use(t, ledger, "web") },
		func() { Use(t, ledger, "mail") },
		func() { check(t, ledger.Replace(ctx, whole(Everything(t, ledger)), start)) },
	} {
		use()
		found := must(ledger.Check(ctx))(t)
		if len(found.Problems) > 0 {
			t.Errorf("problems of a sound store: %q", found.Problems)
		}
		all := Everything(t, ledger)
		used := all.Switch != nil || len(all.Pauses)+len(all.Subjects)+len(all.Rows)+len(all.Events)+len(all.Entries) > 0
		if empty := must(ledger.Empty(ctx))(t); used == empty {
			t.Errorf("it has %+v, and is empty: %v", all, empty)
		}
	}
}
