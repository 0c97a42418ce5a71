package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// backedUp is a backup of what a daemon has on record now.
func backedUp(t *testing.T, a *App) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := backUp(t.Context(), a.store, file, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRestoreWaitsForAChangeUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, log := place(t)
		o.Enabled = true
		a := begin(t, o)
		ctx := t.Context()
		file := backedUp(t, a)
		ask := api.RestoreAsk{File: file, Actor: "ana"}

		once := make(chan error, 1)
		go func() { once <- a.Once(ctx) }()
		for !a.loop.Cycle.Acting(a.policies[0].Subject()) {
			time.Sleep(10 * time.Millisecond)
		}
		impatient, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		refusal := api.Refusal{}
		if _, err := a.Restore(impatient, ask); !errors.As(err, &refusal) || refusal.Status != http.StatusConflict || !strings.Contains(refusal.Detail, "nothing was replaced: web: a change is under way") {
			t.Errorf("who does not wait reads %v", err)
		}
		if r, err := a.Restore(ctx, api.RestoreAsk{File: file, Try: true}); err != nil || len(r.Before) == 0 || len(r.After) == 0 {
			t.Errorf("who only looks reads %+v, %v", r, err)
		}
		if events, err := a.History(ctx, "web", 9); err != nil || len(events) != 1 || events[0].Result != "" {
			t.Fatalf("meanwhile there are events %+v, %v", events, err)
		}

		if _, err := a.Restore(ctx, ask); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), "result=succeeded") || a.loop.Cycle.Acting(a.policies[0].Subject()) {
			t.Errorf("the change was not waited for:\n%s", log)
		}
		if err := <-once; err != nil {
			t.Error(err)
		}
		if events, err := a.History(ctx, "web", 9); err != nil || len(events) != 0 {
			t.Errorf("the backup had no events, the store has %+v, %v", events, err)
		}
		st, err := a.store.State(ctx, a.policies[0])
		if left := time.Until(st.Cooldown.Up.Until); err != nil || left != a.policies[0].Cooldown.Up {
			t.Errorf("the cooldown has %s left, %v; want all of it", left, err)
		}
		entries, err := a.Audit(ctx, store.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for i, e := range entries {
			if e.Number != int64(i+1) {
				t.Errorf("entry %d has number %d", i+1, e.Number)
			}
			kinds = append(kinds, string(e.Kind))
		}
		if got := strings.Join(kinds, " "); got != "daemon policy decision event store" || entries[4].Actor != "ana" {
			t.Errorf("the audit log has %s, the last by %s", got, entries[4].Actor)
		}
		if err := a.Once(ctx); err != nil || running(t, a) != 2 {
			t.Errorf("it does not go on: %v\n%s", err, log)
		}
	})
}

// A store that was begun anew takes the log of the backup, and numbers on from there.
func TestRestoreIntoAnotherStore(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	ctx := t.Context()
	for _, on := range []bool{true, false, true} {
		if err := a.Enable(ctx, on, "ana"); err != nil {
			t.Fatal(err)
		}
	}
	file := backedUp(t, a)

	other, _ := place(t)
	b := begin(t, other)
	if err := b.Enable(ctx, false, "ben"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Restore(ctx, api.RestoreAsk{File: file, Actor: "ben"}); err != nil {
		t.Fatal(err)
	}
	if s, err := b.Status(ctx); err != nil || !s.Enabled {
		t.Errorf("status %+v, %v", s, err)
	}
	entries, err := b.Audit(ctx, store.Filter{})
	if err != nil || len(entries) != 5 || entries[0].Actor != "ana" || entries[3].Kind != store.OfStore || entries[3].Number != 4 {
		t.Errorf("audit log %+v, %v", entries, err)
	}
	if last := entries[len(entries)-1]; last.Kind != store.OfPolicy || !strings.HasPrefix(last.Message, "added") {
		t.Errorf("what is at work was not in the backup, and the log ends with %+v", last)
	}
	if _, found, err := b.store.Revision(ctx, b.policies[0].Revision); !found || err != nil {
		t.Errorf("the policy at work is not on record any more: %v", err)
	}
}

// Whoever asked may go while the rest of it is done.
func TestARestoreEndsWithoutWhoAsked(t *testing.T) {
	o, _ := place(t)
	other := begin(t, o)
	file := backedUp(t, other)

	o, _ = place(t)
	say(t, o, strings.Replace(web, "maxReplicas: ", "maxReplicas: 1", 1))
	ctx, leave := context.WithCancel(t.Context())
	o.Log = slog.New(told{o.Log.Handler(), "the store was replaced", leave})
	a := begin(t, o)
	if _, err := a.Restore(ctx, api.RestoreAsk{File: file, Actor: "ana"}); err != nil {
		t.Fatal(err)
	}
	if ctx.Err() == nil {
		t.Fatal("whoever asked is still there")
	}
	if _, found, err := a.store.Revision(t.Context(), a.policies[0].Revision); !found || err != nil {
		t.Errorf("the policy at work is not on record: %v", err)
	}
}

// told is a log that does something when it is told something.
type told struct {
	slog.Handler
	what string
	do   func()
}

func (l told) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, l.what) {
		l.do()
	}
	return l.Handler.Handle(ctx, r)
}

