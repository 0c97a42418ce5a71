package compose

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
)

var shopWeb = service{project: "shop", name: "web"}

// telling is a target on an engine that reports one event and then no more, and whose containers have a stop signal.
func telling(t *testing.T, stopSignal string, m events.Message) *Target {
	return answering(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			answer(w, http.StatusOK, inspected(func(c *container.InspectResponse) { c.Config.StopSignal = stopSignal }))
			return
		}
		json.NewEncoder(w).Encode(m)
		w.(http.Flusher).Flush()
		if !r.URL.Query().Has("until") {
			<-r.Context().Done()
		}
	})
}

func TestWatchTellsOthersFromItself(t *testing.T) {
	cases := map[string]struct {
		action          events.Action
		service, signal string
		stopSignal      string
		own             bool
		stops           bool
	}{
		"a replica is told to stop":              {events.ActionKill, "web", "15", "", false, true},
		"another service of the project is":      {events.ActionKill, "db", "15", "", false, true},
		"a replica is removed":                   {events.ActionDestroy, "web", "", "", false, true},
		"what stopped before is, of another":     {events.ActionDestroy, "db", "", "", false, false},
		"another order of ours stops one":        {events.ActionKill, "db", "15", "", true, false},
		"we remove one":                          {events.ActionDestroy, "web", "", "", true, false},
		"it is to read its configuration again":  {events.ActionKill, "web", "1", "SIGTERM", false, false},
		"that signal is its stop signal":         {events.ActionKill, "web", "12", "SIGUSR2", false, true},
		"that signal is, without its first part": {events.ActionKill, "web", "12", "usr2", false, true},
		"that signal is, as a number":            {events.ActionKill, "web", "12", "12", false, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := events.Message{Action: c.action, Actor: events.Actor{ID: templateID, Attributes: map[string]string{
				projectLabel: "shop", serviceLabel: c.service, "signal": c.signal, "name": "shop-web-1",
			}}}
			target := telling(t, c.stopSignal, m)
			if c.own {
				target.own(templateID, time.Minute)
			}
			if got := target.disturbs(t.Context(), shopWeb, m); got != c.stops {
				t.Errorf("it speaks against starting replicas: %t, want %t", got, c.stops)
			}
			if !c.stops {
				return
			}
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			target.watch(ctx, shopWeb, stop)
			<-ctx.Done()
			if err := context.Cause(ctx); !strings.Contains(err.Error(), "somebody else stopped or removed container shop-web-1") {
				t.Errorf("the batch was stopped because: %v", err)
			}
		})
	}
}

func TestOwnEnds(t *testing.T) {
	target := on(t, "unix:///nowhere")
	target.own("a", -time.Second)
	target.own("b", time.Minute)
	target.own("c", time.Minute)
	if target.owns("a") || !target.owns("b") || len(target.owned) != 2 {
		t.Errorf("%v, want b and c", target.owned)
	}
}

func TestTold(t *testing.T) {
	m := events.Message{Action: events.ActionKill, TimeNano: noon.UnixNano(), Actor: events.Actor{ID: "a", Attributes: map[string]string{"signal": "15"}}}
	told, err := telling(t, "", m).told(t.Context(), shopWeb.labels(), noon)
	if err != nil || !told["a"].Equal(noon) {
		t.Errorf("%v, %v; want a at noon", told, err)
	}
	deaf := answering(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "not allowed") })
	if _, err := deaf.told(t.Context(), shopWeb.labels(), noon); err == nil {
		t.Error("no error of an engine that tells nothing")
	}
}

func TestQuietEndsWithItsContext(t *testing.T) {
	labels := inspected(nil).Config.Labels
	target := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, []container.Summary{{ID: "b", Names: []string{"/aabbccddeeff_shop-web-2"}, State: container.StateCreated, Labels: labels}})
	})
	ctx, stop := context.WithCancelCause(t.Context())
	time.AfterFunc(300*time.Millisecond, func() { stop(errors.New("told to stop")) })
	err := target.quiet(ctx, shopWeb, false)
	if err == nil || ctx.Err() == nil {
		t.Errorf("it is quiet while a container has a temporary name: %v", err)
	}
}
