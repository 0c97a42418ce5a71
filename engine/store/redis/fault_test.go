package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// A Redis that is down is an error of each call, the first after three seconds and then at once; and it goes on where it was
// as soon as it is back.
func TestLiveDown(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t, durable...)
	s := leader(t, Options{URL: redis.url()})
	record(t, s, 1)
	redis.running.Kill()

	s.patience = brief()
	isError(t, s.Record(ctx, decided(2, engine.ScaleUp), engine.State{}), "connection refused")
	began := time.Now()
	for range 10 {
		_, err := s.State(ctx, web)
		isError(t, err, "connection refused")
		isError(t, s.Record(ctx, decided(2, engine.ScaleUp), engine.State{}), "connection refused")
	}
	if took := time.Since(began); took > 20*time.Second { // a third of what it takes if each waits
		t.Errorf("20 calls took %s: each waits", took)
	}
	var log journal
	other := follower(t, Options{URL: redis.url(), Log: log.log()})
	if !strings.Contains(log.String(), "Redis can't be reached") {
		t.Errorf("the log has %s", &log)
	}

	redis.start()
	s.patience = long()
	reaches(t, s)
	reaches(t, other)
	record(t, s, 3)
	for _, s := range []*Store{s, other} {
		if state := virtual(t, s); state.Virtual != 3 || state.Cooldown != (engine.Deadlines{}) {
			t.Errorf("state is %+v; want the one that was recorded", state)
		}
	}
	sane(t, s)
}

// A restart within the deadline is only waited for.
func TestLiveRestarts(t *testing.T) {
	t.Parallel()
	redis := start(t, durable...)
	s := leader(t, Options{URL: redis.url()})
	record(t, s, 1)
	redis.running.Kill()
	done := make(chan error)
	go func() { done <- s.Record(t.Context(), decided(2, engine.ScaleUp), engine.State{Virtual: 2}) }()
	redis.start()
	check(t, <-done)
	if state := virtual(t, s); state.Virtual != 2 {
		t.Errorf("state is %+v", state)
	}
}

// A Redis that answers nobody holds nobody longer than he wants.
func TestLiveHangs(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	redis.do("CLIENT", "PAUSE", "60000")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	isError(t, s.Record(ctx, decided(1, engine.ScaleUp), engine.State{}), "redis at ")
	if took := time.Since(began); took > 30*time.Second { // it is half of the pause
		t.Errorf("it took %s", took)
	}
}

