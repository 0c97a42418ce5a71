package docker

import (
	"math"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestAdvance(t *testing.T) {
	type reading struct {
		run   int // of the container
		at    time.Duration
		total time.Duration
	}
	const none = -1.0
	for _, c := range []struct {
		name     string
		readings []reading
		want     float64 // cores, of the last reading
	}{
		{"the first gives none", []reading{{1, 0, time.Second}}, none},
		{"one and a half cores", []reading{{1, 0, time.Second}, {1, 10 * time.Second, 16 * time.Second}}, 1.5},
		{"idle is zero and not none", []reading{{1, 0, time.Second}, {1, 10 * time.Second, time.Second}}, 0},
		{"the same reading again", []reading{{1, 0, 0}, {1, 2 * time.Second, time.Second}, {1, 2 * time.Second, time.Second}}, 0.5},
		{"the same reading again, with none before", []reading{{1, 0, 0}, {1, 0, 0}}, none},
		{"too close to the one before", []reading{{1, 0, 0}, {1, 2 * time.Second, time.Second}, {1, 2010 * time.Millisecond, 2 * time.Second}}, 0.5},
		{"a restart seen by its start", []reading{{1, 0, time.Second}, {2, 10 * time.Second, 16 * time.Second}}, none},
		{"a restart seen by a lower total", []reading{{1, 0, time.Second}, {1, 10 * time.Second, time.Second / 2}}, none},
		{"good again after a restart", []reading{{1, 0, time.Second}, {2, 10 * time.Second, 0}, {2, 20 * time.Second, 5 * time.Second}}, 0.5},
		{"a restart right after a reading", []reading{{1, 0, 0}, {1, 2 * time.Second, 4 * time.Second}, {1, 2100 * time.Millisecond, time.Second}}, none},
		{"a reading that was overtaken by a newer one", []reading{{1, 0, 0}, {1, 2 * time.Second, time.Second}, {1, 1990 * time.Millisecond, time.Second / 2}}, 0.5},
		{"good again after one that was overtaken", []reading{{1, 0, 0}, {1, 2 * time.Second, time.Second}, {1, 1990 * time.Millisecond, 0}, {1, 4 * time.Second, 4 * time.Second}}, 1.5},
		{"too long ago", []reading{{1, 0, 0}, {1, time.Minute, time.Minute}}, none},
		{"the clock was set back", []reading{{1, 0, 0}, {1, 2 * time.Second, time.Second}, {1, -time.Hour, 2 * time.Second}}, none},
		{"good again after the clock was set back", []reading{{1, 0, 0}, {1, -time.Hour, 0}, {1, time.Second - time.Hour, time.Second}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var counter counter
			var cores *float64
			for _, r := range c.readings {
				cores = counter.advance(start.Add(time.Duration(r.run)*time.Hour), ours(start.Add(r.at)), uint64(r.total))
			}
			got := none
			if cores != nil {
				got = *cores
			}
			if math.Abs(got-c.want) > 1e-9 {
				t.Errorf("%v cores, want %v", got, c.want)
			}
		})
	}
}

func TestFollows(t *testing.T) {
	at := func(read, asked, took time.Duration) moment {
		return moment{start.Add(read), start.Add(asked - late), start.Add(asked + took)}
	}
	const s, ms = time.Second, time.Millisecond
	for _, c := range []struct {
		name          string
		before, after moment
		want          bool
	}{
		{"at once", at(0, 0, ms), at(15*s, 15*s, ms), true},
		{"another clock than ours", at(-time.Hour, 0, ms), at(15*s-time.Hour, 15*s, ms), true},
		{"an old engine, late at first", at(-s, 0, ms), at(15*s, 15*s, ms), true},
		{"an old engine, late then", at(0, 0, ms), at(14*s, 15*s, ms), true},
		{"an engine under load, which takes 2 s", at(2*s, 0, 2*s), at(15*s, 15*s, 2*s), true},
		{"the same reading again, of an engine that hung", at(0, 0, ms), at(0, 8*s, ms), true},
		{"set forward", at(0, 0, ms), at(17*s, 15*s, ms), false},
		{"set back", at(0, 0, ms), at(13*s, 15*s, ms), false},
		{"set back by as much as passed", at(0, 0, ms), at(ms, 15*s, ms), false},
		{"set back by more", at(0, 0, ms), at(-15*s, 15*s, ms), false},
		{"set forward, under load", at(2*s, 0, 2*s), at(20*s+ms, 15*s, 2*s), false},
		{"ours", ours(start), ours(start.Add(15 * s)), true},
	} {
		if got := c.after.follows(c.before); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestStuckEngine(t *testing.T) {
	s := Source{containers: map[string]*seen{}}
	for _, c := range []struct {
		at, read time.Duration
		want     bool
	}{
		{0, 0, false}, {10 * time.Second, 0, false}, {11 * time.Second, 0, true}, {12 * time.Second, 12 * time.Second, false},
		{20 * time.Second, -time.Hour, false}, // the engine's clock was set
	} {
		if got := s.stuck("a", start.Add(c.read), start.Add(c.at)); got != c.want {
			t.Errorf("at %s, read at %s: stuck is %v, want %v", c.at, c.read, got, c.want)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		name string
		set  container.Resources
		want float64
	}{
		{"none", container.Resources{}, 0},
		{"cpus", container.Resources{NanoCPUs: 15e8}, 1.5},
		{"quota over period", container.Resources{CPUQuota: 50_000, CPUPeriod: 200_000}, 0.25},
		{"quota alone", container.Resources{CPUQuota: 50_000}, 0.5},
		{"quota that lifts a limit", container.Resources{CPUQuota: -1, CPUPeriod: 100_000}, 0},
		{"a set of CPUs", container.Resources{CpusetCpus: "0-2,5"}, 4},
		{"a set larger than cpus", container.Resources{CpusetCpus: "0-2,5", NanoCPUs: 1e9}, 1},
		{"a set smaller than cpus", container.Resources{CpusetCpus: "3", NanoCPUs: 2e9}, 1},
		{"a set that is none", container.Resources{CpusetCpus: "3-1"}, 0},
		{"a set that no machine has", container.Resources{CpusetCpus: "0-9223372036854775807"}, 0},
	} {
		if got := cores(quotaOf(c.set), float64(cpus(c.set.CpusetCpus)), 0); got != c.want {
			t.Errorf("%s: %v cores, want %v", c.name, got, c.want)
		}
	}
}

func TestThrottling(t *testing.T) {
	type counts struct{ periods, throttled uint64 }
	const none = -1.0
	for _, c := range []struct {
		name          string
		before, after counts
		want          float64
	}{
		{"a quarter of the periods", counts{100, 7}, counts{200, 32}, 25},
		{"all of them", counts{0, 0}, counts{100, 100}, 100},
		{"none of them", counts{100, 7}, counts{200, 7}, 0},
		{"no period passed", counts{100, 7}, counts{100, 7}, 0},
		{"no limit", counts{}, counts{}, 0},
		{"more than there were is all", counts{0, 0}, counts{100, 101}, 100},
		{"begun anew", counts{100, 7}, counts{20, 7}, none},
		{"throttled counted anew", counts{100, 7}, counts{200, 2}, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen counters
			r := engine.Replica{Started: start}
			read := func(n counts, at time.Duration) *float64 {
				return seen.throttling(r, reading{at: ours(start.Add(at)), periods: n.periods, throttled: n.throttled})
			}
			if got := read(c.before, 0); got != nil {
				t.Errorf("the first reading gives %v %%, want none", *got)
			}
			got := none
			if p := read(c.after, 10*time.Second); p != nil {
				got = *p
			}
			if math.Abs(got-c.want) > 1e-9 {
				t.Errorf("%v %%, want %v", got, c.want)
			}
		})
	}
}

func TestBytesASecond(t *testing.T) {
	var seen counters
	r := engine.Replica{Started: start}
	if got := seen.bytes(r, ours(start), 1000); got != nil {
		t.Errorf("the first reading gives %v, want none", *got)
	}
	if got := seen.bytes(r, ours(start.Add(10*time.Second)), 21_000); got == nil || math.Abs(*got-2000) > 1e-6 {
		t.Errorf("%v bytes a second, want 2000", got)
	}
	if got := seen.bytes(engine.Replica{Started: start.Add(time.Second)}, ours(start.Add(20*time.Second)), 41_000); got != nil {
		t.Errorf("another run gives %v, want none", *got)
	}
}

// Whatever an engine and a kernel say, in whatever order it comes: a pace is never negative, nor a percentage above 100, two
// runs are never compared, and two readings of one run come to what lies between them.
func TestPaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var seen counters
		at, run := start, start
		var last reading
		for range rapid.IntRange(2, 30).Draw(t, "readings") {
			step := time.Duration(rapid.Int64Range(-int64(time.Second), int64(90*time.Second)).Draw(t, "step"))
			at = at.Add(step)
			again := rapid.IntRange(0, 9).Draw(t, "restarts") == 0
			if again {
				run = run.Add(time.Hour)
			}
			now := reading{
				at: ours(at), cpu: rapid.Uint64().Draw(t, "cpu"),
				periods: rapid.Uint64().Draw(t, "periods"), throttled: rapid.Uint64().Draw(t, "throttled"),
			}
			r := engine.Replica{Started: run}
			cores, percent, bytes := seen.cores(r, now), seen.throttling(r, now), seen.bytes(r, now.at, now.cpu)
			for name, v := range map[string]*float64{"cores": cores, "throttling": percent, "bytes": bytes} {
				if v != nil && (*v < 0 || math.IsNaN(*v) || math.IsInf(*v, 0)) {
					t.Fatalf("%s is %v", name, *v)
				}
			}
			if percent != nil && *percent > 100 {
				t.Fatalf("throttled in %v %% of the periods", *percent)
			}
			if again && (cores != nil || percent != nil || bytes != nil) {
				t.Fatal("two runs were compared")
			}
			if step >= apart && step < kept && !again && !last.at.read.IsZero() && now.cpu >= last.cpu {
				want := float64(now.cpu-last.cpu) / float64(step)
				if cores == nil || math.Abs(*cores-want) > 1e-9*want {
					t.Fatalf("%v cores, want %v", cores, want)
				}
			}
			if step >= apart || again || step <= -apart {
				last = now
			} else {
				last = reading{} // which of the two counts is for the table to say
			}
		}
	})
}

