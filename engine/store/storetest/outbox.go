package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

func (s Suite) revisions(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	ledger := s.open(t, address)
	if r, known, err := ledger.Revision(ctx, "r1"); known || err != nil {
		t.Errorf("an unknown revision is %+v, error %v", r, err)
	}
	first := store.Revision{ID: "r1", At: start, Policy: policy("web", engine.Live), Rules: []store.Rule{{Name: "own.rego", Text: "package own\n"}}}
	again, other := first, first
	again.At, again.Commit = start.Add(time.Hour), "c0ffee"
	other.ID = "r2"
	check(t, ledger.Learn(ctx))
	check(t, ledger.Learn(ctx, first))
	check(t, ledger.Learn(ctx, again, other, other))
	check(t, ledger.Shutdown())

	ledger = s.open(t, address)
	for id, want := range map[string]store.Revision{"r1": first, "r2": other, "r": {}} {
		got, known, err := ledger.Revision(ctx, id)
		if known != (want.ID != "") || err != nil {
			t.Errorf("revision %s is known: %v, error %v", id, known, err)
		}
		same(t, "revision "+id, got, want)
	}
}

func (s Suite) revised(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	same(t, "revisions of a new ledger", must(ledger.RevisionsOf(ctx, "web", 0))(t), []store.Revised{})
	at := func(id, name string, seconds int) store.Revision {
		return store.Revision{ID: id, At: start.Add(time.Duration(seconds) * time.Second), Commit: "c of " + id, Policy: policy(name, engine.Live)}
	}
	all := []store.Revision{at("r2", "web", 5), at("r9", "db", 6), at("r1", "web", 1), at("r4", "web", 5), at("r3", "web", 9), at("r5", "webs", 9)}
	all[0].Rules = []store.Rule{{Name: "own.rego", Text: "package own\n"}}
	check(t, ledger.Learn(ctx, all...))
	check(t, ledger.Learn(ctx, at("r1", "web", 100))) // which is at work again, and was first at work then
	want := []store.Revised{}
	for _, r := range []store.Revision{all[4], all[0], all[3], all[2]} {
		want = append(want, store.Revised{ID: r.ID, At: r.At, Commit: r.Commit})
	}
	same(t, "revisions", must(ledger.RevisionsOf(ctx, "web", 0))(t), want)
	same(t, "the two newest", must(ledger.RevisionsOf(ctx, "web", 2))(t), want[:2])
	same(t, "revisions of none", must(ledger.RevisionsOf(ctx, "we", 2))(t), []store.Revised{})
}

// message is due so many seconds after the start.
func message(id string, seconds int) store.Message {
	return store.Message{
		ID: id, To: "chat", Body: []byte(`{"text": "<` + id + `>"}`), Created: start, Due: start.Add(time.Duration(seconds) * time.Second),
	}
}

func (s Suite) outbox(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	ledger := s.open(t, address)
	later := start.Add(time.Hour)
	due := func(what string, want ...store.Message) {
		t.Helper()
		same(t, what, must(ledger.Due(ctx, later, 0))(t), append([]store.Message{}, want...))
	}
	dead := func(what string, want ...store.Message) {
		t.Helper()
		same(t, what, must(ledger.Dead(ctx, 0))(t), append([]store.Message{}, want...))
	}
	due("due in a new store")
	dead("dead in a new store")

	one, two := message("m1", 0), message("m2", 1)
	twin := message("m1", 30)
	twin.Body = []byte(`{}`)
	check(t, ledger.Post(ctx, 0))
	check(t, ledger.Post(ctx, 0, one))
	check(t, ledger.Post(ctx, 0, twin, two, two))
	due("due after one was posted twice", one, two)

	one.Attempts, one.Error, one.Due = 1, "it answers 503", start.Add(time.Minute)
	check(t, ledger.Put(ctx, one))
	due("due after an attempt", two, one)
	check(t, ledger.Post(ctx, 0, twin))
	due("due after one that was tried is posted again", two, one)
	if err := ledger.Put(ctx, message("m9", 0)); err == nil {
		t.Error("how it stands with a message that is not there is written")
	}

	two.Dead, two.Attempts, two.Error = true, 20, "it is gone"
	check(t, ledger.Put(ctx, two))
	check(t, ledger.Shutdown())
	ledger = s.open(t, address)
	due("due after one was given up, and a restart", one)
	dead("dead after one was given up, and a restart", two)
	check(t, ledger.Post(ctx, 0, message("m2", 0)))
	dead("dead after it is posted again", two)

	two.Dead, two.Attempts, two.Due = false, 0, start.Add(time.Second)
	check(t, ledger.Put(ctx, two))
	due("due after it was set back", two, one)
	dead("dead after it was set back")

	check(t, ledger.Delivered(ctx, "m1"))
	check(t, ledger.Delivered(ctx, "m1")) // of a receiver that was slow
	due("due after one was delivered", two)
	if err := ledger.Put(ctx, one); err == nil {
		t.Error("a message that was delivered comes back")
	}
	check(t, ledger.Shutdown())
}

