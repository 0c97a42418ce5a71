package compose

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

var web = engine.Policy{Service: "web", Target: engine.Place{Driver: "compose", Project: "shop"}}

// answering is a target on an engine of a few lines: it answers pings itself, and the rest as told.
func answering(t *testing.T, rest http.HandlerFunc) *Target {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			w.Header().Set("Api-Version", "1.41")
			return
		}
		rest(w, r)
	}))
	t.Cleanup(server.Close)
	return on(t, "tcp://"+server.Listener.Addr().String())
}

func on(t *testing.T, host string) *Target {
	t.Helper()
	target, err := New(host, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { target.Close() })
	return target
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"message": message})
}

func TestEngineErrors(t *testing.T) {
	nowhere := "unix://" + filepath.Join(t.TempDir(), "sock")
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	cases := map[string]struct {
		target   *Target
		is       func(error) bool
		mentions []string
	}{
		"no engine": {on(t, nowhere), nil, []string{"no Docker engine answers at " + nowhere, "start it", "DOCKER_HOST"}},
		"socket proxy": {answering(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "not allowed") }),
			errdefs.IsPermissionDenied, []string{"list containers", "forbids GET /containers/json (403)", "socket proxy", "tcp://127.0.0.1"}},
		"no answer": {answering(t, func(_ http.ResponseWriter, r *http.Request) { waitFor(r, hung) }),
			func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }, []string{"did not answer in time"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, err := c.target.Observe(ctx, web)
			if err == nil || c.is != nil && !c.is(err) {
				t.Fatalf("error %v", err)
			}
			for _, m := range c.mentions {
				if !strings.Contains(err.Error(), m) {
					t.Errorf("%q is not in: %v", m, err)
				}
			}
		})
	}
}

func TestScaleWithoutAnEngineFailsAtTheCountOfTheOrder(t *testing.T) {
	target := on(t, "unix://"+filepath.Join(t.TempDir(), "sock"))
	out := target.Scale(t.Context(), engine.Order{Policy: web, From: 2, To: 3})
	if out.Result != engine.Failed || out.Reached != 2 || out.Ended.IsZero() || !strings.Contains(out.Error, "no Docker engine answers") {
		t.Errorf("outcome %+v", out)
	}
}

// A daemon that is told to stop has ten seconds in all, also where the engine has stopped to answer.
func TestScaleEndsSoonAfterItsContextThoughTheEngineHangs(t *testing.T) {
	for at, want := range map[string]string{"/events": "flyball is stopping", "/containers/create": "may still be there"} {
		t.Run("from "+at+" on", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			var hangs atomic.Bool
			var stopped time.Time // written before hangs is set
			hung := make(chan struct{})
			defer close(hung)
			var writes atomic.Int64
			one := oneReplica(&writes, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/changes"):
					answer(w, http.StatusOK, []container.FilesystemChange{})
				case strings.HasSuffix(r.URL.Path, "/events"):
					w.WriteHeader(http.StatusOK)
					w.(http.Flusher).Flush()
					if !r.URL.Query().Has("until") {
						<-r.Context().Done()
					}
				default:
					answer(w, http.StatusOK, map[string]string{"Id": "sha256:1"})
				}
			})
			target := answering(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, at) && !hangs.Load() {
					stopped = time.Now()
					hangs.Store(true)
					cancel()
				}
				if hangs.Load() {
					waitFor(r, hung)
					return
				}
				one(w, r)
			})
			order := engine.Order{Event: "event-1", Policy: web, From: 1, To: 2}
			out := target.Scale(ctx, order)
			if out.Result != engine.Interrupted || !strings.Contains(out.Error, want) {
				t.Errorf("%s: %s; want interrupted, and %q", out.Result, out.Error, want)
			}
			if took, most := out.Ended.Sub(stopped), docker.StopGrace+docker.LookDeadline; took > most+slack {
				t.Errorf("it ended %s after its context, want %s at most", took, most)
			}
		})
	}
}

// A busy engine that takes its time to say that a replica has stopped does not keep it from being removed.
func TestWhatHasStoppedIsRemovedThoughTheEngineIsSlow(t *testing.T) {
	t.Parallel()
	var writes atomic.Int64
	one := oneReplica(&writes, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	target := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/containers/"+templateID+"/json") {
			<-time.After(inspectDeadline + time.Second/2)
			answer(w, http.StatusOK, inspected(func(c *container.InspectResponse) { c.State = &container.State{} }))
			return
		}
		one(w, r)
	})
	s, err := target.find(t.Context(), web)
	if err != nil {
		t.Fatal(err)
	}
	if err := target.discard(t.Context(), s, s.replicas[0]); err != nil || writes.Load() != 1 {
		t.Errorf("%v, after %d changes; want the removal", err, writes.Load())
	}
}

