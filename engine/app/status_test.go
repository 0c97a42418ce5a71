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

func (away) Switch(context.Context) (store.Switch, bool, error) {
	return store.Switch{}, false, store.ErrUnavailable
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

// A pause that was told of before the store went away holds until its time is up, whatever is decided meanwhile.
func TestStatusWithoutTheStoreKeepsPauses(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	web := engine.Policy{Name: "web", Service: "web", Enabled: true, Mode: engine.Live}
	told, until := now.Add(-time.Minute), now.Add(30*time.Second)
	pause := &api.Pause{Service: "web", Until: &until, Seconds: 90, Actor: "ana", Reason: "a sale"}
	for _, tt := range []struct {
		name        string
		all, of     *api.Pause
		after       time.Duration
		state       string
		secondsLeft float64
	}{
		{"of the service", nil, pause, 0, api.IsPaused, 30},
		{"of all services", pause, nil, 0, api.IsPaused, 30},
		{"until somebody resumes", nil, &api.Pause{Service: "web", Actor: "ana"}, time.Hour, api.IsPaused, 0},
		{"that has ended", nil, pause, 30 * time.Second, api.IsActive, 0},
		{"of all that has ended", pause, nil, time.Hour, api.IsActive, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &App{
				leader: &leader{}, store: away{}, loop: &control.Loop{Now: func() control.Moment { return control.Moment{At: now.Add(tt.after)} }},
				policies: []engine.Policy{web},
				last:     map[string]last{web.Subject(): {record: engine.Record{At: now, Decision: engine.Decision{Action: engine.Hold, Reason: "Paused"}}}},
				known:    api.Status{Enabled: true, Pause: tt.all, Policies: []api.PolicyStatus{{Name: "web", LastEvaluation: &told, Pause: tt.of}}},
			}
			s, err := a.Status(t.Context())
			if err != nil || len(s.Policies) != 1 {
				t.Fatalf("%+v, %v", s, err)
			}
			if is := s.Policies[0].State; is.Name != tt.state || is.Seconds != tt.secondsLeft {
				t.Errorf("it is %+v", is)
			}
		})
	}
}
