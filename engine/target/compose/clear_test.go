package compose

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// recreating lists a clone, and for some lists another container under the temporary name that compose gives what it makes.
func recreating(t *testing.T, lists int64, writes *atomic.Int64) *Target {
	labels := inspected(nil).Config.Labels
	var seen atomic.Int64
	return answering(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodGet:
			if writes.Add(1); seen.Load() <= lists {
				t.Errorf("%s %s while compose recreates the service", r.Method, r.URL.Path)
			}
			w.WriteHeader(http.StatusNoContent)
		case strings.HasSuffix(r.URL.Path, "/containers/json"):
			found := []container.Summary{{ID: "a", Names: []string{"/shop-web-2"}, State: container.StateExited, Labels: labels}}
			if seen.Add(1) <= lists {
				found = append(found, container.Summary{ID: "b", Names: []string{"/aabbccddeeff_shop-web-2"}, State: container.StateCreated, Labels: labels})
			}
			answer(w, http.StatusOK, found)
		default:
			answer(w, http.StatusOK, *ended(2, 0).detail)
		}
	})
}

func TestRemovalWaitsForARecreation(t *testing.T) {
	for name, lists := range map[string]int64{"none": 0, "one under way": 3} {
		t.Run(name, func(t *testing.T) {
			var writes atomic.Int64
			target := recreating(t, lists, &writes)
			replicas := []replica{{id: "a", event: "event-1", state: container.StateExited}, {id: "c"}}
			if err := target.removeStopped(t.Context(), service{project: "shop", name: "web", replicas: replicas}); err != nil || writes.Load() != 1 {
				t.Errorf("%d removals, want 1: %v", writes.Load(), err)
			}
		})
	}
}

func TestALoweringLeavesWhatOthersAreAt(t *testing.T) {
	cases := map[string]struct {
		id       string
		lists    int64 // that show a recreation
		mentions string
		writes   int64
	}{
		"it is free to go":     {"a", 0, "", 2},
		"compose recreates it": {"a", 1 << 10, "shop-web-2 stays: docker compose is recreating service web", 0},
		"it went":              {"c", 0, "shop-web-2 was removed by somebody else", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var writes atomic.Int64
			r := replica{id: c.id, name: "shop-web-2", state: container.StateRunning}
			d := recreating(t, c.lists, &writes).retire(t.Context(), t.Context(), shopWeb, r, engine.Rollout{})
			if (d.err == nil) != (c.mentions == "") || d.err != nil && !strings.Contains(d.err.Error(), c.mentions) || d.begun != (c.writes > 0) {
				t.Errorf("%+v, want %q", d, c.mentions)
			}
			if writes.Load() != c.writes {
				t.Errorf("%d calls that change something, want %d", writes.Load(), c.writes)
			}
		})
	}
}
