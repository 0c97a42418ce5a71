package compose

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func TestVictims(t *testing.T) {
	old := func(r replica) replica { r.revision = "old"; return r }
	protected := func(r replica) replica { r.protected = true; return r }
	paused := func(r replica) replica { r.state = container.StatePaused; return r }
	restarting := func(r replica) replica { r.state = container.StateRestarting; return r }
	good := func(n int) replica { return running(n, time.Hour, nil) }
	unready := func(n int) replica { return running(n, time.Second, nil) }

	cases := map[string]struct {
		replicas []replica
		keep     int // of the ready ones
		want     []int
		spared   string
	}{
		"the highest number":                               {[]replica{good(1), good(2), good(3)}, 0, []int{3, 2, 1}, ""},
		"an old revision before that":                      {[]replica{old(good(1)), good(2)}, 0, []int{1, 2}, ""},
		"an unhealthy one before that":                     {[]replica{running(1, 0, health(container.Unhealthy)), old(good(2)), good(3)}, 0, []int{1, 2, 3}, ""},
		"one that does not serve before":                   {[]replica{unready(1), running(2, 0, health(container.Unhealthy)), restarting(good(3))}, 0, []int{3, 1, 2}, ""},
		"never a protected one":                            {[]replica{protected(unready(1)), good(2)}, 0, []int{2}, "flyball.protect=true"},
		"never a paused one":                               {[]replica{good(1), paused(good(2))}, 0, []int{1}, "is paused"},
		"of the ready ones as many as are to be kept stay": {[]replica{good(1), good(2), good(3), unready(4)}, 2, []int{4, 3}, "shop-web is one of the last 2 that are ready"},
		"however few of them there are":                    {[]replica{good(1), unready(2), unready(3)}, 2, []int{3, 2}, "one of the last 1 that are ready"},
		"protected ones that are not ready do not serve": {
			[]replica{protected(unready(1)), protected(unready(2)), good(3), good(4)}, 2, nil, "one of the last 2 that are ready",
		},
		"protected ones that are ready do": {[]replica{protected(good(1)), good(2), good(3)}, 1, []int{3, 2}, "flyball.protect=true"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			chosen, spared := victims(c.replicas, c.keep, "new", noon, 5*time.Second)
			if got := numbers(chosen); !slices.Equal(got, c.want) {
				t.Errorf("chosen %v, want %v", got, c.want)
			}
			if got := strings.Join(spared, ", "); !strings.Contains(got, c.spared) {
				t.Errorf("spared %q, want %q", got, c.spared)
			}
		})
	}
}

func numbers(replicas []replica) []int {
	var n []int
	for _, r := range replicas {
		n = append(n, r.number)
	}
	return n
}

// Every replica is chosen or spared, a ready one never goes before one that is not, as many ready ones stay as are to be
// kept, or all, and the order in which the engine lists them is of no consequence.
func TestVictimsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []replica
		for n := range rapid.IntRange(0, 12).Draw(t, "replicas") {
			up := rapid.SampledFrom([]time.Duration{time.Second, time.Hour}).Draw(t, "up")
			r := running(n, up, rapid.SampledFrom([]func(*container.InspectResponse){nil, health(container.Unhealthy)}).Draw(t, "health"))
			r.state = rapid.SampledFrom([]string{container.StateRunning, container.StateRestarting, container.StatePaused}).Draw(t, "state")
			r.revision = rapid.SampledFrom([]string{"old", "new"}).Draw(t, "revision")
			r.protected = rapid.Bool().Draw(t, "protected")
			all = append(all, r)
		}
		keep := rapid.IntRange(0, 12).Draw(t, "keep")
		chosen, spared := victims(all, keep, "new", noon, 5*time.Second)
		if len(chosen)+len(spared) != len(all) {
			t.Fatalf("%d chosen and %d spared of %d", len(chosen), len(spared), len(all))
		}
		seenReady := false
		for _, r := range chosen {
			if r.protected || r.state == container.StatePaused {
				t.Fatalf("replica %d may not be removed", r.number)
			}
			ready := r.ready(noon, 5*time.Second)
			if seenReady && !ready {
				t.Fatalf("replica %d is not ready and comes after one that is: %v", r.number, numbers(chosen))
			}
			seenReady = ready
		}
		ready, removable := 0, 0
		for _, r := range all {
			if r.ready(noon, 5*time.Second) {
				ready++
				if !r.protected {
					removable++
				}
			}
		}
		want := min(removable, max(0, ready-keep))
		if got := len(slices.DeleteFunc(slices.Clone(chosen), func(r replica) bool { return !r.ready(noon, 5*time.Second) })); got != want {
			t.Fatalf("%d of %d ready ones go, want %d: %d are to be kept", got, ready, want, keep)
		}
		shuffled := slices.Clone(all)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, _ := victims(shuffled, keep, "new", noon, 5*time.Second)
		if !slices.Equal(numbers(again), numbers(chosen)) {
			t.Fatalf("the order changed with the list: %v and %v", numbers(chosen), numbers(again))
		}
	})
}

func TestLoweringEnds(t *testing.T) {
	gone := departure{begun: true}
	stays := departure{err: errors.New("web-3 stays: its drain hook failed")}
	halfway := departure{begun: true, err: errors.New("stop web-4: no Docker engine answers")}
	missed := errors.New("1 of 2 replicas could be removed: web-1 is paused")
	cases := map[string]struct {
		went   []departure
		missed error
		want   engine.Outcome // from 4
	}{
		"all are gone":           {[]departure{gone, gone}, nil, engine.Outcome{Result: engine.Succeeded, Reached: 2}},
		"some stay":              {[]departure{gone, stays}, nil, engine.Outcome{Result: engine.Partial, Reached: 3, Error: stays.err.Error()}},
		"all stay":               {[]departure{stays}, nil, engine.Outcome{Result: engine.Failed, Reached: 4, Error: stays.err.Error()}},
		"too few were chosen":    {[]departure{gone}, missed, engine.Outcome{Result: engine.Partial, Reached: 3, Error: missed.Error()}},
		"none was chosen":        {nil, missed, engine.Outcome{Result: engine.Failed, Reached: 4, Error: missed.Error()}},
		"one may stop yet":       {[]departure{gone, halfway}, nil, engine.Outcome{Result: engine.Interrupted, Reached: 3, Error: halfway.err.Error()}},
		"one may, another stays": {[]departure{stays, halfway}, nil, engine.Outcome{Result: engine.Interrupted, Reached: 4, Error: stays.err.Error() + "\n" + halfway.err.Error()}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := sum(t.Context(), 4, c.went, c.missed); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
