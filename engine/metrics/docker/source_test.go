package docker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

var both = []engine.Metric{{Name: "cpu_usage", Type: "cpu", Source: "system"}, {Name: "memory_usage", Type: "memory", Source: "system"}}

// fake is an engine of containers that each answer their calls to stats with these functions, the last again and again.
func fake(t *testing.T, inspect string, containers map[string][]func(http.ResponseWriter)) *Source {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("/v1.41/info", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"MemTotal": 75497472}`) })
	mux.HandleFunc("/v1.41/containers/{id}/json", func(w http.ResponseWriter, _ *http.Request) {
		if inspect == "" {
			refuses(http.StatusForbidden, "inspect is not allowed")(w)
			return
		}
		fmt.Fprint(w, inspect)
	})
	calls := map[string]*atomic.Int64{}
	for id := range containers {
		calls[id] = &atomic.Int64{}
	}
	mux.HandleFunc("/v1.41/containers/{id}/stats", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("one-shot") != "1" {
			t.Error("stats are not asked for in one shot")
		}
		id := r.PathValue("id")
		answers := containers[id]
		answers[min(int(calls[id].Add(1)), len(answers))-1](w)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return source(t, "tcp://"+server.Listener.Addr().String())
}

// answers is a recording, later by so long and with so much more CPU time used.
func answers(t *testing.T, name string, later, used time.Duration) func(http.ResponseWriter) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	read := time.Date(2026, 11, 23, 14, 59, 54, 956913648, time.UTC)
	recording := strings.NewReplacer(
		read.Format(time.RFC3339Nano), read.Add(later).Format(time.RFC3339Nano),
		`"total_usage":34484`, fmt.Sprintf(`"total_usage":%d`, 34484+used/1000),
	).Replace(string(text))
	return func(w http.ResponseWriter) { fmt.Fprint(w, recording) }
}

// passes lets time pass between two sweeps, by our clock.
func passes(s *Source, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.containers {
		for w := range c.counters {
			for _, one := range []*counter{&c.counters[w].cpu, &c.counters[w].periods, &c.counters[w].throttled, &c.counters[w].traffic} {
				one.at.from, one.at.to = one.at.from.Add(-d), one.at.to.Add(-d)
			}
		}
	}
}

func refuses(status int, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"message":%q}`, message)
	}
}

func replicas(names ...string) engine.Service {
	var s engine.Service
	for _, n := range names {
		s.Replicas = append(s.Replicas, engine.Replica{ID: n, Name: "shop-" + n, Started: start})
	}
	return s
}

const unlimited = `{"Id":"x","HostConfig":{}}`

func TestRecordings(t *testing.T) {
	for _, c := range []struct {
		name        string
		inspect     string
		cpu, memory float64
	}{
		{"cgroup_v1", `{"Id":"x","HostConfig":{"NanoCpus":500000000}}`, 80, 50}, // 0.4 of 0.5 cores; 40 − 8 of 64 MiB
		{"cgroup_v1", unlimited, 20, 50},                                        // 0.4 of 2 cores online
		{"cgroup_v2", unlimited, 10, 50},                                        // 0.4 of 4 cores online; 40 − 4 of the host's 72 MiB
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fake(t, c.inspect, map[string][]func(http.ResponseWriter){
				"web-1": {answers(t, c.name, 0, 0), answers(t, c.name, 5*time.Second, 2*time.Second)},
			})
			first, err := s.Sample(t.Context(), both, replicas("web-1"))
			if err != nil || len(first) != 1 || first[0].Metric != "memory_usage" {
				t.Fatalf("the first sweep gives %+v, %v; want memory alone", first, err)
			}
			passes(s, 5*time.Second)
			second, err := s.Sample(t.Context(), both, replicas("web-1"))
			if err != nil || len(second) != 2 {
				t.Fatalf("the second sweep gives %+v, %v; want cpu and memory", second, err)
			}
			for i, want := range []float64{c.cpu, c.memory} {
				got := second[i]
				if got.Metric != both[i].Name || got.Replica != "web-1" || math.Abs(got.Value-want) > 1e-6 || !got.At.After(first[0].At) {
					t.Errorf("sample %+v, want %s of %v %%", got, both[i].Name, want)
				}
			}
		})
	}
}

