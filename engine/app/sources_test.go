package app

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/schema"
)

const canary = "canary-hunter2"

// guarded answers a queue of 7 to whoever has the token.
func guarded(t *testing.T, token *string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+*token {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"queue": 7}`))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func length(source string) engine.Metric {
	return engine.Metric{Name: "length", Source: source, Service: "web", Query: "$.queue"}
}

func asked(t *testing.T, feeds map[string]control.Feed, m engine.Metric) (float64, string) {
	t.Helper()
	samples, err := feeds[m.Source].Sample(t.Context(), []engine.Metric{m}, engine.Service{Name: "web"})
	switch {
	case err != nil:
		return 0, err.Error()
	case len(samples) != 1:
		t.Fatalf("%d samples", len(samples))
	}
	return samples[0].Value, ""
}

// A secret is looked up when the source is first asked, and again when it changes.
func TestSecretsOfSources(t *testing.T) {
	token, env := canary, map[string]string{}
	file := filepath.Join(t.TempDir(), "token")
	settings := schema.Source{Name: "broker", Type: "http", URL: guarded(t, &token), Timeout: time.Minute, AtOnce: 1}
	inEnv, inFile := settings, settings
	inEnv.Token, inFile.Token = schema.Secret{Env: "BROKER_TOKEN"}, schema.Secret{File: file}
	inFile.Name = "other"
	s := &sources{env: func(name string) string { return env[name] }}
	feeds, _ := s.feeds([]schema.Source{inEnv, inFile})
	t.Cleanup(func() { _ = s.close() })

	if _, err := asked(t, feeds, length("broker")); err != `metric length, query "$.queue": source broker: token: environment variable BROKER_TOKEN is not set` {
		t.Errorf("without the variable: %s", err)
	}
	if _, err := asked(t, feeds, length("other")); !strings.Contains(err, "source other: token: open "+file+": no such file") {
		t.Errorf("without the file: %s", err)
	}
	env["BROKER_TOKEN"] = canary
	if v, err := asked(t, feeds, length("broker")); v != 7 || err != "" {
		t.Errorf("with the variable: %v, %s", v, err)
	}
	for _, now := range []string{canary + "-old", canary + "-new"} {
		token = now
		if err := os.WriteFile(file, []byte(now+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := asked(t, feeds, length("other")); v != 7 || err != "" {
			t.Errorf("with %s in the file: %v, %s", now, v, err)
		}
	}
	if err := os.WriteFile(file, []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := asked(t, feeds, length("other")); err == "" || strings.Contains(err, canary) {
		t.Errorf("with a wrong token: %q", err)
	}
}

// A reload leaves sources that are set up as before alone, with what was pushed to them.
// A source is closed once nobody asks it: whoever asks meanwhile is answered.
func TestCloseWaitsForWhoAsks(t *testing.T) {
	asks, goOn := make(chan bool), make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asks <- true
		<-goOn
		_, _ = w.Write([]byte(`{"queue": 7}`))
	}))
	t.Cleanup(server.Close)
	s := &sources{env: os.Getenv}
	feeds, _ := s.feeds([]schema.Source{{Name: "broker", Type: "http", URL: server.URL, Timeout: time.Minute, AtOnce: 1}})
	answered, closed := make(chan string), make(chan error)
	go func() {
		v, err := asked(t, feeds, length("broker"))
		answered <- fmt.Sprint(v, err)
	}()
	<-asks
	go func() { closed <- s.close() }()
	goOn <- true
	if got := <-answered; got != "7" {
		t.Errorf("answered %s", got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// A push is taken whole or not at all, and only where it is clear whose value it is.
func TestPush(t *testing.T) {
	policy := func(name, project, source string) engine.Policy {
		return engine.Policy{Name: name, Service: "web", Target: engine.Place{Driver: "compose", Project: project}, Enabled: true,
			Metrics: []engine.Metric{{Name: "jobs", Source: source, Service: "web", Window: time.Hour}, {Name: "old", Source: "other", Service: "web", Window: time.Hour}}}
	}
	a := &App{leader: &leader{}, sources: &sources{env: os.Getenv}, policies: []engine.Policy{policy("web", "shop", "app")}}
	_, _ = a.sources.feeds([]schema.Source{{Name: "app", Type: "push"}, {Name: "other", Type: "push"}})
	value := 12.0
	jobs, old := api.Pushed{Metric: "jobs", Value: &value}, api.Pushed{Metric: "old", Value: &value, At: time.Now().Add(-2 * time.Hour)}
	kept := func() int {
		samples, _ := a.sources.pushed["app"].Sample(t.Context(), a.policies[0].Metrics[:1], engine.Service{Name: "web"}) // none is an error
		return len(samples)
	}
	for range 10 { // the order of a map is not always the same
		if err := a.Push(t.Context(), "web", []api.Pushed{jobs, old}); err == nil || !strings.Contains(err.Error(), "ago; allowed: up to 1h") || kept() != 0 {
			t.Fatalf("half of a push was taken: %v, %d", err, kept())
		}
	}
	if err := a.Push(t.Context(), "web", []api.Pushed{jobs}); err != nil || kept() != 1 {
		t.Errorf("%v, %d", err, kept())
	}
	for project, want := range map[string]string{"shop": "", "store": "several services are called web (compose/shop/web, compose/store/web)"} {
		a.policies = append(a.policies[:1:1], policy("second", project, "app"))
		if err := a.Push(t.Context(), "web", []api.Pushed{jobs}); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("with a second policy in %s: %v", project, err)
		}
	}
	if err := a.Push(t.Context(), "db", []api.Pushed{jobs}); err == nil || !strings.Contains(err.Error(), `no policy wants "jobs" of service db`) {
		t.Errorf("of a service that nobody looks at: %v", err)
	}
}

func TestFeedsOverAReload(t *testing.T) {
	token := ""
	kept := schema.Source{Name: "kept", Type: "http", URL: guarded(t, &token), Timeout: time.Second, AtOnce: 1}
	moved, gone, pushed := kept, kept, schema.Source{Name: "app", Type: "push"}
	moved.Name, gone.Name = "moved", "gone"
	s := &sources{env: os.Getenv}
	before, _ := s.feeds([]schema.Source{kept, moved, gone, pushed})
	moved.AtOnce = 2
	after, closeOld := s.feeds([]schema.Source{moved, kept, pushed})
	t.Cleanup(func() { _ = s.close() })
	if err := closeOld(); err != nil {
		t.Error(err)
	}
	for name, same := range map[string]bool{"kept": true, "app": true, "moved": false, "business": true} {
		if (before[name].Source == after[name].Source) != same {
			t.Errorf("%s is the same: %v, want %v", name, !same, same)
		}
	}
	if _, err := asked(t, before, length("gone")); !strings.Contains(err, "the source was set up anew") {
		t.Errorf("a source that is gone says %q", err)
	}
	now, _ := s.feeds([]schema.Source{{Name: "app", Type: "http", URL: "http://127.0.0.1:1", Timeout: time.Second, AtOnce: 1}})
	if s.pushed["app"] != nil || now["app"].Source == after["app"].Source {
		t.Error("what is no longer pushed still takes values")
	}
	after, _ = s.feeds([]schema.Source{moved, kept, pushed})
	if _, there := after["gone"]; there || len(s.lates) != 3 {
		t.Errorf("after the reload there are %d sources: %v", len(s.lates), after)
	}
	for name, whole := range map[string]bool{"kept": true, "app": false, "business": false} {
		if after[name].Whole != whole {
			t.Errorf("%s measures services as a whole: %v", name, after[name].Whole)
		}
	}
}
