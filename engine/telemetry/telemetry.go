// Package telemetry is what flyball tells of itself to Prometheus. What happens is counted as it happens, by plain methods;
// what is the case is asked for when somebody scrapes. No label holds a text that a person or a program made up: policies,
// services, metrics and sources are those of the policies that are loaded, and all else is a code.
package telemetry

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/flyball-dev/flyball/engine"
)

// Metrics are those of one daemon, in a registry of their own. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	decisions, clamps, events, failures *prometheus.CounterVec
	evaluations                         prometheus.Histogram
	samplings, unread                   *prometheus.CounterVec
	looks, scalings                     *prometheus.HistogramVec
	reloads, storeErrors                *prometheus.CounterVec
	requests                            *prometheus.CounterVec
	answers                             *prometheus.HistogramVec

	mu      sync.Mutex
	known   map[who]map[string]bool // the policies that are loaded, and the codes that rules of each gave as reasons
	sources map[string]bool
}

// who is whose series one is.
type who struct{ policy, service, mode string }

var ofPolicy = []string{"policy", "service", "mode"}

func whose(p engine.Policy) who { return who{p.Name, p.Service, string(p.Mode)} }

// labels are the values of ofPolicy, and more.
func (w who) labels(more ...string) []string {
	return append([]string{w.policy, w.service, w.mode}, more...)
}

func (w who) match() prometheus.Labels {
	return prometheus.Labels{"policy": w.policy, "service": w.service, "mode": w.mode}
}

// StoreOperations are what a store may fail at.
var StoreOperations = []string{"state", "record", "close", "samples", "audit", "lease", "look"}

// How long things take, in seconds: of a decision, of a look at Docker, of an answer; and of a change, which waits until new
// replicas are ready.
var (
	short = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	long  = []float64{.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600}
)

// New makes the metrics of a daemon. state is asked at each scrape, and must not wait for long.
func New(state func() State) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "flyball_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "flyball_" + name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		decisions: counter("decisions_total", "Decisions that are on record, by what was decided and the code of the reason.", append(ofPolicy, "action", "reason")...),
		clamps:    counter("clamps_total", "Decisions in which a stage of the guard changed the number of replicas that was wished for.", append(ofPolicy, "stage")...),
		events:    counter("events_total", "Changes of a service that ended, by how they ended.", append(ofPolicy, "action", "result")...),
		failures:  counter("evaluation_errors_total", "Evaluations that decided nothing, because something could not be read or recorded.", ofPolicy...),
		evaluations: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "flyball_evaluation_duration_seconds", Help: "Time from the start of an evaluation until its decision is on record.", Buckets: short,
		}),
		samplings:   counter("samplings_total", "Times that a source was asked for metrics.", "source"),
		unread:      counter("sampling_errors_total", "Times that a source was asked and at least one metric could not be read.", "source"),
		looks:       histogram("observe_duration_seconds", "Time that a look at a service took, at Docker or wherever it runs.", short, "driver", "result"),
		scalings:    histogram("scale_duration_seconds", "Time that a change of a service took, until its replicas were ready or gone.", long, "driver", "action", "result"),
		reloads:     counter("reloads_total", "Times that the policies were read anew, by whether they could be used.", "result"),
		storeErrors: counter("store_errors_total", "Calls of the store that failed, by what was to be done.", "operation"),
		requests:    counter("api_requests_total", "Requests that were answered, by operation and HTTP status.", "operation", "code"),
		answers:     histogram("api_request_duration_seconds", "Time that answers took, by operation.", short, "operation"),
		known:       map[who]map[string]bool{}, sources: map[string]bool{},
	}
	m.registry.MustRegister(
		m.decisions, m.clamps, m.events, m.failures, m.evaluations, m.samplings, m.unread, m.looks, m.scalings,
		m.reloads, m.storeErrors, m.requests, m.answers, states{state},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, result := range []string{"success", "failure"} {
		m.reloads.WithLabelValues(result)
	}
	for _, operation := range StoreOperations {
		m.storeErrors.WithLabelValues(operation)
	}
	return m
}

// Handler answers a scrape, in the format that is asked for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, EnableOpenMetrics: true})
}
