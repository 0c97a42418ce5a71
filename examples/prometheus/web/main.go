// Command web is the service of the example: it can answer 40 requests a second, and more of them wait.
//
//	web          serve on :8080, and metrics for Prometheus at /metrics
//	web health   ask the server of this container whether it is well; the image's HEALTHCHECK
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	address  = ":8080"
	work     = 50 * time.Millisecond  // of a request; time and not CPU time, so that a slow machine plays the same
	places   = 2                      // requests that are worked on at once
	patience = 500 * time.Millisecond // who has waited that long for a place is turned away
)

func main() {
	run := serve
	if len(os.Args) > 1 && os.Args[1] == "health" {
		run = health
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	server := &http.Server{Addr: address, Handler: routes(), ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(last)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// routes measures the pages that are asked for; those who look after the replica are not counted.
func routes() http.Handler {
	registry := prometheus.NewRegistry()
	metrics := promauto.With(registry)
	requests := metrics.NewCounterVec(prometheus.CounterOpts{
		Name: "http_requests_total",
		Help: "Requests answered, by status.",
	}, []string{"code"})
	// A counter that is there from the first scrape on shows its first rise too.
	requests.WithLabelValues("200")
	requests.WithLabelValues("503")
	seconds := metrics.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds",
		Help: "Time to answer a request, with the wait for a place.",
		// A quantile is only as fine as these: close together around the policy's thresholds.
		Buckets: []float64{.025, .05, .075, .1, .15, .2, .25, .3, .4, .5, .6, 1},
	}, nil)
	page := queue(places)

	mux := http.NewServeMux()
	mux.Handle("GET /{$}", promhttp.InstrumentHandlerCounter(requests, promhttp.InstrumentHandlerDuration(seconds, page)))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return mux
}

// queue answers so many requests at once, the others in the order in which they came.
func queue(places int) http.HandlerFunc {
	taken := make(chan struct{}, places)
	return func(w http.ResponseWriter, r *http.Request) {
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case taken <- struct{}{}:
			defer func() { <-taken }()
		case <-late.C:
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		case <-r.Context().Done():
			return
		}
		time.Sleep(work)
		host, _ := os.Hostname()
		fmt.Fprintln(w, "hello from", host)
	}
}

func health() error {
	client := http.Client{Timeout: 4 * time.Second}
	answer, err := client.Get("http://127.0.0.1" + address + "/health")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s", answer.Status)
	}
	return nil
}
