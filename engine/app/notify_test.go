package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// What receivers took is told to Prometheus, and of one that was told nothing yet too.
func TestDeliveriesAreCounted(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	o, _ := place(t)
	say(t, o, web+fmt.Sprintf("config: notify: {receivers: {own: url: %[1]q, idle: {url: %[1]q, kinds: [\"failed\"]}}, allow: [\"127.0.0.1\"]}\n", receiver.URL))
	a := begin(t, o)
	for _, name := range []string{"own", "idle"} {
		scrapeOf(t, a).is(t, 0, "deliveries_total", "receiver="+name, "result=delivered")
	}

	// As a daemon does: what stands in the log by then is not told, and what comes after is.
	a.began(t.Context(), "started")
	if err := a.notifier.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told := make(chan struct{})
	go func() { a.notifier.Run(ctx); close(told) }()
	defer func() { stop(); <-told }()
	a.note(t.Context(), store.Entry{At: time.Now(), Actor: "flyball", Kind: store.OfTrouble, Reason: "RulesFail", Message: "they fail"})
	for late := time.After(20 * time.Second); ; {
		s := scrapeOf(t, a)
		if n, _ := s.sum("deliveries_total", "receiver=own", "result=delivered"); n == 1 {
			s.is(t, 0, "deliveries_total", "receiver=idle")
			return
		}
		select {
		case <-late:
			t.Fatal("it is not counted")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
