package redis

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// path stands between a store and its Redis, and can swallow an answer.
type path struct {
	address string
	spare   atomic.Int64 // so many answers pass
	swallow atomic.Int64 // so many from then on: the connection is cut in their place
	detain  atomic.Bool  // the next request: the connection is cut once it was sent
	late    chan []byte  // the requests that were detained
}

func through(t *testing.T, to string) *path {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	w := &path{address: l.Addr().String(), late: make(chan []byte, 1)}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { w.pass(c, to) })
		}
	})
	t.Cleanup(open.Wait)
	t.Cleanup(func() { l.Close() })
	return w
}

func (w *path) pass(c net.Conn, to string) {
	defer c.Close()
	server, err := net.DialTimeout("tcp", to, time.Second)
	if err != nil {
		return
	}
	go func() {
		defer server.Close()
		request := make([]byte, 64<<10)
		for {
			n, err := c.Read(request)
			if err != nil {
				return
			}
			if w.detain.CompareAndSwap(true, false) {
				w.late <- slices.Clone(request[:n])
				return
			}
			if _, err := server.Write(request[:n]); err != nil {
				return
			}
		}
	}()
	answer := make([]byte, 64<<10)
	for {
		n, err := server.Read(answer)
		if err != nil || w.spare.Add(-1) < 0 && w.swallow.Add(-1) >= 0 {
			server.Close()
			return
		}
		if _, err := c.Write(answer[:n]); err != nil {
			return
		}
	}
}

// A write whose answer gets lost is sent again, and is there once.
func TestLiveAnswerLost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	w := through(t, redis.address())
	s := leader(t, Options{URL: "redis://" + w.address})
	record(t, s, 0) // so that the scripts are known
	check(t, s.SetEnabled(ctx, true, "anna", now))
	check(t, s.Audit(ctx, store.Entry{Actor: "first"}))
	check(t, s.PutToken(ctx, store.Token{ID: "first"}, store.Entry{Actor: "first"}))
	check(t, s.Post(ctx, 1))
	event := engine.Event{ID: "e1", Policy: "web", Service: "web", Action: engine.ScaleUp, Started: now}
	ended := event
	ended.Ended, ended.Result = now.Add(time.Second), engine.Succeeded
	other := ended
	other.ID = "e2"
	check(t, s.Close(ctx, other, web, engine.State{}))

	before := s.saw()
	for _, c := range []struct {
		name    string
		do      func() error
		rows    int
		entries int
		seq     int64
		reads   int64 // before it writes
	}{
		{"record", func() error { return s.Record(ctx, decided(1, engine.ScaleUp), engine.State{Open: &event}) }, 1, 1, 1, 0},
		{"close", func() error { return s.Close(ctx, ended, web, engine.State{Virtual: 2}) }, 0, 1, 1, 0},
		{"switch", func() error { return s.SetEnabled(ctx, false, "anna", now) }, 0, 1, 0, 0},
		{"audit", func() error { return s.Audit(ctx, store.Entry{Actor: "second"}) }, 0, 1, 0, 0},
		{"token", func() error { return s.PutToken(ctx, store.Token{ID: "t", Created: now}, store.Entry{At: now}) }, 0, 1, 0, 1},
		{"policy", func() error {
			return s.PutDocument(ctx, store.Document{Name: "web", Version: "1"}, "", store.Entry{At: now})
		}, 0, 1, 0, 1},
		{"a policy's end", func() error { return s.RemoveDocument(ctx, "web", "1", store.Entry{At: now}) }, 0, 1, 0, 1},
		{"a token's end", func() error {
			removed, err := s.RemoveToken(ctx, "t", store.Entry{At: now})
			if !removed {
				t.Error("it says that there was no token")
			}
			return err
		}, 0, 1, 0, 1},
		{"post", func() error { return s.Post(ctx, 3, store.Message{ID: "m"}) }, 0, 0, 0, 0},
	} {
		count := func() (rows, entries int) {
			decisions, err := s.Decisions(ctx, "", 0)
			check(t, err)
			log, err := s.Audited(ctx, store.Filter{})
			check(t, err)
			return len(decisions), len(log)
		}
		rows, entries := count()
		seq := s.saw().seq
		w.spare.Store(c.reads)
		w.swallow.Store(1)
		check(t, c.do())
		if w.swallow.Load() >= 0 {
			t.Fatalf("%s: no answer was lost", c.name)
		}
		rowsNow, entriesNow := count()
		if rowsNow != rows+c.rows || entriesNow != entries+c.entries || s.saw().seq != seq+c.seq {
			t.Errorf("%s: %d rows after %d, %d entries after %d, seq %d after %d", c.name, rowsNow, rows, entriesNow, entries, s.saw().seq, seq)
		}
	}
	if s.saw().leads != before.leads {
		t.Errorf("it leads with %d, and led with %d", s.saw().leads, before.leads)
	}
	sane(t, s)
}