// posted wants what was told to go on from where it was, and the messages of it in the same step.
func (s Suite) posted(t *testing.T) {
	ctx, address := t.Context(), s.Address(t)
	ledger := s.open(t, address)
	gone, leave := context.WithCancel(ctx)
	leave()
	for range 9 {
		check(t, ledger.Audit(ctx, store.Entry{At: start, Kind: store.OfDaemon}))
	}
	for _, step := range []struct {
		name    string
		do      func() error
		fails   bool
		upTo    int64 // 0: never
		waiting int
		dead    int
	}{
		{"nothing", func() error { return ledger.Post(ctx, 0) }, false, 0, 0, 0},
		{"a message of nothing", func() error { return ledger.Post(ctx, 0, message("m0", 0)) }, false, 0, 1, 0},
		{"below nothing", func() error { return ledger.Post(ctx, -3) }, false, 0, 1, 0},
		{"of some", func() error { return ledger.Post(ctx, 3, message("m1", 0), message("m2", 0)) }, false, 3, 3, 0},
		{"again", func() error { return ledger.Post(ctx, 3, message("m1", 0), message("m2", 0)) }, false, 3, 3, 0},
		{"none of some", func() error { return ledger.Post(ctx, 5) }, false, 5, 3, 0},
		{"back", func() error { return ledger.Post(ctx, 4, message("m3", 0)) }, false, 5, 4, 0},
		{"a message beside", func() error { return ledger.Post(ctx, 0, message("m4", 0)) }, false, 5, 5, 0},
		{"for a caller that has left", func() error { return ledger.Post(gone, 9, message("m5", 0)) }, true, 5, 5, 0},
		{"one is given up", func() error {
			m := message("m1", 0)
			m.Dead = true
			return ledger.Put(ctx, m)
		}, false, 5, 4, 1},
		{"one is delivered", func() error { return ledger.Delivered(ctx, "m2") }, false, 5, 3, 1},
		{"a restart", func() (err error) {
			check(t, ledger.Shutdown())
			ledger, err = s.Open(address)
			return err
		}, false, 5, 3, 1},
		{"of more", func() error { return ledger.Post(ctx, 9, message("m6", 3600)) }, false, 9, 4, 1},
	} {
		if err := step.do(); (err != nil) != step.fails {
			t.Fatalf("%s: error %v, want one: %v", step.name, err, step.fails)
		}
		upTo, known, err := ledger.Posted(ctx)
		if upTo != step.upTo || known != (step.upTo > 0) || err != nil {
			t.Errorf("after %s messages were made up to %d, %v, %v; want %d", step.name, upTo, known, err, step.upTo)
		}
		waiting, dead, err := ledger.Depth(ctx)
		if waiting != step.waiting || dead != step.dead || err != nil {
			t.Errorf("after %s %d wait and %d were given up, %v; want %d and %d", step.name, waiting, dead, err, step.waiting, step.dead)
		}
	}
	check(t, ledger.Shutdown())
}

// givenUp wants the oldest of many that were given up to go, and none that waits.
func (s Suite) givenUp(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	given := func(n int) store.Message {
		m := message(fmt.Sprint("m ", n), 0)
		m.Dead, m.Created = true, start.Add(time.Duration(n)*time.Second)
		return m
	}
	var some []store.Message
	for n := range store.MostDead {
		some = append(some, given(n))
	}
	check(t, ledger.Post(ctx, 0, append(some, message("waits", 0))...))
	kept := func(what string, first, count string) {
		t.Helper()
		dead := must(ledger.Dead(ctx, 0))(t)
		if got := fmt.Sprint(len(dead)); got != count || dead[0].ID != first {
			t.Errorf("%s there are %s, from %s on; want %s, from %s on", what, got, dead[0].ID, count, first)
		}
		if waiting, n, err := ledger.Depth(ctx); waiting != 1 || n != len(dead) || err != nil {
			t.Errorf("%s %d wait, and %d were given up, %v", what, waiting, n, err)
		}
	}
	most := fmt.Sprint(store.MostDead)
	kept("at the most", "m 0", most)
	check(t, ledger.Post(ctx, 0, given(5000), given(5001)))
	kept("after two more", "m 2", most)
	check(t, ledger.Post(ctx, 0, message("late", 0)))
	last := message("late", 0)
	last.Dead, last.Created = true, start.Add(time.Hour)
	check(t, ledger.Put(ctx, last))
	kept("after one that was tried", "m 3", most)
	if found := must(ledger.Check(ctx))(t); len(found.Problems) > 0 {
		t.Errorf("problems: %q", found.Problems)
	}
}

func (s Suite) due(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	given, old := message("given up", 5), message("given up long ago", 7)
	given.Dead, old.Dead = true, true
	given.Created, old.Created = start.Add(time.Second), start.Add(-time.Hour)
	check(t, ledger.Post(ctx, 0, message("c", 30), given, message("b", 20), old))
	check(t, ledger.Post(ctx, 0, message("twin of b", 20), message("a", 10)))
	for _, c := range []struct {
		name    string
		seconds int
		limit   int
		want    []string
	}{
		{"before", 9, 0, nil},
		{"at the instant", 10, 0, []string{"a"}},
		{"longest first, then as they were posted", 29, 0, []string{"a", "b", "twin of b"}},
		{"all", 60, 0, []string{"a", "b", "twin of b", "c"}},
		{"some", 60, 2, []string{"a", "b"}},
	} {
		var got []string
		for _, m := range must(ledger.Due(ctx, start.Add(time.Duration(c.seconds)*time.Second), c.limit))(t) {
			got = append(got, m.ID)
		}
		same(t, c.name, got, c.want)
	}
	same(t, "dead", must(ledger.Dead(ctx, 0))(t), []store.Message{old, given})
	same(t, "the first of the dead", must(ledger.Dead(ctx, 1))(t), []store.Message{old})
}
