package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// web is a policy whose simulated service begins under its minimum: it scales at once.
const web = `policies: web: {
	service: "web", enabled: true, target: driver: "sim", minReplicas: 2, maxReplicas: 4
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", window: "5s"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]
}
`

// place is a folder with a policy file, and the options of a daemon there. What it logs is in log.
func place(t testing.TB) (o Options, log *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	log = new(bytes.Buffer)
	o = Options{
		Policies: filepath.Join(dir, "policies.cue"), Read: Here, Version: "test",
		Store: filepath.Join(dir, "db"), Socket: filepath.Join(dir, "s"), DockerHost: "unix:///nowhere.sock",
		Log: slog.New(slog.NewTextHandler(log, nil)),
	}
	say(t, o, web)
	return o, log
}

func say(t testing.TB, o Options, policies string) {
	t.Helper()
	if err := os.WriteFile(o.Policies, []byte(policies), 0o600); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, o Options) *App {
	t.Helper()
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func running(t *testing.T, a *App) int {
	t.Helper()
	s, err := a.drivers.simulated.Observe(t.Context(), a.policies[0])
	if err != nil {
		t.Fatal(err)
	}
	return len(s.Replicas)
}

func TestOnce(t *testing.T) {
	tests := []struct {
		name    string
		set     func(o *Options)
		reason  string
		mode    engine.Mode // of the event; "": there is none
		running int
		says    string
	}{
		{"autoscaling is on", func(o *Options) { o.Enabled = true }, "BelowMinimum", engine.Live, 2, "autoscaling=true"},
		{"autoscaling is off", func(o *Options) {}, "Disabled", "", 1, "autoscaling is off"},
		{"a dry run decides, and touches nothing", func(o *Options) { o.DryRun = true }, "BelowMinimum", engine.Shadow, 1, "dry run: decisions are made as if autoscaling were on"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, log := place(t)
				tt.set(&o)
				a := begin(t, o)
				if err := a.Once(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := running(t, a); n != tt.running {
					t.Errorf("%d replicas run, want %d", n, tt.running)
				}
				s, err := a.Status(t.Context())
				if err != nil || len(s.Policies) != 1 || s.Policies[0].Reason != tt.reason || s.Daemon.DryRun != o.DryRun || s.Daemon.Policies != o.Policies {
					t.Errorf("status %+v, %v", s, err)
				}
				events, err := a.History(t.Context(), "web", 10)
				if err != nil || (len(events) == 1) != (tt.mode != "") || tt.mode != "" && (events[0].Mode != tt.mode || events[0].To != 2) {
					t.Errorf("events %+v, %v", events, err)
				}
				if !strings.Contains(log.String(), tt.says) {
					t.Errorf("no %q in\n%s", tt.says, log)
				}
			})
		})
	}
}

func TestOnceSaysWhatItCouldNotReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := place(t)
		say(t, o, strings.Replace(web, `target: driver: "sim"`, `target: project: "shop"`, 1))
		err := begin(t, o).Once(t.Context())
		if err == nil || !strings.Contains(err.Error(), "policy web: observe web: ") {
			t.Errorf("got %v", err)
		}
	})
}

func TestReload(t *testing.T) {
	o, log := place(t)
	o.Store, o.Level, o.Form = "", new(slog.LevelVar), new(Format)
	t.Chdir(filepath.Dir(o.Policies))
	a := begin(t, o)
	ctx := t.Context()
	taken := make(chan []engine.Policy, 1)
	reload := func(policies string) {
		t.Helper()
		say(t, o, policies)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case set := <-a.sets:
				taken <- set
			case <-ctx.Done():
				taken <- nil
			}
		}()
		a.reload(ctx)
	}

	reload("policies: web: {service")
	if s, err := a.Status(ctx); err != nil || len(s.Policies) != 1 || !strings.Contains(s.Daemon.Problem, "policies.cue:1") {
		t.Errorf("after a bad file: %+v, %v", s, err)
	}
	if set := <-taken; set != nil {
		t.Errorf("a bad file was taken up: %+v", set)
	}

	more := strings.Replace(web, "web:", "api:", 1) + web
	reload(strings.Replace(more, `"web"`, `"api"`, 1) + `config: {limits: {maxTotalReplicas: 3, minAvailableMemoryMB: 0}, store: path: "other.db", log: {level: "debug", format: "json"}}`)
	if set := <-taken; len(set) != 2 || a.problem != "" {
		t.Errorf("a good file after it: %+v, %s", set, a.problem)
	}
	if b := a.loop.Cycle.Budget; b.MaxReplicas != 3 || b.MinMemory != 0 {
		t.Errorf("limits %d and %d", b.MaxReplicas, b.MinMemory)
	}
	if n := running(t, a); n != 1 || a.policies[0].Service != "api" {
		t.Errorf("%d replicas of %s", n, a.policies[0].Service)
	}
	const restart = `needs a restart of the daemon" changed="store.path, log.level, log.format"`
	if strings.Count(log.String(), restart) != 1 {
		t.Errorf("not once %q in\n%s", restart, log)
	}
}

// The switch is the store's: the next daemon, and whoever asks without one, find it there, with who turned it and when.
func TestSwitchPersists(t *testing.T) {
	o, _ := place(t)
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := a.Status(t.Context()); err != nil || s.Switched != nil {
		t.Errorf("before anybody turned it: %+v, %v", s, err)
	}
	before := time.Now()
	if err := errors.Join(a.Enable(t.Context(), true, "ana"), a.Close()); err != nil {
		t.Fatal(err)
	}
	by := func(s api.Status, actor string) bool {
		return s.Switched != nil && s.Switched.Actor == actor && !s.Switched.At.Before(before) && !s.Switched.At.After(time.Now())
	}
	offline, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := offline.Status(t.Context()); err != nil || !s.Enabled || s.Daemon != nil || !by(s, "ana") {
		t.Errorf("%+v, %v", s, err)
	}
	if err := offline.Enable(t.Context(), false, "ben"); err != nil {
		t.Fatal(err)
	}
	o.Enabled = true // which the last word wins over
	if s, err := begin(t, o).Status(t.Context()); err != nil || s.Enabled || !by(s, "ben") {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestNewRefuses(t *testing.T) {
	o, _ := place(t)
	say(t, o, "policies: web: {service")
	if _, err := New(t.Context(), o); !errors.As(err, &Invalid{}) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(o.Store); !errors.Is(err, os.ErrNotExist) {
		t.Error("it made a store first")
	}
}

func TestFilled(t *testing.T) {
	o, _ := place(t)
	none, some := 0, 100
	for _, tt := range []struct {
		given, config *int
		want          int
	}{{nil, nil, 512}, {nil, &none, 0}, {&some, &none, 100}, {&none, &some, 0}} {
		o.MinMemoryMB = tt.given
		set, err := Here(t.Context(), o.Policies)
		if err != nil {
			t.Fatal(err)
		}
		set.Config.MinAvailableMemoryMB = tt.config
		if got := *o.filled(set.Config).MinMemoryMB; got != tt.want {
			t.Errorf("%d MB, want %d", got, tt.want)
		}
	}
}