// Who begins anew says so, also where the answer to that gets lost.
func TestLiveAnswerLostOfALoss(t *testing.T) {
	t.Parallel()
	redis := start(t)
	w := through(t, redis.address())
	var log journal
	s := leader(t, Options{URL: "redis://" + w.address, Log: log.log()})
	record(t, s, 1)
	redis.do("FLUSHDB")
	w.swallow.Store(1)
	lead(t, s)
	if w.swallow.Load() >= 0 {
		t.Fatal("no answer was lost")
	}
	said(t, s, &log, "Redis has lost all that was written")
}

// arrives has a request arrive that was detained.
func (s *server) arrives(request []byte) {
	s.tb.Helper()
	c, err := net.Dial("tcp", s.address())
	check(s.tb, err)
	_, err = c.Write(request)
	check(s.tb, err)
	_, err = c.Read(make([]byte, 100)) // it was carried out
	check(s.tb, errors.Join(err, c.Close()))
}

// A write that was on its way for long comes after a newer one of the same store, and changes nothing any more.
func TestLiveLateWrite(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	w := through(t, redis.address())
	s := leader(t, Options{URL: "redis://" + w.address})
	record(t, s, 0) // so that the scripts are known
	event := engine.Event{ID: "e1", Policy: "web", Service: "web", Action: engine.ScaleUp, Started: now}
	drift := engine.Event{ID: "e2", Policy: "web", Service: "web", Started: now, Ended: now, Result: engine.Seen}
	check(t, s.Close(ctx, drift, web, engine.State{}))
	drift.ID = "e3"

	for name, do := range map[string]func() error{
		"record": func() error { return s.Record(ctx, decided(1, engine.Hold), engine.State{}) },
		"close":  func() error { return s.Close(ctx, drift, web, engine.State{}) },
	} {
		w.detain.Store(true)
		check(t, do()) // at the second attempt
		check(t, s.Record(ctx, decided(2, engine.ScaleUp), engine.State{Virtual: 2, Open: &event}))
		redis.arrives(<-w.late)
		if state := virtual(t, s); state.Virtual != 2 || state.Open == nil {
			t.Errorf("%s: state is %+v; want the one that was written last", name, state)
		}
	}
	sane(t, s)
}

// What was turned long ago is not turned again, whoever has turned it back.
func TestLiveLateTurn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	redis := start(t)
	w := through(t, redis.address())
	s, other := leader(t, Options{URL: "redis://" + w.address}), follower(t, Options{URL: redis.url()})
	check(t, s.SetEnabled(ctx, false, "anna", now)) // so that the script is known
	for _, back := range []*Store{s, other} {
		w.detain.Store(true)
		check(t, s.SetEnabled(ctx, true, "anna", now))
		check(t, back.SetEnabled(ctx, false, "ben", now))
		redis.arrives(<-w.late)
		if is, _, err := other.Switch(ctx); is.On || err != nil {
			t.Errorf("the switch is %v, %v; want it off", is.On, err)
		}
	}
}
