package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// One leads, the other takes over once the lease is over or given back; what the first still writes is refused.
func TestLiveTwoLeaders(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	one, two := follower(t, Options{URL: redis.url()}), follower(t, Options{URL: redis.url()})
	take := func(s *Store, name string, length time.Duration) store.Lease {
		t.Helper()
		lease, err := s.Lead(ctx, name, length)
		check(t, err)
		return lease
	}
	refused := func(s *Store) {
		t.Helper()
		event := engine.Event{ID: "e", Policy: "web", Service: "web", Started: now, Ended: now, Result: engine.Seen}
		for what, err := range map[string]error{
			"record": s.Record(ctx, decided(9, engine.ScaleUp), engine.State{Virtual: 99}),
			"close":  s.Close(ctx, event, web, engine.State{Virtual: 99}),
		} {
			if !errors.Is(err, store.ErrFenced) {
				t.Errorf("%s of one that does not lead: %v", what, err)
			}
		}
		check(t, s.SetEnabled(ctx, true, "anna", now)) // whoever follows may
	}
	if lease, err := one.Leader(ctx); err != nil || lease != (store.Lease{}) {
		t.Errorf("leader of a new store is %+v, %v", lease, err)
	}
	first := take(one, "one", time.Minute)
	if want := (store.Lease{Leader: "one", Epoch: first.Epoch, Mine: true}); first != want || first.Epoch < time.Now().Add(-time.Minute).Unix() {
		t.Errorf("lease is %+v", first)
	}
	if lease := take(two, "two", time.Minute); lease != (store.Lease{Leader: "one", Epoch: first.Epoch}) {
		t.Errorf("lease of the second is %+v", lease)
	}
	record(t, one, 1)
	refused(two)
	if lease := take(one, "one", 20*time.Millisecond); lease != first {
		t.Errorf("the lease that was prolonged is %+v, and was %+v", lease, first)
	}

	var second store.Lease
	for !second.Mine {
		second = take(two, "two", time.Minute)
	}
	if second.Epoch <= first.Epoch {
		t.Errorf("epoch is %d, after %d", second.Epoch, first.Epoch)
	}
	refused(one)
	record(t, two, 2)
	if lease := take(one, "one", time.Minute); lease != (store.Lease{Leader: "two", Epoch: second.Epoch}) {
		t.Errorf("lease of who led before is %+v", lease)
	}
	check(t, one.Resign(ctx)) // it has none
	if lease, err := one.Leader(ctx); err != nil || lease.Leader != "two" || lease.Mine {
		t.Errorf("leader is %+v, %v", lease, err)
	}
	check(t, two.Resign(ctx))
	refused(two)
	if third := take(one, "one", time.Minute); !third.Mine || third.Epoch <= second.Epoch {
		t.Errorf("lease after one was given back is %+v, after %+v", third, second)
	}
	record(t, one, 3)
	if state := virtual(t, two); state.Virtual != 3 {
		t.Errorf("state is %+v", state)
	}
}

