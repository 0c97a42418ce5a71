package scrape

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
)

const settles = 2 * time.Minute

// worker is a service's replica, at a loopback port. Since it was started it has served perSecond requests a second, by the
// clock, each of them in 0.1 to 0.2 s, and every fourth with an error: however late its page is read, its rates are right.
type worker struct {
	perSecond float64
	begun     time.Time
}

func (w worker) Describe(c chan<- *prometheus.Desc) { prometheus.DescribeByCollect(w, c) }

func (w worker) Collect(c chan<- prometheus.Metric) {
	n := w.perSecond * time.Since(w.begun).Seconds()
	requests := prometheus.NewDesc("http_requests_total", "Requests.", []string{"code"}, nil)
	c <- prometheus.MustNewConstMetric(requests, prometheus.CounterValue, 0.75*n, "200")
	c <- prometheus.MustNewConstMetric(requests, prometheus.CounterValue, 0.25*n, "500")
	c <- prometheus.MustNewConstMetric(prometheus.NewDesc("queue_length", "Jobs.", nil, nil), prometheus.GaugeValue, w.perSecond)
	c <- prometheus.MustNewConstHistogram(prometheus.NewDesc("http_request_duration_seconds", "Durations.", nil, nil),
		uint64(1000*n), 150*n, map[float64]uint64{0.1: 0, 0.2: uint64(1000 * n), 0.5: uint64(1000 * n)})
}

// start starts a worker, and answers how it is stopped.
func (w worker) start(t *testing.T, port int) (stop func()) {
	t.Helper()
	w.begun = time.Now()
	r := prometheus.NewRegistry()
	r.MustRegister(w)
	l, err := net.Listen("tcp", metricstest.Address(port))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: promhttp.HandlerFor(r, promhttp.HandlerOpts{EnableOpenMetrics: true})}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(l) })
	return sync.OnceFunc(func() {
		_ = server.Close()
		wg.Wait()
	})
}

func TestLiveScrape(t *testing.T) {
	service := engine.Service{Name: "web"}
	var stops []func()
	for i := range 3 {
		port := metricstest.Port(t)
		stops = append(stops, worker{perSecond: 10 * float64(i+1)}.start(t, port))
		service.Replicas = append(service.Replicas, engine.Replica{
			ID: fmt.Sprint("i", i+1), Name: fmt.Sprint("web-", i+1), Addresses: []string{"127.0.0.1"}, Ports: []int{port}, Ready: true,
		})
	}
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	metrics := []engine.Metric{
		{Name: "requests", Type: "request_rate", Window: 5 * time.Second},
		{Name: "errors", Type: "error_rate", Window: 5 * time.Second},
		{Name: "time", Type: "response_time", Aggregation: "p50", Window: 5 * time.Second},
		{Name: "queue", Type: "queue_length"},
		{Name: "each", Query: `60 * sum by (replica) (rate(http_requests_total[5s]))`},
	}
	steady := map[string]float64{"requests": 3600, "errors": 25, "time": 150, "queue": 60, "each i1": 600, "each i2": 1200, "each i3": 1800}
	sees(t, s, metrics, service, steady)

	stops[1]()
	service.Replicas[1].Ready = false
	sees(t, s, metrics, service, map[string]float64{"requests": 2400, "errors": 25, "time": 150, "queue": 40, "each i1": 600, "each i3": 1800})

	stops[1] = worker{perSecond: 20}.start(t, service.Replicas[1].Ports[0])
	service.Replicas[1].Ready = true
	sees(t, s, metrics, service, steady)
}

// sees samples until the values are as they are to be, to 5 %: a busy machine is late to read the clock.
func sees(t *testing.T, s *Source, metrics []engine.Metric, service engine.Service, want map[string]float64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settles)
	defer cancel()
	var got map[string]float64
	var err error
	for ctx.Err() == nil {
		var samples []engine.Sample
		samples, err = s.Sample(ctx, metrics, service)
		got = map[string]float64{}
		near := len(samples) == len(want)
		for _, sample := range samples {
			name := sample.Metric
			if sample.Replica != "" {
				name += " " + sample.Replica
			}
			got[name] = sample.Value
			near = near && math.Abs(sample.Value-want[name]) <= 0.05*want[name]
		}
		if near && err == nil {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("%v, %v; want %v", got, err, want)
}