func TestWhatCanNotBeRead(t *testing.T) {
	good := answers(t, "cgroup_v1", 0, 0)
	for _, c := range []struct {
		name    string
		inspect string
		answer  func(http.ResponseWriter)
		sampled int
		says    string // of each metric that could not be read; empty: no error
	}{
		{"stopped", unlimited, answers(t, "stopped", 0, 0), 0, ""},
		{"gone", unlimited, refuses(http.StatusNotFound, "no such container"), 0, ""},
		{"refused", unlimited, refuses(http.StatusInternalServerError, "cgroups broke"), 0, "container shop-web-2: read statistics: Error response from daemon: cgroups broke"},
		{"not JSON", unlimited, func(w http.ResponseWriter) { fmt.Fprint(w, `{"read": 7`) }, 0, "container shop-web-2: read statistics: "},
		{"no end", unlimited, func(w http.ResponseWriter) { fmt.Fprint(w, strings.Repeat("[", answerSize+1)) }, 0, "container shop-web-2: read statistics: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fake(t, c.inspect, map[string][]func(http.ResponseWriter){"web-1": {good}, "web-2": {c.answer}})
			samples, err := s.Sample(t.Context(), both, replicas("web-1", "web-2"))
			if len(samples) != 1+c.sampled || samples[0].Replica != "web-1" {
				t.Errorf("samples %+v, want that of web-1 and %d of web-2", samples, c.sampled)
			}
			all := unreads(t, err)
			if c.says == "" && err != nil {
				t.Errorf("error %v, want none", err)
			}
			for _, m := range both {
				if got, found := all[m.Name]; found != (c.says != "") || !strings.HasPrefix(got, c.says) || strings.Contains(got, "\n") {
					t.Errorf("%s: error %q, want %q", m.Name, got, c.says)
				}
			}
			if errors.As(err, &engine.Down{}) {
				t.Errorf("%v: the engine is called down, but it did answer", err)
			}
		})
	}
}

// unreads takes an error apart: what it says of each metric. There must be nothing else in it.
func unreads(t *testing.T, err error) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err == nil {
		return all
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("%v does not join errors", err)
	}
	for _, one := range joined.Unwrap() {
		u, ok := one.(engine.Unread)
		if !ok {
			t.Fatalf("%v is no engine.Unread", one)
		}
		all[u.Metric] = u.Err.Error()
	}
	return all
}

func TestLimitsThatCanNotBeRead(t *testing.T) {
	good := answers(t, "cgroup_v1", 0, 0)
	s := fake(t, "", map[string][]func(http.ResponseWriter){"web-1": {good}, "web-2": {good}})
	samples, err := s.Sample(t.Context(), both, replicas("web-1", "web-2"))
	if len(samples) != 2 || samples[0].Metric != "memory_usage" || samples[1].Metric != "memory_usage" {
		t.Errorf("%+v, want memory of both", samples)
	}
	all := unreads(t, err)
	if got := all["cpu_usage"]; len(all) != 1 || !strings.HasPrefix(got, "container shop-web-1 and 1 more: inspect: the Docker engine at tcp://") || !strings.HasSuffix(got, "inspect is not allowed") {
		t.Errorf("%v", err)
	}
	if !errors.As(err, &engine.Down{}) {
		t.Error("an engine that refuses us is not called down")
	}
}

func TestWeigh(t *testing.T) {
	all := map[string][]func(http.ResponseWriter){
		"v1":      {answers(t, "cgroup_v1", 0, 0)}, // 40 − 8 MiB
		"v2":      {answers(t, "cgroup_v2", 0, 0)}, // 40 − 4 MiB
		"stopped": {answers(t, "stopped", 0, 0)},
		"gone":    {refuses(http.StatusNotFound, "no such container")},
		"refused": {refuses(http.StatusInternalServerError, "cgroups broke")},
		"bare":    {func(w http.ResponseWriter) { fmt.Fprint(w, `{"read": "2026-03-01T12:00:00Z"}`) }},
	}
	for _, c := range []struct {
		of   string
		want int64
		says string // empty: no error
	}{
		{"", 0, ""},
		{"v1", 32 << 20, ""},
		{"v1 v2 stopped gone", 36 << 20, ""},
		{"stopped gone", 0, ""},
		{"refused v1", 32 << 20, "container shop-refused: read statistics: Error response from daemon: cgroups broke"},
		{"bare refused", 0, "container shop-bare and 1 more: the engine counts no memory; its host may lack the memory cgroup"},
	} {
		t.Run(c.of, func(t *testing.T) {
			// What a container may use is nobody's question here: the call to inspect is refused.
			got, err := fake(t, "", all).Weigh(t.Context(), replicas(strings.Fields(c.of)...))
			if got != c.want || (err == nil) != (c.says == "") || err != nil && err.Error() != c.says {
				t.Errorf("%d bytes, %v; want %d and %q", got, err, c.want, c.says)
			}
		})
	}
}