// However many want to lead, at each epoch one does.
func TestLiveManyLeaders(t *testing.T) {
	t.Parallel()
	redis := start(t)
	var mu sync.Mutex
	leaders := map[int64]string{}
	var all sync.WaitGroup
	for n := range 6 {
		s := follower(t, Options{URL: redis.url()})
		name := fmt.Sprint("daemon ", n)
		all.Go(func() {
			for range 40 {
				lease, err := s.Lead(t.Context(), name, time.Millisecond)
				if err != nil {
					t.Error(err)
				}
				if !lease.Mine {
					continue
				}
				mu.Lock()
				if other, has := leaders[lease.Epoch]; has && other != name {
					t.Errorf("at epoch %d %s leads, and %s", lease.Epoch, name, other)
				}
				leaders[lease.Epoch] = name
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if len(leaders) < 2 {
		t.Errorf("leaders were %v", leaders)
	}
}

// However they take turns, nobody writes once the next one leads.
func TestLiveFencing(t *testing.T) {
	t.Parallel()
	redis := start(t)
	var all sync.WaitGroup
	for n := range 4 {
		s := follower(t, Options{URL: redis.url()})
		name := fmt.Sprint("daemon ", n)
		all.Go(func() {
			for i := range 60 {
				lease, err := s.Lead(t.Context(), name, time.Millisecond)
				if err != nil {
					t.Error(err)
				}
				if !lease.Mine {
					continue
				}
				for range 3 {
					r := decided(i, engine.ScaleUp)
					r.Revision = fmt.Sprint(lease.Epoch)
					if err := s.Record(t.Context(), r, engine.State{}); err != nil && !errors.Is(err, store.ErrFenced) {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	rows, err := follower(t, Options{URL: redis.url()}).Decisions(t.Context(), "", 0)
	check(t, err)
	for i, row := range rows[1:] { // the newest first
		if row.Record.Revision > rows[i].Record.Revision {
			t.Fatalf("row %d was written at epoch %s, and the row before it at %s", rows[i].ID, rows[i].Record.Revision, row.Record.Revision)
		}
	}
}

// What was decided on a state that was read under an earlier lease is refused, though the same daemon leads again: another
// one may have led meanwhile.
func TestLiveStateOfAnEarlierLease(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	one, two := leader(t, Options{URL: redis.url()}), follower(t, Options{URL: redis.url()})
	event := engine.Event{ID: "e", Policy: "web", Service: "web", Started: now}
	for _, follows := range []bool{false, true} {
		if follows {
			lead(t, two)
		}
		state := virtual(t, one)
		if !follows {
			check(t, one.Resign(ctx))
			lead(t, two)
		}
		check(t, two.Record(ctx, decided(1, engine.ScaleUp), engine.State{Virtual: 2, Open: &event}))
		check(t, two.Resign(ctx))
		lead(t, one)
		if err := one.Record(ctx, decided(2, engine.Hold), state); !errors.Is(err, store.ErrFenced) {
			t.Errorf("record on a state of before, of one that followed (%v): %v", follows, err)
		}
		drift := event
		drift.ID, drift.Ended, drift.Result = "drift", now, engine.Seen
		if err := one.Close(ctx, drift, web, state); !errors.Is(err, store.ErrFenced) {
			t.Errorf("close on a state of before, of one that followed (%v): %v", follows, err)
		}
		state = virtual(t, one)
		if state.Virtual != 2 || state.Open == nil {
			t.Errorf("state is %+v; want that of who led meanwhile", state)
		}
		event.Ended, event.Result, state.Open = now, engine.Interrupted, nil
		check(t, one.Close(ctx, event, web, state))
		check(t, one.Resign(ctx))
		event = engine.Event{ID: "f", Policy: "web", Service: "web", Started: now}
	}
}

// stopped names, in the process that the next test stops, the Redis to write to.
const stopped = "FLYBALL_TEST_WRITE_UNTIL_FENCED"

// writeUntilFenced leads for a moment and writes until that is refused, in the process that is to be stopped. As a daemon does,
// it goes on where an answer does not come in time: the time of a write is up while it is stopped.
func writeUntilFenced() bool {
	url := os.Getenv(stopped)
	if url == "" {
		return false
	}
	s, err := patient(Options{URL: url})
	if err == nil {
		_, err = s.Lead(context.Background(), "the one that is stopped", 3*time.Second)
		s.patience = brief() // as a daemon has it
	}
	for n := 1; err == nil || late(err); n++ {
		if err = s.Record(context.Background(), decided(n, engine.ScaleUp), engine.State{Virtual: n}); err == nil {
			fmt.Println(n)
		}
	}
	fmt.Println(err)
	return true
}

// A leader that is stopped for longer than its lease writes nothing when it goes on.
func TestLiveStoppedLeader(t *testing.T) {
	t.Parallel()
	redis := start(t)
	binary, err := os.Executable()
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // it would go on for ever if it were not refused
	defer cancel()
	writer := exec.CommandContext(ctx, binary)
	writer.Env = append(os.Environ(), stopped+"="+redis.url())
	out, err := writer.StdoutPipe()
	check(t, err)
	check(t, writer.Start())
	lines := bufio.NewScanner(out)
	for range 3 {
		if !lines.Scan() {
			t.Fatal("it ends before it is stopped")
		}
	}
	check(t, writer.Process.Signal(syscall.SIGSTOP))

	s := follower(t, Options{URL: redis.url()})
	for begun := time.Now(); ; {
		if lease, err := s.Lead(t.Context(), "the other", time.Minute); err != nil || lease.Mine {
			check(t, err)
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("it does not come to lead")
		}
	}
	check(t, s.Record(t.Context(), decided(1000, engine.Hold), engine.State{Virtual: -1}))
	rows, err := s.Decisions(t.Context(), "web", 0)
	check(t, err)
	check(t, writer.Process.Signal(syscall.SIGCONT))
	var last string
	for lines.Scan() {
		last = lines.Text()
	}
	check(t, writer.Wait())
	if !strings.Contains(last, store.ErrFenced.Error()) {
		t.Errorf("the one that was stopped ends with %q", last)
	}
	after, err := s.Decisions(t.Context(), "web", 0)
	check(t, err)
	if state := virtual(t, s); state.Virtual != -1 || len(after) != len(rows) {
		t.Errorf("state is %+v, there are %d decisions, and were %d", state, len(after), len(rows))
	}
}