func TestInUse(t *testing.T) {
	for _, c := range []struct {
		name  string
		stats container.MemoryStats
		want  float64
	}{
		{"cgroup v1", container.MemoryStats{Usage: 60, Limit: 100, Stats: map[string]uint64{"inactive_file": 50, "total_inactive_file": 10}}, 50},
		{"cgroup v2", container.MemoryStats{Usage: 60, Limit: 100, Stats: map[string]uint64{"inactive_file": 20}}, 40},
		{"more cache than use", container.MemoryStats{Usage: 60, Limit: 100, Stats: map[string]uint64{"inactive_file": 70}}, 60},
		{"limit 0 is the host's memory", container.MemoryStats{Usage: 60}, 30},
		{"a huge limit is the host's memory", container.MemoryStats{Usage: 60, Limit: 9223372036854771712}, 30},
	} {
		l := look{memory: func() (uint64, error) { return 200, nil }}
		if got, err := l.used(fromAnswer(container.StatsResponse{MemoryStats: c.stats})); err != nil || *got != c.want {
			t.Errorf("%s: %v %%, %v; want %v", c.name, got, err, c.want)
		}
	}
	if got, err := new(look).used(reading{}); got != nil || err == nil {
		t.Errorf("memory that is not counted reads %v %%, %v; want an error", got, err)
	}
}