func TestOneThatHangsDoesNotHoldUpTheOthers(t *testing.T) {
	hang := make(chan struct{})
	s := fake(t, unlimited, map[string][]func(http.ResponseWriter){
		"web-1": {func(http.ResponseWriter) { <-hang }},
		"web-2": {answers(t, "cgroup_v1", 0, 0)},
	})
	t.Cleanup(func() { close(hang) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	samples, err := s.Sample(ctx, both, replicas("web-1", "web-2"))
	if len(samples) != 1 || samples[0].Replica != "web-2" || !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &engine.Down{}) || !strings.Contains(err.Error(), "container shop-web-1: ") {
		t.Errorf("%+v, %v; want the sample of web-2, and a deadline for web-1", samples, err)
	}
}

func TestEngineGone(t *testing.T) {
	s := source(t, "unix://"+t.TempDir()+"/docker.sock")
	samples, err := s.Sample(t.Context(), both, replicas("web-1", "web-2", "web-3"))
	if len(samples) != 0 || !errors.As(err, &engine.Down{}) {
		t.Errorf("%+v, %v; want that it is down", samples, err)
	}
	all := unreads(t, err)
	for _, m := range both {
		if got := all[m.Name]; !strings.HasPrefix(got, "container shop-web-1 and 2 more: read statistics: no Docker engine answers at unix://") || strings.Contains(got, "\n") {
			t.Errorf("%s: %q; want one line that says so for all", m.Name, got)
		}
	}
}

// What is cut short from outside says nothing about the engine.
func TestStopping(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := source(t, "tcp://"+server.Listener.Addr().String()).Sample(ctx, both, replicas("web-1"))
	if !errors.Is(err, context.Canceled) || errors.As(err, &engine.Down{}) {
		t.Errorf("%v; want that it was cut short, and not that the engine is down", err)
	}
}

// An engine that is still starting does not say which API version it speaks. Taken for the oldest one it would give no
// sample ever after.
func TestEngineThatIsStillStarting(t *testing.T) {
	var pings atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) {
		if pings.Add(1) > 1 {
			w.Header().Set("Api-Version", "1.41")
		}
	})
	mux.HandleFunc("/v1.41/containers/web-1/stats", func(w http.ResponseWriter, _ *http.Request) { answers(t, "cgroup_v1", 0, 0)(w) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := source(t, "tcp://"+server.Listener.Addr().String())
	memory := both[1:]
	if _, err := s.Sample(t.Context(), memory, replicas("web-1")); err == nil || !strings.Contains(err.Error(), "which API version") {
		t.Errorf("at first %v, want that it does not say its version", err)
	}
	if samples, err := s.Sample(t.Context(), memory, replicas("web-1")); err != nil || len(samples) != 1 {
		t.Errorf("then %+v, %v; want a sample", samples, err)
	}
}

// The wait for the version is part of the wait for a replica.
func TestEngineThatHangs(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	samples, err := source(t, "tcp://"+server.Listener.Addr().String()).Sample(ctx, both, replicas("web-1", "web-2", "web-3"))
	if took := time.Since(began); len(samples) != 0 || !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second {
		t.Errorf("after %s %+v, %v; want that the deadline has passed for all", took, samples, err)
	}
}

func TestHostMemory(t *testing.T) {
	if got, err := source(t, "tcp://192.0.2.1:2375").HostMemory(); got != 0 || err != nil {
		t.Errorf("of an engine elsewhere %d, %v; want not known", got, err)
	}
	if got, err := source(t, "unix:///run/docker.sock").HostMemory(); got < 1<<20 || err != nil {
		t.Errorf("of the engine here %d, %v", got, err)
	}
}
