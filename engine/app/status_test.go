package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/store"
)

// away is a store that can't be reached.
type away struct{ store.Store }

func (away) Enabled(context.Context) (on, known bool, err error) {
	return false, false, store.ErrUnavailable
}

// While the store is away status shows what the last cycles left, also where nobody had asked before.
func TestStatusWithoutTheStore(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	web, idle := engine.Policy{Name: "web", Service: "web", Mode: engine.Live}, engine.Policy{Name: "idle", Service: "idle", Mode: engine.Live}
	cycle := func(at time.Time, replicas int) last {
		r := engine.Record{At: at, Decision: engine.Decision{Action: engine.Hold, Reason: "Steady"}}
		r.Snapshot.Service.Replicas.Current = replicas
		r.State.Cooldown.Up.Until = now.Add(time.Minute)
		return last{record: r}
	}
	a := &App{
		leader: &leader{}, store: away{}, loop: &control.Loop{Now: func() control.Moment { return control.Moment{At: now} }},
		policies: []engine.Policy{web, idle}, last: map[string]last{web.Subject(): cycle(now.Add(-time.Second), 3)},
	}
	s, err := a.Status(t.Context())
	if err != nil || len(s.Policies) != 2 || !strings.Contains(s.Daemon.Store, "not available") {
		t.Fatalf("%+v, %v", s, err)
	}
	if p := s.Policies[0]; p.CurrentReplicas != 3 || p.Reason != "Steady" || p.Cooldown == nil || p.Cooldown.UpSeconds != 60 {
		t.Errorf("web is %+v", p)
	}
	if p := s.Policies[1]; p.Name != "idle" || p.LastEvaluation != nil {
		t.Errorf("idle is %+v", p)
	}

	at := now.Add(-time.Minute)
	a.known.Policies = []api.PolicyStatus{{Name: "web", CurrentReplicas: 2, LastEvaluation: &at}}
	if s, _ = a.Status(t.Context()); s.Policies[0].CurrentReplicas != 3 {
		t.Errorf("it shows %+v, and a cycle came after", s.Policies[0])
	}
	at = now
	if s, _ = a.Status(t.Context()); s.Policies[0].CurrentReplicas != 2 {
		t.Errorf("it shows %+v, and more was known", s.Policies[0])
	}
}
