package docker

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestUnknownType(t *testing.T) {
	s := fake(t, unlimited, map[string][]func(http.ResponseWriter){"web-1": {answers(t, "cgroup_v1", 0, 0)}})
	metrics := []engine.Metric{{Name: "orders", Type: "queue", Source: "system"}, both[1]}
	samples, err := s.Sample(t.Context(), metrics, replicas("web-1"))
	if err == nil || err.Error() != `metric orders: source system measures cpu, memory, network, restarts and throttling, not "queue"` {
		t.Errorf("%v", err)
	}
	if all := unreads(t, err); len(all) != 1 || errors.As(err, &engine.Down{}) {
		t.Errorf("%v; want that of orders alone, and that nothing is down", err)
	}
	if len(samples) != 1 || samples[0].Metric != "memory_usage" {
		t.Errorf("%+v; want that of the other metric", samples)
	}
}

// counted is an answer to stats, at so long after the start.
func counted(at time.Duration, rest string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		fmt.Fprintf(w, `{"read":%q,%s}`, start.Add(at).Format(time.RFC3339Nano), rest)
	}
}

func TestNetwork(t *testing.T) {
	traffic := func(eth0, eth1 int) string {
		return fmt.Sprintf(`"networks":{"eth0":{"rx_bytes":%d,"tx_bytes":1000},"eth1":{"tx_bytes":%d}}`, eth0, eth1)
	}
	network := []engine.Metric{{Name: "traffic", Type: "network", Source: "system"}}
	for _, c := range []struct {
		name, inspect string
		first, second string
		want          []float64
		says          string // of the second; empty: no error
	}{
		{"received and sent, over all", unlimited, traffic(500, 0), traffic(10_500, 40_000), []float64{10_000}, ""},
		{"silence", unlimited, traffic(500, 7), traffic(500, 7), []float64{0}, ""},
		{"a counter that falls", unlimited, traffic(500, 7000), traffic(500, 0), nil, ""},
		{"not to be inspected", "", traffic(500, 0), traffic(10_500, 40_000), []float64{10_000}, ""},
		{"none", `{"HostConfig":{"NetworkMode":"none"}}`, `"num_procs":0`, `"num_procs":0`, []float64{0}, ""},
		{"the host's", `{"HostConfig":{"NetworkMode":"host"}}`, `"num_procs":0`, `"num_procs":0`, nil, `network mode "host"`},
		{"not to be known", "", `"num_procs":0`, `"num_procs":0`, nil, "inspect is not allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fake(t, c.inspect, map[string][]func(http.ResponseWriter){"web-1": {counted(0, c.first), counted(5*time.Second, c.second)}})
			if samples, _ := s.Sample(t.Context(), network, replicas("web-1")); len(samples) != 0 {
				t.Errorf("the first sweep gives %+v, want none", samples)
			}
			passes(s, 5*time.Second)
			samples, err := s.Sample(t.Context(), network, replicas("web-1"))
			var got []float64
			for _, one := range samples {
				got = append(got, one.Value)
			}
			if !slices.Equal(got, c.want) || !strings.Contains(unreads(t, err)["traffic"], c.says) || (err == nil) != (c.says == "") {
				t.Errorf("%v, %v; want %v and %q", got, err, c.want, c.says)
			}
		})
	}
}

func TestThrottlingFromTheEngine(t *testing.T) {
	periods := func(all, throttled int) string {
		return fmt.Sprintf(`"cpu_stats":{"throttling_data":{"periods":%d,"throttled_periods":%d}}`, all, throttled)
	}
	s := fake(t, unlimited, map[string][]func(http.ResponseWriter){
		"web-1": {counted(0, periods(10, 1)), counted(5*time.Second, periods(60, 11))},
		"web-2": {counted(0, periods(0, 0)), counted(5*time.Second, periods(0, 0))},
	})
	held := []engine.Metric{{Name: "held", Type: "throttling", Source: "system"}}
	if first, err := s.Sample(t.Context(), held, replicas("web-1", "web-2")); err != nil || len(first) != 0 {
		t.Errorf("the first sweep gives %+v, %v; want none", first, err)
	}
	passes(s, 5*time.Second)
	second, err := s.Sample(t.Context(), held, replicas("web-1", "web-2"))
	if err != nil || len(second) != 2 || second[0].Value != 20 || second[1].Value != 0 {
		t.Errorf("%+v, %v; want 20 %%, and 0 of the one without a limit", second, err)
	}
}

