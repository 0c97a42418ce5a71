package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// here is a source of an engine on this machine, whose kernel shows these files. The engine knows the container, counts
// 16 MiB of memory and 1000 bytes of traffic, and answers once.
func here(t *testing.T, files fs.FS, inspect string) *Source {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("/v1.41/containers/{id}/json", func(w http.ResponseWriter, _ *http.Request) {
		if inspect == "" {
			refuses(http.StatusForbidden, "inspect is not allowed")(w)
			return
		}
		fmt.Fprint(w, inspect)
	})
	mux.HandleFunc("/v1.41/containers/{id}/stats", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"read":"2026-03-01T12:00:00Z","memory_stats":{"usage":16777216,"limit":67108864},"networks":{"eth0":{"rx_bytes":1000}}}`)
	})
	socket := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux}}
	server.Start()
	t.Cleanup(server.Close)
	s := source(t, "unix://"+socket)
	s.machine = files
	return s
}

// TestWays sees by the memory which way was taken: the files count 32 MiB of 64 in use, the engine 16.
func TestWays(t *testing.T) {
	empty, broken := fstest.MapFS{}, tree(t, "v1")
	remove(t, broken, "memory.stat")
	parent := tree(t, "v1", "docker/"+id, "shop/"+id)
	const inspect = `{"HostConfig":{},"State":{"Running":true,"Pid":161}}`
	for _, c := range []struct {
		name    string
		files   fs.FS
		inspect string
		reads   string
		memory  float64
	}{
		{"files", tree(t, "v1"), inspect, "cgroup v1 files", 50},
		{"no files", empty, inspect, "Engine API", 25},
		{"a file is missing", broken, inspect, "Engine API", 25},
		{"not to be inspected", tree(t, "v1"), "", "cgroup v1 files", 50},
		{"nothing to be inspected", tree(t, "v1"), "{}", "cgroup v1 files", 50},
		{"below a parent", parent, `{"HostConfig":{"CgroupParent":"/shop"}}`, "cgroup v1 files", 50},
		{"below a parent, not to be inspected", parent, "", "Engine API", 25},
		{"another machine", nil, inspect, "Engine API", 25},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := here(t, c.files, c.inspect)
			service := replicas(id)
			if got := s.Reads(t.Context(), service); got != c.reads {
				t.Errorf("reads %q, want %q", got, c.reads)
			}
			samples, err := s.Sample(t.Context(), both[1:], service)
			if err != nil || len(samples) != 1 || samples[0].Value != c.memory {
				t.Errorf("%+v, %v; want memory of %v %%", samples, err, c.memory)
			}
			bytes, err := s.Weigh(t.Context(), service)
			if want := int64(c.memory / 100 * (64 << 20)); err != nil || bytes != want {
				t.Errorf("weighs %d, %v; want %d", bytes, err, want)
			}
		})
	}
	if got := here(t, empty, inspect).Reads(t.Context(), engine.Service{}); got != "" {
		t.Errorf("a service without replicas reads %q", got)
	}
}

// An engine that hangs does not hold up what the files say.
func TestHangingEngineBesideFiles(t *testing.T) {
	hang := make(chan struct{})
	socket := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang })}}
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })
	s := source(t, "unix://"+socket)
	s.machine = tree(t, "v1")
	samples, err := s.Sample(t.Context(), both[1:], replicas(id))
	if err != nil || len(samples) != 1 || samples[0].Value != 50 {
		t.Errorf("%+v, %v; want memory of 50 %%", samples, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	samples, err = s.Sample(ctx, both, replicas(id))
	if len(samples) != 1 || samples[0].Value != 50 {
		t.Errorf("%+v; want memory of 50 %%", samples)
	}
	if all := unreads(t, err); len(all) != 1 || all["cpu_usage"] == "" || !errors.As(err, &engine.Down{}) {
		t.Errorf("%v; want that the engine is down, for cpu alone", err)
	}
}

// A file that is unreadable for one container changes nothing for the others.
func TestWayOfEachContainer(t *testing.T) {
	s := here(t, tree(t, "v1"), unlimited)
	other := "f" + id[1:]
	samples, err := s.Sample(t.Context(), both[1:], replicas(id, other))
	if err != nil || len(samples) != 2 || samples[0].Value != 50 || samples[1].Value != 25 {
		t.Errorf("%+v, %v; want 50 %% from the files, and 25 %% from the engine", samples, err)
	}
}

// knows has a source know the settings of a container without inspecting it.
func knows(s *Source, found settings, at time.Time) {
	c := s.container(id, at)
	c.settings, c.run, c.inspected = found, start, at
}

// TestFromFilesAlone has no engine, which is hung or gone: what is known of the container is enough for a minute.
func TestFromFilesAlone(t *testing.T) {
	four := append(slices.Clone(both), engine.Metric{Name: "traffic", Type: "network"}, engine.Metric{Name: "held", Type: "throttling"})
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			files := tree(t, version)
			s := source(t, "unix://"+t.TempDir()+"/docker.sock")
			s.machine = files
			synctest.Test(t, func(t *testing.T) {
				sweep := func() map[string]float64 {
					t.Helper()
					knows(s, settings{quota: 0.5, network: "bridge", alive: true, pid: 161}, time.Now())
					samples, err := s.Sample(t.Context(), four, replicas(id))
					if err != nil {
						t.Fatal(err)
					}
					got := map[string]float64{}
					for _, one := range samples {
						got[one.Metric] = one.Value
					}
					return got
				}
				memory := 50.0
				if version == "v2" {
					memory = 100 * float64(36<<20) / (24684084 << 10)
				}
				same := func(want map[string]float64) {
					t.Helper()
					got := sweep()
					for name, value := range want {
						if v, found := got[name]; !found || math.Abs(v-value) > 1e-9*value {
							t.Errorf("%s is %v, want %v", name, got, value)
						}
					}
					if len(got) != len(want) {
						t.Errorf("%v, want %v", got, want)
					}
				}
				same(map[string]float64{"memory_usage": memory})
				time.Sleep(10 * time.Second)
				same(map[string]float64{"memory_usage": memory, "cpu_usage": 0, "traffic": 0, "held": 0})
				time.Sleep(10 * time.Second)
				if version == "v1" {
					write(t, files, "cpuacct.usage", "2023725541\n") // 2 s more
					write(t, files, "cpu.stat", "nr_periods 130\nnr_throttled 28\n")
				} else {
					write(t, files, "cpu.stat", "usage_usec 2023725\nnr_periods 130\nnr_throttled 28\n")
				}
				table := recorded(t, version+"/proc/161/net/dev")
				write(t, files, "dev", strings.Replace(table, "1042", "51042", 1))
				used := map[string]float64{"memory_usage": memory, "cpu_usage": 40, "traffic": 5000, "held": 25}
				same(used)
				time.Sleep(100 * time.Millisecond)
				same(used) // too soon to be another reading
				time.Sleep(2 * time.Minute)
				same(map[string]float64{"memory_usage": memory}) // too long ago to be compared
			})
		})
	}
}

// A container of 2 CPUs uses half a core. Its limit is lowered, then lifted, and then it is paused for a while. What is
// known of it from inspecting it stays the same.
func TestFilesThatChange(t *testing.T) {
	files := tree(t, "v1")
	s := source(t, "unix://"+t.TempDir()+"/docker.sock")
	s.machine = files
	three := append(slices.Clone(both), engine.Metric{Name: "traffic", Type: "network"})
	synctest.Test(t, func(t *testing.T) {
		used := 0
		for _, c := range []struct {
			name    string
			quota   string
			state   string
			samples int
			cpu     float64 // %, where there are three samples
		}{
			{"at first", "200000", "THAWED", 1, 0},
			{"the quota is 2 cores", "200000", "THAWED", 3, 25},
			{"it was lowered in between", "50000", "THAWED", 2, 0},
			{"the quota is half a core", "50000", "THAWED", 3, 100},
			{"it was lifted in between", "-1", "THAWED", 2, 0},
			{"2 CPUs are its set", "-1", "THAWED", 3, 25},
			{"more than its set", "400000", "THAWED", 2, 0},
			{"2 CPUs are less than its quota", "400000", "THAWED", 3, 25},
			{"paused", "400000", "FROZEN", 0, 0},
			{"still", "400000", "FROZEN", 0, 0},
			{"it has gone on", "400000", "THAWED", 1, 0},
			{"it works", "400000", "THAWED", 3, 25},
		} {
			time.Sleep(10 * time.Second)
			if c.state == "THAWED" {
				used += 5_000_000_000
			}
			write(t, files, "cpuacct.usage", fmt.Sprint(used))
			write(t, files, "cpu.cfs_quota_us", c.quota)
			write(t, files, "freezer.state", c.state)
			knows(s, settings{quota: 2, set: 2, network: "bridge", alive: true, pid: 161}, time.Now())
			samples, err := s.Sample(t.Context(), three, replicas(id))
			if err != nil || len(samples) != c.samples || c.samples == 3 && samples[0].Value != c.cpu {
				t.Errorf("%s: %+v, %v; want %d, the first of %v %%", c.name, samples, err, c.samples, c.cpu)
			}
		}
	})
}

func TestSettingsAreOfOneRun(t *testing.T) {
	s := here(t, tree(t, "v1"), `{"HostConfig":{"NanoCpus":500000000},"State":{"Running":true,"Pid":161}}`)
	now := time.Now()
	knows(s, settings{quota: 2, pid: 99}, now)
	r := replicas(id).Replicas[0]
	for _, c := range []struct {
		name    string
		started time.Time
		at      time.Time
		anew    bool
		pid     int
	}{
		{"known", r.Started, now.Add(time.Second), false, 99},
		{"asked for anew in the sweep that it is known from", r.Started, now, true, 99},
		{"asked for anew", r.Started, now.Add(time.Second), true, 161},
		{"known from then on", r.Started, now.Add(2 * time.Second), false, 161},
	} {
		r.Started = c.started
		if got, err := s.settings(t.Context(), r, c.at, c.anew); err != nil || got.pid != c.pid {
			t.Errorf("%s: %+v, %v; want pid %d", c.name, got, err, c.pid)
		}
	}
	knows(s, settings{pid: 99}, now)
	r.Started = start.Add(time.Hour)
	if got, err := s.settings(t.Context(), r, now, false); err != nil || got.pid != 161 || got.quota != 0.5 {
		t.Errorf("of another run: %+v, %v; want pid 161 and half a core", got, err)
	}
	knows(s, settings{pid: 99}, now)
	r.Started = start
	if got, err := s.settings(t.Context(), r, now.Add(kept), false); err != nil || got.pid != 161 {
		t.Errorf("known for long: %+v, %v; want pid 161", got, err)
	}
}

// The engine's clock need not be ours, nor its count of a container's interfaces: each way goes on from its own readings.
func TestWaysAreNotComparedWithEachOther(t *testing.T) {
	s := Source{containers: map[string]*seen{}}
	read := func(w way, at time.Duration, total uint64) *float64 {
		l := &look{Source: &s, replica: replicas(id).Replicas[0], at: start}
		return l.since(w, func(c *counters) *float64 {
			return c.bytes(l.replica, ours(start.Add(at+time.Duration(w)*time.Second)), total)
		})
	}
	for i, w := range []way{engineAPI, processFiles} {
		if got := read(w, 0, uint64(i)*1_000_000); got != nil {
			t.Errorf("%s: the first reading gives %v, want none", w, *got)
		}
	}
	for i, w := range []way{engineAPI, processFiles} {
		if got := read(w, 10*time.Second, uint64(i)*1_000_000+5000); got == nil || math.Abs(*got-500) > 1e-6 {
			t.Errorf("%s: %v bytes a second, want 500", w, got)
		}
	}
}
