package compose

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/flyball-dev/flyball/engine"
)

// fakeEngine has one replica of web, with a second network, and makes whatever it is asked for.
type fakeEngine struct {
	api     string
	others  []container.Summary // beside the replica
	changes []container.FilesystemChange
	create  http.HandlerFunc // nil: it succeeds
	deaf    bool             // it tells no events

	mu        sync.Mutex
	atCreate  []string // networks
	connected []string
	made      []string // names
}

func (f *fakeEngine) target(t *testing.T) *Target {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return on(t, "tcp://"+server.Listener.Addr().String())
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	template := inspected(func(c *container.InspectResponse) {
		c.NetworkSettings.Networks["shop_back"] = &network.EndpointSettings{Aliases: []string{"web"}}
	})
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/_ping"):
		w.Header().Set("Api-Version", f.api)
	case strings.HasSuffix(path, "/containers/json"):
		all := append([]container.Summary{{ID: templateID, Names: []string{"/shop-web-1"}, State: container.StateRunning, Labels: template.Config.Labels}}, f.others...)
		if strings.Contains(r.URL.RawQuery, eventLabel) { // what the batch has made: it is all ready
			all = nil
		}
		answer(w, http.StatusOK, all)
	case strings.HasSuffix(path, "/events") && !f.deaf:
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		if !r.URL.Query().Has("until") {
			f.mu.Unlock()
			<-r.Context().Done()
			f.mu.Lock()
		}
	case strings.HasSuffix(path, "/changes"):
		answer(w, http.StatusOK, f.changes)
	case strings.HasSuffix(path, "/archive"):
		refuse(w, http.StatusNotFound, "Could not find the file")
	case strings.HasSuffix(path, "/containers/create") && f.create != nil:
		f.mu.Unlock()
		f.create(w, r)
		f.mu.Lock()
	case strings.HasSuffix(path, "/containers/create"):
		var body struct{ NetworkingConfig network.NetworkingConfig }
		json.NewDecoder(r.Body).Decode(&body)
		for key := range body.NetworkingConfig.EndpointsConfig {
			f.atCreate = append(f.atCreate, key)
		}
		slices.Sort(f.atCreate)
		f.made = append(f.made, r.URL.Query().Get("name"))
		answer(w, http.StatusCreated, container.CreateResponse{ID: "b" + templateID[1:]})
	case strings.HasSuffix(path, "/connect"):
		f.connected = append(f.connected, strings.Split(path, "/")[3])
		answer(w, http.StatusOK, nil)
	case strings.HasSuffix(path, "/start"):
		w.WriteHeader(http.StatusNoContent)
	case strings.HasSuffix(path, "/json") && strings.Contains(path, "/containers/"):
		answer(w, http.StatusOK, template)
	case strings.Contains(path, "/images/"):
		answer(w, http.StatusOK, map[string]string{"Id": "sha256:1"})
	default:
		refuse(w, http.StatusNotFound, "not found")
	}
}

func TestNetworksByAPIVersion(t *testing.T) {
	for api, want := range map[string]struct{ atCreate, connected []string }{
		"1.41": {[]string{"shop_default"}, []string{"shop_back"}},
		"1.43": {[]string{"shop_default"}, []string{"shop_back"}},
		"1.44": {[]string{"shop_back", "shop_default"}, nil},
		"1.50": {[]string{"shop_back", "shop_default"}, nil},
	} {
		t.Run(api, func(t *testing.T) {
			f := &fakeEngine{api: api}
			out := f.target(t).Scale(t.Context(), engine.Order{Event: "event-1", Policy: web, From: 1, To: 2})
			if out.Result != engine.Succeeded {
				t.Fatalf("outcome %+v", out)
			}
			if !slices.Equal(f.atCreate, want.atCreate) || !slices.Equal(f.connected, want.connected) {
				t.Errorf("at creation %v, later %v; want %v, %v", f.atCreate, f.connected, want.atCreate, want.connected)
			}
			if want := []string{"shop-web-2"}; !slices.Equal(f.made, want) {
				t.Errorf("made %v, want %v", f.made, want)
			}
		})
	}
}

// A stopped container may be the beginning of a `docker compose down` that nobody reports any more, and where events are
// forbidden nobody reports any.
func TestOneAtATimeWhereInDoubt(t *testing.T) {
	stopped := container.Summary{ID: "x", Names: []string{"/shop-web-2"}, State: container.StateExited, Labels: inspected(nil).Config.Labels}
	for name, c := range map[string]struct {
		others []container.Summary
		deaf   bool
		want   int64
	}{"all run": {nil, false, 3}, "one has stopped": {[]container.Summary{stopped}, false, 1}, "events are not told": {nil, true, 1}} {
		t.Run(name, func(t *testing.T) {
			var now, most, seen atomic.Int64
			f := &fakeEngine{api: "1.41", others: c.others, deaf: c.deaf, create: func(w http.ResponseWriter, r *http.Request) {
				n := now.Add(1)
				defer now.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				seen.Add(1)
				for end := time.Now().Add(10 * time.Second); now.Load() < c.want && time.Now().Before(end); <-time.After(time.Millisecond) {
				}
				refuse(w, http.StatusInternalServerError, "no room")
			}}
			out := f.target(t).Scale(t.Context(), engine.Order{Event: "event-1", Policy: web, From: 1, To: 4})
			if out.Result != engine.Failed || seen.Load() != 3 || most.Load() != c.want {
				t.Errorf("%d creations, up to %d at once; want 3, %d: %+v", seen.Load(), most.Load(), c.want, out)
			}
		})
	}
}

func TestFilesOfTheContainersOwn(t *testing.T) {
	changed := func(n int) []container.FilesystemChange {
		var changes []container.FilesystemChange
		for i := range n {
			changes = append(changes, container.FilesystemChange{Kind: container.ChangeAdd, Path: fmt.Sprintf("/f%d", i)})
		}
		return changes
	}
	t.Run("one that is removed meanwhile is no obstacle", func(t *testing.T) {
		f := &fakeEngine{api: "1.41", changes: changed(3)}
		out := f.target(t).Scale(t.Context(), engine.Order{Event: "event-1", Policy: web, From: 1, To: 2})
		if out.Result != engine.Succeeded {
			t.Errorf("outcome %+v", out)
		}
	})
	t.Run("too many are refused", func(t *testing.T) {
		f := &fakeEngine{api: "1.41", changes: changed(most + 1)}
		out := f.target(t).Scale(t.Context(), engine.Order{Event: "event-1", Policy: web, From: 1, To: 2})
		if out.Result != engine.Failed || len(f.made) > 0 || !strings.Contains(out.Error, "changed 10001 files") || !strings.Contains(out.Error, fallback) {
			t.Errorf("made %v, outcome %+v", f.made, out)
		}
	})
}
