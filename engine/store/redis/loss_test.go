package redis

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// refusesAll wants a store that lacks what was seen of it neither to write nor to answer what decisions stand on.
func refusesAll(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	for what, err := range map[string]error{
		"record": s.Record(ctx, decided(9, engine.ScaleUp), engine.State{}),
		"switch": s.SetEnabled(ctx, true, "ben", now),
		"pause":  s.Pause(ctx, "", engine.Pause{}),
		"resume": s.Resume(ctx, "", "ben", now),
		"audit":  s.Audit(ctx, store.Entry{}),
		"learn":  s.Learn(ctx, store.Revision{ID: "r"}),
		"post":   s.Post(ctx, 0, store.Message{ID: "m"}),
		"token":  s.PutToken(ctx, store.Token{ID: "t"}, store.Entry{}),
		"person": s.PutUser(ctx, store.User{Email: "ben"}, store.Entry{}),
		"policy": s.PutDocument(ctx, store.Document{Name: "web"}, "", store.Entry{}),
	} {
		if !errors.Is(err, errLost) {
			t.Errorf("%s after a loss: %v", what, err)
		}
		isError(t, err, "writes to Redis were lost")
	}
	_, err := s.State(ctx, web)
	isError(t, err, "writes to Redis were lost")
	_, _, err = s.Switch(ctx)
	isError(t, err, "writes to Redis were lost")
	_, err = s.Pauses(ctx)
	isError(t, err, "writes to Redis were lost")
	_, _, err = s.Token(ctx, "t") // it may have been revoked
	isError(t, err, "writes to Redis were lost")
	_, _, err = s.User(ctx, "ben")
	isError(t, err, "writes to Redis were lost")
	_, err = s.Documents(ctx)
	isError(t, err, "writes to Redis were lost")
	_, _, err = s.Posted(ctx)
	isError(t, err, "writes to Redis were lost")
}

// posts has a store keep some of what comes by the API, and forget some.
func posts(t *testing.T, s *Store) {
	t.Helper()
	ctx, entry := t.Context(), store.Entry{At: now, Actor: "anna", Kind: store.OfAccess}
	check(t, s.PutUser(ctx, store.User{Email: "ben", Hash: "x", Created: now}, entry))
	for _, id := range []string{"stays", "revoked"} {
		check(t, s.PutToken(ctx, store.Token{ID: id, Hash: []byte(id), User: "ben", Created: now}, entry))
	}
	check(t, s.PutDocument(ctx, store.Document{Name: "web", Body: []byte("{ }"), Version: "1", At: now}, "", entry))
	if removed, err := s.RemoveToken(ctx, "revoked", entry); err != nil || !removed {
		t.Errorf("a token is removed: %v, %v", removed, err)
	}
}

// posted wants what posts has left.
func posted(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	tokens, err := s.Tokens(ctx)
	if err != nil || len(tokens) != 1 || tokens[0].ID != "stays" || tokens[0].User != "ben" {
		t.Errorf("tokens are %+v, %v", tokens, err)
	}
	if _, found, err := s.Token(ctx, "revoked"); found || err != nil {
		t.Errorf("a token that was revoked is there: %v, %v", found, err)
	}
	if users, err := s.Users(ctx); err != nil || len(users) != 1 || users[0].Email != "ben" {
		t.Errorf("people are %+v, %v", users, err)
	}
	documents, err := s.Documents(ctx)
	if err != nil || len(documents) != 1 || string(documents[0].Body) != "{ }" || documents[0].Version != "1" {
		t.Errorf("policies are %+v, %v", documents, err)
	}
}

// cools wants a full cooldown from an instant on.
func cools(t *testing.T, state engine.State, from time.Time) {
	t.Helper()
	if up, down := state.Cooldown.Up, state.Cooldown.Down; up.Until.Before(from.Add(5*time.Minute)) || up.Wait != 5*time.Minute ||
		down.Until.Before(from.Add(10*time.Minute)) || down.Wait != 10*time.Minute {
		t.Errorf("cooldown is %+v; want a full one from %s on", state.Cooldown, from)
	}
}

