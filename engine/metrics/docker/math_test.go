package docker

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
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
		{"too long ago", []reading{{1, 0, 0}, {1, time.Minute, time.Minute}}, none},
		{"the clock was set back", []reading{{1, 0, 0}, {1, 2 * time.Second, time.Second}, {1, -time.Hour, 2 * time.Second}}, none},
		{"good again after the clock was set back", []reading{{1, 0, 0}, {1, -time.Hour, 0}, {1, time.Second - time.Hour, time.Second}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen seen
			var cores *float64
			for _, r := range c.readings {
				cores = seen.advance(start.Add(time.Duration(r.run)*time.Hour), start.Add(r.at), uint64(r.total))
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
	} {
		if got := limit(c.set); got != c.want {
			t.Errorf("%s: %v cores, want %v", c.name, got, c.want)
		}
	}
}

func TestMemory(t *testing.T) {
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
		s := Source{hostMemory: 200}
		if got, ok, err := s.memory(context.Background(), container.StatsResponse{MemoryStats: c.stats}); got != c.want || !ok || err != nil {
			t.Errorf("%s: %v %%, %v, %v; want %v", c.name, got, ok, err, c.want)
		}
	}
	s := Source{hostMemory: 200}
	if got, ok, err := s.memory(context.Background(), container.StatsResponse{}); ok || err == nil {
		t.Errorf("memory that is not counted reads %v %%, %v, %v; want an error", got, ok, err)
	}
}

func TestAvailable(t *testing.T) {
	got, err := available(strings.NewReader("MemTotal:       24000000 kB\nMemFree:          100000 kB\nMemAvailable:   20000000 kB\nBuffers: 1 kB\n"))
	if err != nil || got != 20_000_000*1024 {
		t.Errorf("%d, %v", got, err)
	}
	for _, text := range []string{"", "MemTotal: 1 kB\n", "MemAvailable: many kB\n"} {
		if _, err := available(strings.NewReader(text)); err == nil {
			t.Errorf("%q gives no error", text)
		}
	}
}
