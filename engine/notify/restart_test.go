package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/notify"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// life is a daemon's on a file: it notifies until it is stopped.
func life(t *testing.T, file, address string) (*sqlite.Store, func()) {
	t.Helper()
	s, err := sqlite.Open(file, sqlite.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	allow, err := notify.ParseAllow([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	n := &notify.Notifier{Outbox: s, Now: time.Now, Log: slog.New(slog.DiscardHandler), Chance: func() float64 { return 0 }}
	n.Use(notify.Settings{Allow: allow, Receivers: []notify.Receiver{{Name: "ops", URL: func() (string, error) { return address, nil }}}})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(ctx)
	}()
	return s, func() {
		stop()
		<-done
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	}
}

// until waits for something to be so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(20 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("after 20 s it is not so that %s", what)
		}
	}
}

// Fault 38: the receiver is down, and the daemon restarts in between.
func TestRestartWhileTheReceiverIsDown(t *testing.T) {
	var mu sync.Mutex
	down, tried, took := true, map[string]int{}, map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		id := r.Header.Get("Webhook-Id")
		if tried[id]++; down {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		took[id]++
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "flyball.db")
	first, err := sqlite.Open(file, sqlite.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	before := store.Entry{At: time.Now(), Actor: "flyball", Kind: store.OfTrouble, Reason: notify.PoliciesUnusable, Message: "before anybody was told"}
	if err := errors.Join(first.Audit(t.Context(), before), first.Shutdown()); err != nil {
		t.Fatal(err)
	}
	ledger, stop := life(t, file, s.URL)
	begun := func() bool {
		_, known, err := ledger.Posted(t.Context())
		return known && err == nil
	}
	note := func(message string) {
		e := store.Entry{At: time.Now(), Actor: "flyball", Kind: store.OfTrouble, Reason: notify.PoliciesUnusable, Message: message}
		if err := ledger.Audit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "it has begun", begun)
	note("one")
	until(t, "it was tried", func() bool { mu.Lock(); defer mu.Unlock(); return len(tried) == 1 })
	stop()

	ledger, stop = life(t, file, s.URL)
	note("two")
	until(t, "both wait", func() bool { waiting, _, err := ledger.Depth(t.Context()); return err == nil && waiting == 2 })
	mu.Lock()
	down = false
	mu.Unlock()
	until(t, "nothing waits", func() bool { waiting, _, err := ledger.Depth(t.Context()); return err == nil && waiting == 0 })
	stop()
	mu.Lock()
	defer mu.Unlock()
	if len(tried) != 2 || len(took) != 2 {
		t.Errorf("tried %v, took %v; want two ids that stay", tried, took)
	}
	for id, n := range took {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
}
