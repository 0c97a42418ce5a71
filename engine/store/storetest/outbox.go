package storetest

import (
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
	check(t, ledger.Post(ctx))
	check(t, ledger.Post(ctx, one))
	check(t, ledger.Post(ctx, twin, two, two))
	due("due after one was posted twice", one, two)

	one.Attempts, one.Error, one.Due = 1, "it answers 503", start.Add(time.Minute)
	check(t, ledger.Put(ctx, one))
	due("due after an attempt", two, one)
	check(t, ledger.Post(ctx, twin))
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
	check(t, ledger.Post(ctx, message("m2", 0)))
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

func (s Suite) due(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	given, old := message("given up", 5), message("given up long ago", 7)
	given.Dead, old.Dead = true, true
	given.Created, old.Created = start.Add(time.Second), start.Add(-time.Hour)
	check(t, ledger.Post(ctx, message("c", 30), given, message("b", 20), old))
	check(t, ledger.Post(ctx, message("twin of b", 20), message("a", 10)))
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
