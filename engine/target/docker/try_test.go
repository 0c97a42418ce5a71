package docker

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/containerd/errdefs"

	"github.com/flyball-dev/flyball/engine"
)

// proxied is an engine behind a server that answers as it is told.
func proxied(t *testing.T, answer http.HandlerFunc) *Engine {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	e, err := Dial("tcp://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// Whoever takes these calls for good finds nothing that he could do.
func TestTryIsHarmless(t *testing.T) {
	for _, n := range Needs() {
		t.Run(string(n.Call), func(t *testing.T) {
			method, path := n.Call.Parts()
			e := proxied(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				switch {
				case r.Method != method:
					t.Errorf("asked by %s", r.Method)
				case strings.Contains(path, "{") != strings.Contains(r.URL.Path, Nothing), strings.Contains(r.URL.Path, "{"):
					t.Errorf("asked of %s", r.URL.Path)
				case len(body) > 0 && json.Valid(body), n.Call == CreateContainer && len(body) == 0:
					t.Errorf("asked with the body %q", body)
				}
			})
			if err := e.Try(t.Context(), "try", n.Call); err != nil {
				t.Error(err)
			}
		})
	}
}

// A proxy may count the digits of what it lets pass.
func TestTryNamesWhatCouldBe(t *testing.T) {
	for c, want := range map[Call]string{
		StopContainer: `^/containers/[0-9a-f]{64}/stop$`, StartExec: `^/exec/[0-9a-f]{64}/start$`, ConnectNetwork: `^/networks/[0-9a-f]{64}/connect$`,
		UpdateService: `^/services/[0-9a-z]{25}/update\?version=0$`, InspectService: `^/services/[0-9a-z]{25}$`, ReadTaskLog: `^/tasks/[0-9a-z]{25}/logs\?`,
	} {
		_, path, _ := c.harmless()
		_, again, _ := c.harmless()
		if !regexp.MustCompile(want).MatchString(path) || path == again {
			t.Errorf("%s asks of %s and then of %s, want %s and never the same", c, path, again, want)
		}
	}
}

func TestTry(t *testing.T) {
	page := "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>"
	cases := map[string]struct {
		status  int
		body    string
		want    string // empty: it is allowed
		without string
	}{
		"not there":             {404, `{"message":"No such container"}`, "", ""},
		"a body that breaks":    {400, `{"message":"unexpected EOF"}`, "", ""},
		"an older engine":       {500, `{"message":"unexpected EOF"}`, "", ""},
		"no swarm manager":      {503, `{"message":"This node is not a swarm manager."}`, "", ""},
		"a redirect":            {301, "", "", ""},
		"HAProxy":               {403, page, "forbids DELETE /containers/{id} (403); allow it in the socket proxy or authorization plugin", "<"},
		"authorization plugin":  {403, `{"message":"authorization denied by plugin opa: no"}`, "plugin: authorization denied by plugin opa: no", ""},
		"a method never passed": {405, "", "forbids DELETE /containers/{id} (403)", ""},
		"nobody known":          {401, "", "forbids DELETE /containers/{id} (403)", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := proxied(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			err := e.Try(t.Context(), "remove replicas", RemoveContainer)
			if c.want == "" {
				if err != nil {
					t.Errorf("%v, want that it is allowed", err)
				}
				return
			}
			if !errdefs.IsPermissionDenied(err) || !strings.HasPrefix(err.Error(), "remove replicas: the Docker engine at tcp://") || !strings.Contains(err.Error(), c.want) ||
				c.without != "" && strings.Contains(err.Error(), c.without) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestAllowsKeepsWhatIsAllowed(t *testing.T) {
	var asked, status atomic.Int64
	e := proxied(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(int(status.Load()))
	})
	for _, c := range []struct {
		status, asked int64
		fails         bool
	}{{403, 1, true}, {403, 2, true}, {404, 4, false}, {403, 4, false}} {
		status.Store(c.status)
		if err := e.Allows(t.Context(), "lower", StopContainer, RemoveContainer); (err != nil) != c.fails || asked.Load() != c.asked {
			t.Errorf("answered %d: %v after %d calls, want an error %t after %d", c.status, err, asked.Load(), c.fails, c.asked)
		}
	}
	_ = e.Explain(StopContainer, "stop web-2", errdefs.ErrPermissionDenied) // the rules have changed
	if err := e.Allows(t.Context(), "lower", StopContainer, RemoveContainer); err == nil || asked.Load() != 5 {
		t.Errorf("%v after %d calls, want that the one that was forbidden is tried again", err, asked.Load())
	}
}

// What is no refusal stands in nobody's way: the call itself meets it, and says so.
func TestAllowsLeavesOtherTroubles(t *testing.T) {
	var asked atomic.Int64
	e := proxied(t, func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler) // no answer
	})
	for _, want := range []int64{1, 2} {
		if err := e.Allows(t.Context(), "lower", StopContainer, RemoveContainer); err != nil || asked.Load() != want {
			t.Errorf("%v after %d calls, want none after %d", err, asked.Load(), want)
		}
	}
}

func TestNeeds(t *testing.T) {
	plain := engine.Policy{Target: engine.Place{Driver: "compose"}}
	hooked := plain
	hooked.Rollout.Drain.Exec = []string{"/drain"}
	cli, swarm := plain, plain
	cli.Target.Driver, swarm.Target.Driver = "compose-cli", "swarm"
	measured := swarm
	measured.Metrics = []engine.Metric{{Type: "memory", Source: "system"}, {Type: "restarts", Source: "system"}}
	simulated := measured
	simulated.Target.Driver = "sim"
	takes := func(p engine.Policy, c Call) bool {
		for _, n := range Needs() {
			if n.Call == c && n.Of(p) {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		name string
		p    engine.Policy
		call Call
		want bool
	}{
		{"compose clones", plain, CreateContainer, true},
		{"no hook", plain, StartExec, false},
		{"a hook", hooked, StartExec, true},
		{"compose-cli makes none itself", cli, CreateContainer, false},
		{"compose-cli removes", cli, RemoveContainer, true},
		{"swarm removes none itself", swarm, RemoveContainer, false},
		{"swarm sets the number", swarm, UpdateService, true},
		{"nothing is measured", swarm, InspectContainer, false},
		{"restarts", measured, InspectContainer, true},
		{"memory of the host", measured, GetInfo, true},
		{"no engine at all", simulated, GetPing, false},
	} {
		if got := takes(c.p, c.call); got != c.want {
			t.Errorf("%s: takes %s %t, want %t", c.name, c.call, got, c.want)
		}
	}
}