func TestWhatIsNotRestored(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	ctx := t.Context()
	file := backedUp(t, a)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.db")
	for i := 8192; i < len(whole); i++ {
		whole[i] = 0xa5
	}
	if err := os.WriteFile(broken, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := exported(ctx, a.store)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, says string
		status     int
	}{
		"a path from somewhere": {"backup.db", `file is "backup.db"; allowed is an absolute path`, 400},
		"none":                  {file + "x", "nothing was replaced: there is no file", 422},
		"what is no backup":     {o.Policies, "nothing was replaced: open store", 422},
		"what is broken":        {broken, "nothing was replaced: ", 422},
		"itself":                {o.Store, "is the store itself", 400},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Restore(ctx, api.RestoreAsk{File: c.file, Actor: "ana"})
			refusal := api.Refusal{}
			if !errors.As(err, &refusal) || refusal.Status != c.status || !strings.Contains(refusal.Detail, c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
	after, err := exported(ctx, a.store)
	if found, wrong := a.store.Check(ctx); err != nil || wrong != nil || len(found.Problems) > 0 || !slices.Equal(before, after) {
		t.Errorf("before %+v, after %+v, %v, %v, %v", before, after, found, err, wrong)
	}
}

func note(text string) store.Entry {
	return store.Entry{At: time.Now(), Actor: "ana", Kind: store.OfTrouble, Reason: "Gone", Message: text}
}

func letter(id string, dead bool) store.Message {
	at := time.Now().Add(-time.Hour)
	return store.Message{ID: id, To: "chat", Body: []byte(`{}`), Created: at, Due: at, Dead: dead}
}

// outgoing is what a store has still to tell: the messages that wait, those that were given up, and up to which entry it was told.
func outgoing(t *testing.T, s store.Store) string {
	t.Helper()
	var ids []string
	waiting, err := s.Due(t.Context(), time.Now(), 0)
	dead, other := s.Dead(t.Context(), 0)
	upTo, known, another := s.Posted(t.Context())
	if err := errors.Join(err, other, another); err != nil {
		t.Fatal(err)
	}
	for _, m := range waiting {
		ids = append(ids, m.ID)
	}
	ids = append(ids, "dead:")
	for _, m := range dead {
		ids = append(ids, m.ID)
	}
	return fmt.Sprint(strings.Join(ids, " "), " told: ", upTo, " ", known)
}

// Where the log goes on over a restore, what is to be told of it does: nothing twice, and nothing not at all.
func TestRestoreTellsNothingTwice(t *testing.T) {
	o, _ := place(t)
	a := begin(t, o)
	ctx := t.Context()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(a.store.Audit(ctx, note("one"), note("two")))
	do(a.store.Post(ctx, 2, letter("one", false), letter("long ago", true)))
	do(a.store.PutUser(ctx, store.User{Email: "ana"}, note("ana comes")))
	do(a.store.PutToken(ctx, store.Token{ID: "s", User: "ana", Expires: time.Now().Add(time.Hour)}, note("ana logs in")))
	do(a.store.PutToken(ctx, store.Token{ID: "ci"}, note("a token")))
	do(a.store.PutDocument(ctx, store.Document{Name: "shop", Version: "1", Body: []byte("{}")}, "", note("shop comes")))
	file := backedUp(t, a)

	do(a.store.Delivered(ctx, "one"))
	do(a.store.Audit(ctx, note("three"), note("four")))
	do(a.store.Post(ctx, 5, letter("two", false), letter("three", true)))
	do(a.store.PutUser(ctx, store.User{Email: "ben"}, note("ben comes")))
	do(a.store.PutToken(ctx, store.Token{ID: "t"}, note("a token")))
	before := outgoing(t, a.store)
	if before != "two dead: long ago three told: 5 true" {
		t.Fatalf("before the restore it is %s", before)
	}
	if _, err := a.Restore(ctx, api.RestoreAsk{File: file, Actor: "ana"}); err != nil {
		t.Fatal(err)
	}
	if after := outgoing(t, a.store); after != before {
		t.Errorf("after the restore it is %s; want %s", after, before)
	}
	users, err := a.store.Users(ctx)
	tokens, other := a.store.Tokens(ctx)
	documents, another := a.store.Documents(ctx)
	if err := errors.Join(err, other, another); err != nil || len(users) != 1 || users[0].Email != "ana" || len(tokens) != 1 || tokens[0].ID != "ci" || len(documents) != 1 {
		t.Errorf("people are %+v, tokens %+v, policies %+v, %v; want those of the backup, but for sessions", users, tokens, documents, err)
	}
}

// Where it is another log, what was in the backup is old: of that log it goes on with what comes after it.
func TestRestoreOfAnotherLogTellsNothingOld(t *testing.T) {
	for name, c := range map[string]struct {
		post func(backup, into store.Store) error
		want string
	}{
		"nobody was ever told": {func(backup, into store.Store) error { return nil }, "dead: told: 0 false"},
		"the backup's had been": {func(backup, into store.Store) error {
			return backup.Post(t.Context(), 1, letter("waits", false), letter("given up", true))
		}, "dead: waits given up told: last true"},
		"the store's had been": {func(backup, into store.Store) error { return into.Post(t.Context(), 9, letter("other", false)) }, "dead: told: last true"},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := place(t)
			a := begin(t, o)
			if err := a.store.Audit(t.Context(), note("one"), note("two")); err != nil {
				t.Fatal(err)
			}
			other, _ := place(t)
			b := begin(t, other)
			if err := c.post(a.store, b.store); err != nil {
				t.Fatal(err)
			}
			last, err := a.store.Audited(t.Context(), store.Filter{Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.Restore(t.Context(), api.RestoreAsk{File: backedUp(t, a), Actor: "ben"}); err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(c.want, "last", fmt.Sprint(last[0].Number))
			if got := outgoing(t, b.store); got != want {
				t.Errorf("to tell is %s; want %s", got, want)
			}
			next, err := b.store.Audited(t.Context(), store.Filter{After: last[0].Number, Limit: 1})
			if err != nil || len(next) != 1 || next[0].Kind != store.OfStore {
				t.Errorf("the next entry is %+v, %v; want that of the restore", next, err)
			}
		})
	}
}
