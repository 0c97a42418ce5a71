package compose

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// ended is a replica that stopped this long after noon, when the event began.
func ended(number int, after time.Duration) replica {
	detail := inspected(func(c *container.InspectResponse) {
		c.State.Running, c.State.FinishedAt = false, noon.Add(after).Format(time.RFC3339Nano)
	})
	return replica{id: string(rune('a' + number)), number: number, state: container.StateExited, detail: &detail}
}

func TestHalfway(t *testing.T) {
	of := func(r replica, event string) replica { r.event = event; return r }
	protected := func(r replica) replica { r.protected = true; return r }
	created := func(n int) replica { return replica{number: n, state: container.StateCreated} }
	up := func(n int) replica { return running(n, time.Hour, nil) }
	down := engine.Event{ID: "event-1", From: 4, To: 2, Started: noon}
	raise := engine.Event{ID: "event-1", From: 1, To: 3, Started: noon}

	cases := map[string]struct {
		replicas []replica
		event    engine.Event
		want     []int
	}{
		"a clone that was never started":              {[]replica{up(1), of(created(2), "event-1")}, raise, []int{2}},
		"though it inherits its protection":           {[]replica{up(1), protected(of(created(2), "event-1"))}, raise, []int{2}},
		"though nothing runs":                         {[]replica{of(created(2), "event-1")}, raise, []int{2}},
		"of an event before it too":                   {[]replica{up(1), of(created(2), "event-0")}, down, []int{2}},
		"not one that compose created":                {[]replica{up(1), created(2)}, engine.Event{To: 1}, nil},
		"a clone that has exited":                     {[]replica{up(1), of(ended(2, time.Second), "event-1")}, raise, []int{2}},
		"not where all has exited":                    {[]replica{ended(1, time.Second), of(ended(2, time.Second), "event-1")}, raise, nil},
		"not a clone that runs":                       {[]replica{up(1), of(up(2), "event-1")}, raise, nil},
		"a raise removes nothing that it did not add": {[]replica{up(1), up(2), up(3), ended(4, time.Second)}, raise, nil},

		"what stopped since":                    {[]replica{up(1), up(2), up(3), ended(4, 0)}, down, []int{4}},
		"whoever made it":                       {[]replica{up(1), up(2), up(3), of(ended(4, 0), "event-0")}, down, []int{4}},
		"not what stopped before":               {[]replica{up(1), up(2), up(3), ended(4, -time.Second)}, down, nil},
		"down to what is to be left":            {[]replica{up(1), ended(2, 0), ended(3, 0), ended(4, 0)}, down, []int{4, 3}},
		"not below it":                          {[]replica{up(1), ended(2, 0)}, down, nil},
		"stopped ones of before count too":      {[]replica{up(1), ended(2, -time.Hour), ended(3, 0)}, down, []int{3}},
		"never a protected one":                 {[]replica{up(1), up(2), up(3), protected(ended(4, 0))}, down, nil},
		"nothing where the service was stopped": {[]replica{ended(1, 0), ended(2, 0), ended(3, 0)}, down, nil},
		"nothing where nothing is left":         {[]replica{up(1), up(2)}, down, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := numbers(halfway(c.replicas, c.event)); !slices.Equal(got, c.want) {
				t.Errorf("left %v, want %v", got, c.want)
			}
		})
	}
}