// said wants a loss in the log, and in the audit log.
func said(t *testing.T, s *Store, log *journal, says string) {
	t.Helper()
	entries, err := s.Audited(t.Context(), store.Filter{Kind: store.OfStore})
	if err != nil || len(entries) == 0 || !strings.Contains(entries[len(entries)-1].Message, says) {
		t.Errorf("the audit log has %+v (%v); want %q", entries, err, says)
	}
	if text := log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, says) {
		t.Errorf("the log has %s; want %q", text, says)
	}
}

// FLUSHALL takes everything, and an eviction the core. Nothing is written until whoever leads has begun anew, with what
// people turned put back.
func TestLiveFlushed(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string][]any{"all": {"FLUSHALL"}, "the core": {"DEL", "{flyball}:core"}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			redis := start(t)
			var log journal
			s, other := leader(t, Options{URL: redis.url(), Log: log.log()}), follower(t, Options{URL: redis.url()})
			record(t, s, 1)
			pause := engine.Pause{Service: "web", Since: now, Actor: "anna", Reason: "a sale"}
			check(t, other.SetEnabled(ctx, true, "anna", now))
			check(t, other.Pause(ctx, web.Target.Service("web"), pause))
			posts(t, other)
			virtual(t, s) // it sees what was turned
			before := s.saw()

			redis.do(lose...)
			refusesAll(t, s)
			began := time.Now()
			lease := lead(t, s)
			if after := s.saw(); lease.Epoch <= before.epoch || after.generation <= before.generation || after.seq <= before.seq {
				t.Errorf("lease is %+v, the store has seen %+v; want more than %+v", lease, after, before)
			}
			state := virtual(t, s)
			if state.Virtual != 0 || !state.Enabled || len(state.Pauses) != 1 || state.Pauses[0] != pause {
				t.Errorf("state is %+v; want it empty, enabled and paused", state)
			}
			cools(t, state, began)
			posted(t, s)
			said(t, s, &log, "Redis has lost all that was written")
			if left := redis.do("KEYS", "*:"+before.generation+":*").([]any); len(left) > 0 {
				t.Errorf("what was lost is still there: %v", left)
			}

			record(t, s, 3)
			if state := virtual(t, s); state.Virtual != 3 || state.Cooldown != (engine.Deadlines{}) {
				t.Errorf("state is %+v; want the one that was recorded", state)
			}
			if state := virtual(t, other); state.Virtual != 3 { // who follows goes on by itself
				t.Errorf("state of another store is %+v", state)
			}
			check(t, other.SetEnabled(ctx, false, "ben", now))
			if state := virtual(t, s); state.Enabled {
				t.Error("the switch that another store has turned is not seen")
			}
		})
	}
}

// An empty Redis may be one that was emptied.
func TestLiveBegunInAnEmptyRedis(t *testing.T) {
	t.Parallel()
	redis := start(t)
	var log journal
	s := follower(t, Options{URL: redis.url(), Log: log.log()})
	if state := virtual(t, s); state.Cooldown != (engine.Deadlines{}) {
		t.Errorf("state is %+v, and there is no store yet", state)
	}
	isError(t, s.Record(t.Context(), decided(1, engine.ScaleUp), engine.State{}), "no daemon has led yet")
	began := time.Now()
	check(t, s.SetEnabled(t.Context(), true, "anna", now)) // that needs nobody who leads
	if lease, err := s.Leader(t.Context()); err != nil || lease != (store.Lease{}) {
		t.Errorf("leader is %+v, %v; want nobody", lease, err)
	}
	lead(t, s)
	state := virtual(t, s)
	cools(t, state, began)
	if !state.Enabled {
		t.Error("autoscaling is off again")
	}
	if text := log.String(); !strings.Contains(text, "begun in an empty Redis") || strings.Contains(text, "level=ERROR") {
		t.Errorf("the log has %s", text)
	}
}

