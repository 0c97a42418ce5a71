package app

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
)

// A pause is the store's: the next daemon, and whoever asks without one, find it there.
func TestPausePersists(t *testing.T) {
	o, log := place(t)
	o.Enabled = true
	ctx := t.Context()
	a, err := New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	hour := api.PauseAsk{Service: "web", Seconds: 3600, Reason: " a sale ", Actor: "ana"}
	paused, err := a.Pause(ctx, hour)
	if p := paused.Pause; err != nil || p.Service != "web" || p.Reason != "a sale" || p.Actor != "ana" || p.Seconds != 3600 || p.Until.Sub(p.Since) != time.Hour || paused.Before != nil {
		t.Errorf("paused %+v, %v", paused, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	offline, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := offline.Status(ctx)
	if p := s.Policies[0].Pause; err != nil || s.Pause != nil || p == nil || p.Actor != "ana" || p.Seconds > 3600 || p.Seconds < 3500 {
		t.Errorf("status %+v, %v", s, err)
	}
	if again, err := offline.Pause(ctx, api.PauseAsk{Service: "web", Reason: "a longer sale", Actor: "ben"}); err != nil || again.Before == nil || again.Before.Actor != "ana" {
		t.Errorf("paused again %+v, %v", again, err)
	}
	if _, err := offline.Pause(ctx, api.PauseAsk{Reason: "Docker is updated", Actor: "ana"}); err != nil {
		t.Fatal(err)
	}

	a = begin(t, o)
	if err := a.Once(ctx); err != nil {
		t.Fatal(err)
	}
	s, err = a.Status(ctx)
	if p := s.Policies[0]; err != nil || s.Pause == nil || s.Pause.Reason != "Docker is updated" || p.Pause.Until != nil || p.Reason != "Paused" ||
		!strings.Contains(p.Message, "paused by ben until resumed: a longer sale") || len(p.Conditions) == 0 || p.Conditions[0].Status {
		t.Errorf("status %+v, %v", s, err)
	}
	if n := running(t, a); n != 1 {
		t.Errorf("%d replicas run, want the one from before", n)
	}
	for _, says := range []string{`msg=paused service=all until=resumed actor=ana`, `msg=paused service=web until=resumed actor=ben`} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("the daemon does not say %q:\n%s", says, log)
		}
	}

	say(t, o, "") // a service whose policy is gone can still be resumed
	a.policies = nil
	if r, err := a.Resume(ctx, "web", "ana"); err != nil || r.Ended == nil || len(r.Still) != 1 || r.Still[0].Service != "" {
		t.Errorf("resumed %+v, %v", r, err)
	}
	if r, err := a.Resume(ctx, "", "ana"); err != nil || r.Ended == nil || r.Still != nil {
		t.Errorf("resumed all %+v, %v", r, err)
	}
	if r, err := a.Resume(ctx, "", "ana"); err != nil || r.Ended != nil {
		t.Errorf("resumed twice %+v, %v", r, err)
	}
}

func TestPausesThatCannotBe(t *testing.T) {
	now := control.Moment{At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Boot: engine.Boot{ID: "a"}}
	for name, c := range map[string]struct {
		ask  api.PauseAsk
		says string
	}{
		"no reason":              {api.PauseAsk{}, "reason is empty; say why"},
		"blanks for a reason":    {api.PauseAsk{Reason: " \n"}, "reason is empty"},
		"a reason of two lines":  {api.PauseAsk{Reason: "a\nb"}, "write it in one line"},
		"a reason that rings":    {api.PauseAsk{Reason: "a\x07"}, "control character"},
		"a novel for a reason":   {api.PauseAsk{Reason: strings.Repeat("ž", 501)}, "reason has 501 characters; allowed are 500"},
		"a novel for an actor":   {api.PauseAsk{Reason: "x", Actor: strings.Repeat("a", 101)}, "actor has 101 characters"},
		"two ends":               {api.PauseAsk{Reason: "x", Seconds: 1, Until: now.At.Add(1)}, "both seconds and until"},
		"an end before it began": {api.PauseAsk{Reason: "x", Seconds: -5}, "seconds is -5; allowed is more than 0"},
		"a century":              {api.PauseAsk{Reason: "x", Seconds: 1e300}, "allowed is a year at most"},
		"until now":              {api.PauseAsk{Reason: "x", Until: now.At}, "until is 2026-03-01T12:00:00Z, which is past; it is 2026-03-01T12:00:00Z now"},
		"until the next century": {api.PauseAsk{Reason: "x", Until: now.At.AddDate(100, 0, 0)}, "until is 2126-03-01T12:00:00Z; allowed is a year at most"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newPause(c.ask, now)
			refusal := api.Refusal{}
			if !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest || !strings.Contains(refusal.Detail, c.says) {
				t.Errorf("got %v, want …%s…", err, c.says)
			}
		})
	}
	if p, err := newPause(api.PauseAsk{Reason: strings.Repeat("ž", 500), Until: now.At.Add(time.Hour)}, now); err != nil || p.Boot.ID != "" {
		t.Errorf("a named end: %+v, %v", p, err)
	}
	if p, err := newPause(api.PauseAsk{Reason: "x", Seconds: 0.5}, now); err != nil || p.Boot.ID != "a" || p.Until.Sub(now.At) != 500*time.Millisecond {
		t.Errorf("a length: %+v, %v", p, err)
	}
}

func TestWhichServiceIsPaused(t *testing.T) {
	policy := func(name, service, project string) engine.Policy {
		return engine.Policy{Name: name, Service: service, Target: engine.Place{Driver: "compose", Project: project}}
	}
	policies := []engine.Policy{policy("front", "web", "a"), policy("back", "api", "a"), policy("back-b", "api", "b")}
	pauses := map[string]engine.Pause{"": {}, "compose/a/old": {Service: "old"}}
	for name, c := range map[string]struct {
		service     string
		place, says string
	}{
		"by its name":           {"web", "compose/a/web", ""},
		"by its policy's name":  {"back-b", "compose/b/api", ""},
		"one without a policy":  {"old", "compose/a/old", ""},
		"one of two of a name":  {"api", "", "several services are called api (compose/a/api, compose/b/api): name a policy of the one that is meant: back, back-b"},
		"one that there is not": {"db", "", "no policy scales a service db; they scale web, api"},
	} {
		t.Run(name, func(t *testing.T) {
			place, _, err := placeOf(c.service, policies, pauses)
			if place != c.place || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, %v", place, err)
			}
		})
	}
}
