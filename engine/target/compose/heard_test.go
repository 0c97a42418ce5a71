package compose

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"
)

func TestNextPause(t *testing.T) {
	var pauses []time.Duration
	var pause time.Duration
	for range 7 {
		pause = next(pause, time.Millisecond)
		pauses = append(pauses, pause)
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if pauses[i] != want*time.Second {
			t.Errorf("pause %d is %s, want %s", i+1, pauses[i], want*time.Second)
		}
	}
	if got := next(30*time.Second, time.Minute); got != firstPause {
		t.Errorf("the pause after a subscription that held is %s, want %s", got, firstPause)
	}
}

func TestWatchSubscribesAgain(t *testing.T) {
	var subscriptions atomic.Int64
	target := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			t.Errorf("asked for %s", r.URL.Path)
		}
		for _, part := range []string{projectLabel, serviceLabel, oneoffLabel + "=False", "rename", "destroy"} {
			if !strings.Contains(r.URL.Query().Get("filters"), part) {
				t.Errorf("the filters %s have no %s", r.URL.Query().Get("filters"), part)
			}
		}
		if subscriptions.Add(1) == 1 {
			refuse(w, http.StatusInternalServerError, "not now")
			return
		}
		json.NewEncoder(w).Encode(events.Message{Action: events.ActionDie, Actor: events.Actor{
			ID: "a", Attributes: map[string]string{projectLabel: "shop", serviceLabel: "web"},
		}})
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	heard := make(chan string, 1)
	go func() {
		defer close(done)
		target.Watch(ctx, func(project, service string) { heard <- project + "/" + service })
	}()
	if got := <-heard; got != "shop/web" {
		t.Errorf("heard of %s, want shop/web", got)
	}
	stop()
	<-done
}
