package redis

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/storetest"
)

// A move ends the lease of whoever leads; other stores go over to what was put in its place, and nothing is left of the rest.
func TestLiveMoved(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	one, two := leader(t, Options{URL: redis.url()}), follower(t, Options{URL: redis.url()})
	storetest.Use(t, one, "web")
	all := storetest.Everything(t, one)
	old := one.saw()
	check(t, two.Replace(ctx, func(take func(store.Part) error) error { return take(all) }, time.Time{}))

	if err := one.Record(ctx, decided(1, engine.ScaleUp), engine.State{}); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a write of who led before: %v", err)
	}
	check(t, one.SetEnabled(ctx, false, "anna", now)) // it goes over
	rows, err := one.Decisions(ctx, "web", 0)
	if err != nil || len(rows) != len(all.Rows) {
		t.Errorf("%d decisions, %v; want %d", len(rows), err, len(all.Rows))
	}
	if left := redis.do("KEYS", "*:"+old.generation+":*").([]any); len(left) > 0 {
		t.Errorf("of what was replaced there is still %v", left)
	}
	if left := redis.do("EXISTS", "{flyball}:left").(int64); left != 0 {
		t.Error("something is said to be left")
	}
	lead(t, one)
	record(t, one, 2)
	sane(t, two)
}

// What was turned, recorded or lost while a replacement was made ready is not replaced: it was acknowledged, or nobody knows
// what is left.
func TestLiveMoveBesideAWrite(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, write := range map[string]func(*server, *Store) error{
		"turned": func(_ *server, s *Store) error {
			return s.Pause(ctx, "", engine.Pause{Actor: "anna", Reason: "a sale"})
		},
		"recorded": func(_ *server, s *Store) error { return s.Record(ctx, decided(9, engine.Hold), engine.State{}) },
		"put": func(_ *server, s *Store) error {
			return s.PutToken(ctx, store.Token{ID: "t"}, store.Entry{Actor: "anna"})
		},
		"told":    func(_ *server, s *Store) error { return s.Post(ctx, 4) },
		"to tell": func(_ *server, s *Store) error { return s.Post(ctx, 0, store.Message{ID: "m9"}) },
		"noted":   func(_ *server, s *Store) error { return s.Audit(ctx, store.Entry{Actor: "anna"}) },
		"flushed": func(redis *server, _ *Store) error { redis.do("FLUSHALL"); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			redis := start(t)
			s, other := leader(t, Options{URL: redis.url()}), follower(t, Options{URL: redis.url()})
			storetest.Use(t, s, "web")
			all := storetest.Everything(t, s)
			err := other.Replace(ctx, func(take func(store.Part) error) error {
				return cmp.Or(take(all), write(redis, s))
			}, time.Time{})
			isError(t, err, "was written meanwhile")
			lead(t, s)
			pauses, err := s.Pauses(ctx)
			if _, paused := pauses[""]; err != nil || name == "turned" && !paused {
				t.Errorf("pauses are %v, %v", pauses, err)
			}
			sane(t, s)
		})
	}
}

// A move that there is no memory for leaves everything as it was, and nothing behind; and one that was killed, only until the
// next.
func TestLiveMoveThatFails(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	storetest.Use(t, s, "web")
	all := storetest.Everything(t, s)
	keys := len(redis.do("KEYS", "*").([]any))
	err := s.Replace(ctx, func(take func(store.Part) error) error {
		err := take(all)
		redis.do("CONFIG", "SET", "maxmemory", "1mb")
		return cmp.Or(err, take(all))
	}, time.Time{})
	isError(t, err, "Redis has no memory left (maxmemory)")
	if again := storetest.Everything(t, s); len(again.Rows) != len(all.Rows) { // also without memory
		t.Errorf("%d rows, and there were %d", len(again.Rows), len(all.Rows))
	}
	redis.do("CONFIG", "SET", "maxmemory", "0")
	if now := redis.do("KEYS", "*").([]any); len(now) != keys {
		t.Errorf("there are %d keys, and were %d: %v", len(now), keys, now)
	}

	err = s.Replace(ctx, func(take func(store.Part) error) error {
		_ = take(store.Part{Chunks: []store.Chunk{{Kind: "unknown"}}}) // whoever does not listen
		_ = take(all)
		return nil
	}, time.Time{})
	isError(t, err, "there is no chunk of kind")

	redis.do("SET", "{flyball}:left", "17")
	redis.do("HSET", "{flyball}:17:rows", "1", "x")
	check(t, s.Replace(ctx, func(take func(store.Part) error) error { return take(all) }, time.Time{}))
	if left := redis.do("KEYS", "*:17:*").([]any); len(left) > 0 {
		t.Errorf("of the move that was killed there is still %v", left)
	}
}

// What is damaged is said, each in a line of its own.
func TestLiveDamage(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	storetest.Use(t, s, "web")
	sane(t, s)
	key := func(name string) string { return s.key(s.saw().generation, name) }
	for _, damage := range []struct {
		says string
		do   []any
	}{
		{"states: live/", []any{"HSET", s.coreKey(), "state:live///web", "{"}},
		{"pauses: ", []any{"HSET", s.coreKey(), "pause:compose//web", "{"}},
		{"switch, and when the store was begun anew: ", []any{"HSET", s.coreKey(), "switch", "{"}},
		{"tokens: token web t1 can't be read", []any{"HSET", s.coreKey(), "token:web t1", "{"}},
		{"tokens: token other can't be read: it says that it is t", []any{"HSET", s.coreKey(), "token:other", `{"id":"t"}`}},
		{"people: person web@example.org can't be read", []any{"HSET", s.coreKey(), "user:web@example.org", "[]"}},
		{"posted policies: posted policy web: it can't be read", []any{"HSET", s.coreKey(), "document:web", "x"}},
		{"end of what was told: it is entry 999, and the last is", []any{"HSET", s.coreKey(), "posted", "999"}},
		{"states: shadow/other has a newest decision, and no state", []any{"HSET", key(latestKey), "shadow/other", "x"}},
		{"newest decisions: shadow/other: it can't be read", nil},
		{"decisions: row 1: it can't be read", []any{"HSET", key(rowsKey), "1", "x"}},
		{`decisions: row 77 can't be read: it says "1 2"`, []any{"HSET", key(spansKey), "77", "1 2"}},
		{"decisions: row 99 is not said to span anything", []any{"HSET", key(rowsKey), "99", "x"}},
		{"ended events: event web e1: it can't be read", []any{"HSET", key(eventsKey), "web e1", "x"}},
		{"open events: event web seen has ended, and is open", []any{"HSET", s.coreKey(), "open:web seen", "x"}},
		{"there is a gap", []any{"XDEL", key(auditKey), "3-0"}},
		{"policies: web r1: it can't be read", []any{"HSET", key(revisionsKey), "web r1", "x"}},
		{"notifications: web m1 is 0 times among those", []any{"DEL", key(dueKey)}},
	} {
		if damage.do != nil {
			redis.do(damage.do...)
		}
		found, err := s.Check(t.Context())
		check(t, err)
		if text := strings.Join(found.Problems, "\n"); !strings.Contains(text, damage.says) {
			t.Errorf("after %v it says\n%s\nwant %q", damage.do, text, damage.says)
		}
	}
}