// A Redis that comes back as it was some writes ago, as after a failover, is noticed by the next write.
func TestLiveLastWritesLost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t, durable...)
	var log journal
	s := leader(t, Options{URL: redis.url(), Log: log.log()})
	long := engine.Deadlines{Up: engine.Deadline{Until: time.Now().Add(time.Hour).UTC().Round(0), Wait: 2 * time.Hour}}
	check(t, s.Record(ctx, decided(1, engine.ScaleUp), engine.State{Virtual: 1, Cooldown: long}))
	check(t, s.PutToken(ctx, store.Token{ID: "revoked", Expires: now, Created: now.Add(-time.Hour)}, store.Entry{At: now}))
	old := t.TempDir()
	check(t, os.CopyFS(filepath.Join(old, "data"), os.DirFS(redis.arguments[1])))

	record(t, s, 2)
	pause := engine.Pause{Since: now, Actor: "anna", Reason: "a sale"}
	check(t, s.Pause(ctx, "", pause))
	posts(t, s)
	before := s.saw()
	redis.running.Kill()
	redis.arguments[1] = filepath.Join(old, "data")
	redis.start()

	refusesAll(t, s)
	began := time.Now()
	lease := lead(t, s)
	if after := s.saw(); lease.Epoch <= before.epoch || after.seq <= before.seq || after.generation != before.generation {
		t.Errorf("lease is %+v, the store has seen %+v after %+v", lease, after, before)
	}
	state := virtual(t, s)
	if state.Virtual != 1 || len(state.Pauses) != 1 || state.Pauses[0] != pause {
		t.Errorf("state is %+v; want that of the first write, with the pause", state)
	}
	if state.Cooldown.Up != long.Up {
		t.Errorf("cooldown up is %+v; want the longer one that it had", state.Cooldown.Up)
	}
	posted(t, s)
	state.Cooldown.Up = engine.Deadline{Until: began.Add(5 * time.Minute), Wait: 5 * time.Minute}
	cools(t, state, began)
	said(t, s, &log, "Redis has lost writes")
	record(t, s, 3)
	if rows, err := s.Decisions(ctx, "web", 0); err != nil || len(rows) != 2 {
		t.Errorf("%d decisions, %v; want those that are left", len(rows), err)
	}
	sane(t, s)
}

// Where only a follower has seen what is lost, it takes the lease: nobody else would begin anew.
func TestLiveLossSeenByAFollower(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s, other := leader(t, Options{URL: redis.url()}), follower(t, Options{URL: redis.url()})
	record(t, s, 1)
	check(t, other.SetEnabled(t.Context(), false, "anna", now))
	turns := redis.do("HGET", "{flyball}:core", "turns").(string)
	redis.do("HSET", "{flyball}:core", "turns", fmt.Sprint(number(turns)-1)) // as it was before
	redis.do("HDEL", "{flyball}:core", "switch")

	lead(t, other)
	if is, known, err := other.Switch(t.Context()); is.On || !known || err != nil {
		t.Errorf("switch is %v, known %v, %v; want it put back", is.On, known, err)
	}
	if err := s.Record(t.Context(), decided(2, engine.ScaleUp), engine.State{}); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a write of who led before: %v", err)
	}
}

// Writes that a failover has lost are noticed also where somebody else has come to lead by it, and has written more since.
func TestLiveLastWritesLostByAnother(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s, other := leader(t, Options{URL: redis.url()}), follower(t, Options{URL: redis.url()})
	record(t, s, 1)
	redis.do("DEL", "{flyball}:lease")
	redis.do("HINCRBY", "{flyball}:core", "seq", -1) // as it was before
	lead(t, other)
	record(t, other, 2)
	record(t, other, 3)

	refusesAll(t, s)
	began := time.Now()
	lead(t, s)
	cools(t, virtual(t, s), began)
	sane(t, s)
}

// sane wants a store without problems.
func sane(t *testing.T, s *Store) {
	t.Helper()
	found, err := s.Check(t.Context())
	if err != nil || len(found.Problems) > 0 {
		t.Errorf("problems: %q, %v", found.Problems, err)
	}
}
