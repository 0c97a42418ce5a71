package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

// many is a daemon of so many simulated services, each of which has decided once.
func many(b *testing.B, services int) *App {
	b.Helper()
	o, _ := place(b)
	o.Enabled, o.MaxReplicas = true, 10*services
	var all strings.Builder
	for i := range services {
		fmt.Fprintf(&all, "%s\n", strings.NewReplacer("policies: web:", fmt.Sprintf("policies: web%d:", i), `service: "web"`, fmt.Sprintf(`service: "web%d"`, i), "minReplicas: 2", "minReplicas: 1").Replace(web))
	}
	say(b, o, all.String())
	a, err := New(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = a.Close() })
	for _, p := range a.atWork() {
		if _, _, err := a.loop.Cycle.Run(b.Context(), p, a.loop.Now()); err != nil {
			b.Fatal(err)
		}
	}
	return a
}

// BenchmarkAPI is requests over loopback, two at a time, of a daemon with 300 services. marshal is the limit: the status as it is,
// written as JSON and sent, by a handler of three lines.
func BenchmarkAPI(b *testing.B) {
	a := many(b, 300)
	status, err := a.Status(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	h := a.front(nil)
	byHand := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "status": status})
	})
	for _, one := range []struct {
		name, path string
		h          http.Handler
	}{
		{"status", "/api/autoscaling/status", h},
		{"marshal", "/api/autoscaling/status", byHand},
		{"decision", "/api/autoscaling/decisions/7", h},
		{"history", "/api/autoscaling/history/web7", h},
	} {
		b.Run(one.name, func(b *testing.B) {
			s := httptest.NewServer(one.h)
			defer s.Close()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}}
			defer client.CloseIdleConnections()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					res, err := client.Get(s.URL + one.path)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					if res.StatusCode != 200 {
						b.Error(res.Status)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

// BenchmarkListeners is what a thousand who listen to events cost: memory, and the time until each has a message.
func BenchmarkListeners(b *testing.B) {
	const listeners = 1000
	a := many(b, 1)
	s := httptest.NewServer(a.front(nil))
	defer s.Close()
	address := s.Listener.Addr().String()
	before := used()
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	got := make(chan struct{}, listeners)
	for range listeners {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		conns = append(conns, c)
		_, _ = fmt.Fprintf(c, "GET /api/autoscaling/events HTTP/1.1\r\nHost: %s\r\n\r\n", address)
		go func() {
			buffer := make([]byte, 4096)
			for {
				n, err := c.Read(buffer)
				if err != nil {
					return
				}
				for range strings.Count(string(buffer[:n]), "event: policy") {
					got <- struct{}{}
				}
			}
		}()
	}
	for a.hub.Listeners() < listeners {
		<-time.After(10 * time.Millisecond)
	}
	grown := float64(used()-before) / listeners / 1024
	for b.Loop() {
		if err := a.hub.Policy(api.PolicyStatus{Name: "web", Service: "web"}); err != nil {
			b.Fatal(err)
		}
		for range listeners {
			<-got
		}
	}
	b.ReportMetric(grown, "kB/listener") // with what the readers of this test take
}

func used() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// BenchmarkStatus is what a daemon of a thousand services knows, as it is put together for each who asks.
func BenchmarkStatus(b *testing.B) {
	a := many(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Status(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
