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
		counted(time.Duration(read.Add(1))*5*time.Second, `"cpu_stats":{"online_cpus":2},"networks":{"eth0":{}}`)(w)
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