// A Redis that was stopped carries out what it was sent meanwhile, though nobody waits for it any more. What is written then
// stands.
func TestLiveStopped(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	record(t, s, 1)
	check(t, redis.running.Signal(syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // in which a busy machine sends it
	defer cancel()
	event := engine.Event{ID: "e1", Policy: "web", Service: "web", Action: engine.ScaleUp, Started: now}
	isError(t, s.Record(ctx, decided(2, engine.ScaleUp), engine.State{Virtual: 2, Open: &event}), "redis at ")
	_, err := s.State(ctx, web)
	isError(t, err, "redis at ")
	check(t, redis.running.Signal(syscall.SIGCONT))

	reaches(t, s)
	state := virtual(t, s)
	if state.Virtual != 2 || state.Open == nil {
		t.Errorf("state is %+v; want what was sent", state)
	}
	state.Virtual, state.Open = 3, nil
	event.Ended, event.Result = now.Add(time.Second), engine.Interrupted
	check(t, s.Close(t.Context(), event, web, state))
	if state := virtual(t, s); state.Virtual != 3 || state.Open != nil {
		t.Errorf("state is %+v; want what was written last", state)
	}
	sane(t, s)
}

// soon does something a moment later.
func soon(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	time.AfterFunc(200*time.Millisecond, func() { do(); close(done) })
	t.Cleanup(func() { <-done })
}

// What passes is waited for.
func TestLivePassing(t *testing.T) {
	t.Parallel()
	nowhere := []any{"REPLICAOF", "127.0.0.1", "1"}
	for name, c := range map[string]struct {
		arguments  []string
		begin, end []any
		ask        []any // what would fail meanwhile
		reply      string
	}{
		"a replica that becomes the master": {nil, nowhere, []any{"REPLICAOF", "NO", "ONE"}, []any{"SET", "x", "y"}, "READONLY"},
		"a replica that has lost its master": {
			[]string{"--replica-serve-stale-data", "no"}, nowhere, []any{"REPLICAOF", "NO", "ONE"}, []any{"GET", "x"}, "MASTERDOWN",
		},
	} {
		t.Run(name, func(t *testing.T) {
			redis := start(t, c.arguments...)
			s := leader(t, Options{URL: redis.url()})
			redis.do(c.begin...)
			bare := client.NewClient(&client.Options{Addr: redis.address(), MaxRetries: -1})
			defer bare.Close()
			if err := bare.Do(t.Context(), c.ask...).Err(); err == nil || !strings.HasPrefix(err.Error(), c.reply) {
				t.Fatalf("it says %v; want %s", err, c.reply)
			}
			soon(t, func() { redis.do(c.end...) })
			record(t, s, 1)
			if state := virtual(t, s); state.Virtual != 1 {
				t.Errorf("state is %+v", state)
			}
		})
	}
}

// One that stays a replica says so in the end.
func TestLiveReadOnly(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	redis.do("REPLICAOF", "127.0.0.1", "1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // in which a busy machine answers
	defer cancel()
	isError(t, s.Record(ctx, decided(1, engine.ScaleUp), engine.State{}), "it is a replica, and takes no writes")
}

// A Redis that loads what it has on disk answers once it has.
func TestLiveLoading(t *testing.T) {
	t.Parallel()
	redis := start(t, "--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024", "--key-load-delay", "1000")
	s := leader(t, Options{URL: redis.url()})
	redis.do("EVAL", "for i = 1, 300 do redis.call('SET', i, string.rep('x', 1024)) end return 1", "0")
	var seen atomic.Bool
	done := make(chan struct{})
	go func() { // a busy machine may miss one
		defer close(done)
		for !seen.Load() {
			redis.do("DEBUG", "RELOAD")
		}
	}()
	bare := client.NewClient(&client.Options{Addr: redis.address(), MaxRetries: -1})
	defer bare.Close()
	for begun := time.Now(); ; {
		if err := bare.Get(t.Context(), "1").Err(); client.IsLoadingError(err) {
			break
		}
		if time.Since(begun) > time.Minute {
			seen.Store(true)
			<-done
			t.Fatal("it does not load")
		}
	}
	seen.Store(true)
	record(t, s, 1)
	<-done
	if state := virtual(t, s); state.Virtual != 1 {
		t.Errorf("state is %+v", state)
	}
}

func TestLiveNoScript(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	for n := range 3 {
		redis.do("SCRIPT", "FLUSH")
		record(t, s, n)
	}
}

// Where there is no memory left nothing is half-written, what is old can still be dropped, and the leader stays it.
func TestLiveOutOfMemory(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	record(t, s, 1)
	record(t, s, 2)
	before := redis.do("HGETALL", "{flyball}:core")
	redis.do("CONFIG", "SET", "maxmemory", "1mb")
	event := engine.Event{ID: "e1", Policy: "web", Service: "web", Started: now}
	for what, err := range map[string]error{
		"record": s.Record(ctx, decided(3, engine.ScaleUp), engine.State{Open: &event}),
		"switch": s.SetEnabled(ctx, true, "anna", now),
	} {
		isError(t, err, "Redis has no memory left (maxmemory)")
		if after := redis.do("HGETALL", "{flyball}:core"); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s is half-written: the core is %v, and was %v", what, after, before)
		}
	}
	if rows, err := s.Decisions(ctx, "", 0); err != nil || len(rows) != 2 {
		t.Errorf("%d decisions, %v; want 2", len(rows), err)
	}
	s.prune(ctx, now.Add(2*retention))
	if rows, err := s.Decisions(ctx, "", 0); err != nil || len(rows) != 1 {
		t.Errorf("%d decisions, %v; want the newest alone", len(rows), err)
	}
	lead(t, s)
	redis.do("CONFIG", "SET", "maxmemory", "0")
	check(t, s.Record(ctx, decided(3, engine.ScaleUp), engine.State{Open: &event}))
	sane(t, s)
}

func TestLiveSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arguments []string
		says      []string
	}{
		"safe":          {append([]string{"--maxmemory", "100mb"}, durable...), nil},
		"evicts":        {append([]string{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, durable...), []string{"maxmemory-policy is allkeys-lru"}},
		"not on disk":   {nil, []string{"appendonly is no"}},
		"late on disk":  {[]string{"--appendonly", "yes", "--appendfsync", "everysec"}, []string{"appendfsync is everysec"}},
		"tells nothing": {append([]string{"--rename-command", "CONFIG", ""}, durable...), []string{"its settings can't be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			redis := start(t, c.arguments...)
			var log journal
			s := leader(t, Options{URL: redis.url(), Log: log.log()})
			lead(t, s)
			found, err := s.Check(t.Context())
			if err != nil || len(found.Settings) != len(c.says) {
				t.Fatalf("settings are %q, %v; want %q", found.Settings, err, c.says)
			}
			for i, says := range c.says {
				if !strings.Contains(found.Settings[i], says) || strings.Count(log.String(), says) != 1 {
					t.Errorf("it says %q, the log %s; want %q once", found.Settings[i], &log, says)
				}
			}
			if n := strings.Count(log.String(), "at risk"); n != len(c.says) {
				t.Errorf("the log has %s", &log)
			}
		})
	}
}

// A newer flyball's store is left alone.
func TestLiveNewer(t *testing.T) {
	t.Parallel()
	redis := start(t)
	leader(t, Options{URL: redis.url()})
	redis.do("HSET", "{flyball}:core", "version", version+1)
	isRefused(t, Options{URL: redis.url()}, "a newer flyball wrote it")
	leader(t, Options{URL: redis.url() + "?prefix=other"})
}

// Whoever comes to lead makes an older flyball's store one of this version. It does not make one of a newer.
func TestLiveOlder(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	for is, want := range map[int]int{1: version, version: version, version + 1: version + 1} {
		redis.do("HSET", s.coreKey(), "version", is)
		redis.do("DEL", s.leaseKey())
		lead(t, s)
		if got := redis.do("HGET", s.coreKey(), "version"); got != fmt.Sprint(want) {
			t.Errorf("version is %v after %d; want %d", got, is, want)
		}
	}
}

func TestLiveReader(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	record(t, s, 1)
	reader := follower(t, Options{URL: redis.url(), ReadOnly: true})
	if state := virtual(t, reader); state.Virtual != 1 {
		t.Errorf("state is %+v", state)
	}
	for what, err := range map[string]error{
		"record":  reader.Record(t.Context(), decided(2, engine.ScaleUp), engine.State{}),
		"switch":  reader.SetEnabled(t.Context(), true, "anna", now),
		"replace": reader.Replace(t.Context(), nil, now),
		"token":   reader.PutToken(t.Context(), store.Token{}, store.Entry{}),
		"policy":  reader.RemoveDocument(t.Context(), "web", "1", store.Entry{}),
		"post":    reader.Post(t.Context(), 1),
		"lead":    func() error { _, err := reader.Lead(t.Context(), "two", time.Minute); return err }(),
	} {
		if !errors.Is(err, errReadOnly) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