// Nothing that runs goes, nor more than the event was to remove; a second look finds nothing.
func TestHalfwayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []replica
		for n := range rapid.IntRange(0, 10).Draw(t, "replicas") {
			r := ended(n, time.Duration(rapid.IntRange(-2, 2).Draw(t, "ended"))*time.Second)
			r.state = rapid.SampledFrom([]string{container.StateRunning, container.StateExited, container.StateCreated, container.StatePaused, container.StateDead}).Draw(t, "state")
			r.event = rapid.SampledFrom([]string{"", "event-0", "event-1"}).Draw(t, "event")
			r.protected = rapid.Bool().Draw(t, "protected")
			all = append(all, r)
		}
		e := engine.Event{ID: "event-1", From: rapid.IntRange(1, 10).Draw(t, "from"), To: rapid.IntRange(1, 10).Draw(t, "to"), Started: noon}
		left := halfway(all, e)
		others := 0
		for _, r := range left {
			if r.counts() || r.protected && r.state != container.StateCreated {
				t.Fatalf("replica %d may not be removed", r.number)
			}
			if r.event != e.ID && r.state != container.StateCreated {
				others++
			}
		}
		if others > max(0, len(all)-e.To) || others > 0 && e.To > e.From {
			t.Fatalf("%d of %d are removed, by an event from %d to %d", others, len(all), e.From, e.To)
		}
		rest := slices.DeleteFunc(slices.Clone(all), func(r replica) bool { return slices.Contains(numbers(left), r.number) })
		if again := halfway(rest, e); len(again) > 0 {
			t.Fatalf("first %v, then %v", numbers(left), numbers(again))
		}
	})
}

func TestSettleWithoutAnEngine(t *testing.T) {
	target := on(t, "unix:///nowhere")
	if err := target.Settle(t.Context(), web, engine.Event{ID: "event-1", From: 2, To: 1}); err == nil || !strings.Contains(err.Error(), "no Docker engine answers") {
		t.Errorf("error %v, want one that says that no engine answers", err)
	}
}

// containers answers a list of containers, and an inspect of those that have stopped; the rest is counted.
func containers(writes *atomic.Int64, found ...container.Summary) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case r.Method != http.MethodGet:
			writes.Add(1)
			w.WriteHeader(http.StatusNoContent)
		case strings.HasSuffix(path, "/containers/json"):
			answer(w, http.StatusOK, found)
		case strings.HasSuffix(path, "/events"):
			w.WriteHeader(http.StatusOK)
		default:
			answer(w, http.StatusOK, *ended(1, time.Second).detail)
		}
	}
}

func TestSettleWritesNothingWhereNothingIsLeft(t *testing.T) {
	labels := inspected(nil).Config.Labels
	up := container.Summary{ID: "a", Names: []string{"/shop-web-1"}, State: container.StateRunning, Labels: labels}
	exited := container.Summary{ID: "b", Names: []string{"/shop-web-2"}, State: container.StateExited, Labels: labels}
	recreated := container.Summary{ID: "b", Names: []string{"/aabbccddeeff_shop-web-2"}, State: container.StateExited, Labels: labels}
	down := engine.Event{ID: "event-1", From: 2, To: 1, Started: noon}
	cases := map[string]struct {
		found  []container.Summary
		event  engine.Event
		writes int64
		err    string
	}{
		"the service is gone":    {nil, down, 0, ""},
		"nothing is left":        {[]container.Summary{up}, down, 0, ""},
		"more run than were to":  {[]container.Summary{up, up}, down, 0, ""},
		"all of it was stopped":  {[]container.Summary{exited, exited}, down, 0, ""},
		"a raise":                {[]container.Summary{up, exited}, engine.Event{ID: "event-1", From: 1, To: 3, Started: noon}, 0, ""},
		"one stopped and stayed": {[]container.Summary{up, exited}, down, 1, ""},
		"compose recreates it":   {[]container.Summary{up, recreated}, down, 0, "docker compose is recreating service web"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var writes atomic.Int64
			err := answering(t, containers(&writes, c.found...)).Settle(t.Context(), web, c.event)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if got := writes.Load(); got != c.writes {
				t.Errorf("%d calls that change something, want %d", got, c.writes)
			}
		})
	}
}

func TestTimestamp(t *testing.T) {
	if got := timestamp(time.Unix(1700000000, 42)); got != "1700000000.000000042" {
		t.Errorf("timestamp %s", got)
	}
}