func waitFor(r *http.Request, done <-chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-done:
	}
}

func TestHostThatIsNone(t *testing.T) {
	if _, err := New("docker", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "unix:///var/run/docker.sock") {
		t.Errorf("error %v, want one that shows what a host looks like", err)
	}
}

// oneReplica answers what an engine with one replica of web says, and counts what would change something.
func oneReplica(writes *atomic.Int64, other http.HandlerFunc) http.HandlerFunc {
	detail := inspected(nil)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, docker.Nothing) {
			writes.Add(1)
		}
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/containers/json"):
			answer(w, http.StatusOK, []container.Summary{{
				ID: templateID, Names: []string{"/shop-web-1"}, State: container.StateRunning, Labels: detail.Config.Labels,
			}})
		case strings.HasSuffix(path, "/containers/"+templateID+"/json"):
			answer(w, http.StatusOK, detail)
		default:
			other(w, r)
		}
	}
}

func TestRefusedBeforeAnythingIsCreated(t *testing.T) {
	cases := map[string]struct {
		other    http.HandlerFunc
		mentions string
	}{
		"image gone, name and id": {func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "No such image") },
			"image shop-web (sha256:1) of its replicas is gone from the engine; build or pull it"},
		"inline configs can't be looked for": {func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/changes") {
				refuse(w, http.StatusForbidden, "not allowed")
				return
			}
			answer(w, http.StatusOK, map[string]string{"Id": "sha256:1"})
		}, "look for inline configs and secrets in aabbccddeeff: the Docker engine at"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var writes atomic.Int64
			target := answering(t, oneReplica(&writes, c.other))
			out := target.Scale(t.Context(), engine.Order{Policy: web, From: 1, To: 2})
			if out.Result != engine.Failed || out.Reached != 1 || !strings.Contains(out.Error, c.mentions) {
				t.Errorf("outcome %+v, want failed at 1 with %q", out, c.mentions)
			}
			if n := writes.Load(); n != 0 {
				t.Errorf("%d calls that change something", n)
			}
		})
	}
}

// A replica whose inspect blocks must not hide the service.
func TestReplicaThatDoesNotAnswerCountsAndIsNotReady(t *testing.T) {
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	target := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/containers/json") {
			oneReplica(new(atomic.Int64), nil)(w, r)
			return
		}
		waitFor(r, hung)
	})
	v, err := target.Observe(t.Context(), web)
	if err != nil || len(v.Replicas) != 1 || v.Ready() != 0 {
		t.Errorf("observed %+v, %v; want one replica that is not ready", v, err)
	}
}

func TestTally(t *testing.T) {
	ready := newReplica{id: "a", name: "web-2"}
	crashed := newReplica{id: "b", name: "web-3", err: errors.New("exited with code 3"), log: "boom"}
	cut := newReplica{id: "c", name: "web-4", err: errors.New("somebody else stopped it")}
	refused := newReplica{name: "web-5", err: errors.New("no such network")}
	cases := map[string]struct {
		replicas []newReplica
		aborted  bool
		want     engine.Outcome
	}{
		"all ready":     {[]newReplica{ready, ready}, false, engine.Outcome{Result: engine.Succeeded, Reached: 2}},
		"one of two":    {[]newReplica{ready, crashed}, false, engine.Outcome{Result: engine.Partial, Reached: 1, Error: "1 of 2 new replicas did not become ready: web-3: exited with code 3", Log: "boom"}},
		"none":          {[]newReplica{cut, crashed}, false, engine.Outcome{Result: engine.RolledBack, Error: "2 of 2 new replicas did not become ready: web-3: exited with code 3", Log: "boom"}},
		"none created":  {[]newReplica{refused}, false, engine.Outcome{Result: engine.Failed, Error: "web-5: no such network"}},
		"aborted":       {[]newReplica{ready, cut}, true, engine.Outcome{Result: engine.RolledBack, Error: "1 of 2 new replicas did not become ready: web-4: somebody else stopped it"}},
		"aborted, late": {[]newReplica{ready}, true, engine.Outcome{Result: engine.RolledBack, Error: "the service was stopped or recreated by somebody else just as its new replicas became ready"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tally(c.replicas, c.aborted); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