func TestRestarts(t *testing.T) {
	restarts := []engine.Metric{{Name: "restarts", Type: "restarts", Source: "system"}}
	for _, c := range []struct {
		name, inspect string
		want          []float64
		says          string
	}{
		{"runs", `{"RestartCount":3,"State":{"Running":true}}`, []float64{3}, ""},
		{"never", `{"State":{"Running":true}}`, []float64{0}, ""},
		{"waits to be restarted", `{"RestartCount":7,"State":{"Restarting":true}}`, []float64{7}, ""},
		{"stopped", `{"RestartCount":3,"State":{}}`, nil, ""},
		{"not to be inspected", "", nil, "inspect is not allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fake(t, c.inspect, nil) // it has no statistics: restarts need none
			for range 2 {
				samples, err := s.Sample(t.Context(), restarts, replicas("web-1"))
				var got []float64
				for _, one := range samples {
					got = append(got, one.Value)
				}
				if !slices.Equal(got, c.want) || !strings.Contains(unreads(t, err)["restarts"], c.says) || (err == nil) != (c.says == "") {
					t.Errorf("%v, %v; want %v and %q", got, err, c.want, c.says)
				}
			}
		})
	}
}

// A container is inspected at each sample only where a metric asks for what changes by itself.
func TestInspectedOnlyAsOftenAsNeeded(t *testing.T) {
	var inspected, read atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("/v1.41/containers/web-1/json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"RestartCount":%d,"HostConfig":{},"State":{"Running":true}}`, inspected.Add(1))
	})
	mux.HandleFunc("/v1.41/containers/web-1/stats", func(w http.ResponseWriter, _ *http.Request) {
		n := read.Add(1)
		used := fmt.Sprintf(`"cpu_stats":{"online_cpus":2,"cpu_usage":{"total_usage":%d}},"networks":{"eth0":{}}`, n)
		counted(time.Duration(n)*5*time.Second, used)(w)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := source(t, "tcp://"+server.Listener.Addr().String())
	sweep := func(types ...string) []engine.Sample {
		t.Helper()
		var metrics []engine.Metric
		for _, kind := range types {
			metrics = append(metrics, engine.Metric{Name: kind, Type: kind})
		}
		passes(s, 5*time.Second)
		samples, err := s.Sample(t.Context(), metrics, replicas("web-1"))
		if err != nil {
			t.Fatal(err)
		}
		return samples
	}
	for range 3 {
		sweep("cpu", "network", "throttling")
	}
	if inspected.Load() != 1 || read.Load() != 3 {
		t.Errorf("inspected %d times and read %d times in 3 sweeps, want 1 and 3", inspected.Load(), read.Load())
	}
	for want := 2.0; want < 5; want++ {
		samples := sweep("restarts", "restarts", "cpu")
		if len(samples) != 3 || samples[0].Value != want || samples[1].Value != want {
			t.Errorf("%+v, want %v restarts twice, of one inspect, and cpu", samples, want)
		}
	}
}

// A paused container uses nothing, and that says nothing: neither while it is paused, nor of a time in which it was.
func TestPausedByTheEngine(t *testing.T) {
	var inspected, read, used atomic.Int64
	var paused atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("/v1.41/containers/web-1/json", func(w http.ResponseWriter, _ *http.Request) {
		inspected.Add(1)
		fmt.Fprintf(w, `{"HostConfig":{"NetworkMode":"none"},"State":{"Running":true,"Paused":%v}}`, paused.Load())
	})
	mux.HandleFunc("/v1.41/containers/web-1/stats", func(w http.ResponseWriter, _ *http.Request) {
		stats := `"cpu_stats":{"online_cpus":1,"cpu_usage":{"total_usage":%d}},"memory_stats":{"usage":1,"limit":2}`
		counted(time.Duration(read.Add(1))*5*time.Second, fmt.Sprintf(stats, used.Load()))(w)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := source(t, "tcp://"+server.Listener.Addr().String())
	var metrics []engine.Metric
	for _, kind := range []string{"cpu", "memory", "network", "throttling"} {
		metrics = append(metrics, engine.Metric{Name: kind, Type: kind})
	}
	for _, c := range []struct {
		name    string
		used    time.Duration
		paused  bool
		samples int
		cpu     float64 // %, where there are four samples
		inspect int64
	}{
		{"the first look", 0, false, 1, 0, 1},
		{"it works", time.Second, false, 4, 20, 0},
		{"it is idle", 0, false, 4, 0, 1},
		{"it is paused after a while", time.Second, true, 4, 20, 0}, // which nobody can see
		{"it is paused", 0, true, 0, 0, 1},
		{"still", 0, true, 0, 0, 1},
		{"it has gone on", time.Second, false, 1, 0, 0},
		{"it works again", 2 * time.Second, false, 4, 40, 0},
	} {
		paused.Store(c.paused)
		used.Add(int64(c.used))
		passes(s, 5*time.Second)
		before := inspected.Load()
		samples, err := s.Sample(t.Context(), metrics, replicas("web-1"))
		if err != nil || len(samples) != c.samples || c.samples == 4 && samples[0].Value != c.cpu {
			t.Errorf("%s: %+v, %v; want %d, the first of %v %%", c.name, samples, err, c.samples, c.cpu)
		}
		if n := inspected.Load() - before; n != c.inspect {
			t.Errorf("%s: inspected %d times, want %d", c.name, n, c.inspect)
		}
	}
	paused.Store(true)
	restarts := []engine.Metric{{Name: "restarts", Type: "restarts"}}
	if samples, err := s.Sample(t.Context(), restarts, replicas("web-1")); err != nil || len(samples) != 0 {
		t.Errorf("%+v, %v; want no restarts of a container that is paused", samples, err)
	}
	if bytes, err := s.Weigh(t.Context(), replicas("web-1")); err != nil || bytes != 1 {
		t.Errorf("a paused container weighs %d, %v; want 1", bytes, err)
	}
}

// The clock of the engine's host is set while a container uses all of its CPU: no sample is better than a wrong one.
func TestEngineClockIsSet(t *testing.T) {
	for _, step := range []time.Duration{40 * time.Second, -14 * time.Second, -14990 * time.Millisecond, -time.Hour} {
		used := func(d time.Duration) string {
			return fmt.Sprintf(`"cpu_stats":{"online_cpus":1,"cpu_usage":{"total_usage":%d}},"networks":{"eth0":{"rx_bytes":%d}}`, d, d)
		}
		s := fake(t, unlimited, map[string][]func(http.ResponseWriter){"web-1": {
			counted(0, used(0)), counted(15*time.Second, used(15*time.Second)),
			counted(30*time.Second+step, used(30*time.Second)), counted(45*time.Second+step, used(45*time.Second)),
		}})
		metrics := []engine.Metric{{Name: "cpu", Type: "cpu"}, {Name: "traffic", Type: "network"}, {Name: "held", Type: "throttling"}}
		for i, want := range []int{0, 3, 0, 3} {
			passes(s, 15*time.Second)
			samples, err := s.Sample(t.Context(), metrics, replicas("web-1"))
			if err != nil || len(samples) != want || want > 0 && samples[0].Value != 100 {
				t.Errorf("%s, sweep %d: %+v, %v; want %d, the first of 100 %%", step, i+1, samples, err, want)
			}
		}
	}
}
