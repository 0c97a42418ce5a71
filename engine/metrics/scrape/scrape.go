// Package scrape reads the replicas' own /metrics pages, in Prometheus's format, and evaluates PromQL over what it read in
// the last minutes: for services that have such pages, without a Prometheus.
package scrape

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/flyball-dev/flyball/engine"
)

const (
	deadline   = 3 * time.Second        // of a page; less where the sweep has less
	apart      = time.Second            // from one of a replica's addresses, to which packets may be dropped in silence
	sideBySide = 64                     // replicas that are asked at once, over all services
	buffers    = 16                     // pages in memory at once, over all services; each may take 4 MB
	fresh      = 500 * time.Millisecond // a page that is younger is not read again
	forget     = 20 * time.Minute       // a query, a replica or a service that nobody asked for is forgotten
)

// Options say where replicas show their metrics.
type Options struct {
	Port      int               // 0: the replica's only one
	Path      string            // empty: /metrics
	Token     string            // sent as a bearer token; empty: none
	Transport http.RoundTripper // nil: the network
}

// String leaves the token out.
func (o Options) String() string { return fmt.Sprintf("scrape of port %d, path %s", o.Port, o.Path) }

// GoString leaves the token out, too.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the token out, too.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Source reads the pages of any number of services. Policies may share it: a page that was read less than half a second
// ago serves them all. It is safe for concurrent use.
type Source struct {
	options Options
	client  *http.Client
	promql  *promql.Engine
	slots   chan struct{}
	buffers chan []byte // to read pages into: who has one gives it back

	mu       sync.Mutex
	services map[string]*service
}

// New makes a source. It does not connect yet.
func New(o Options) (*Source, error) {
	if o.Path == "" {
		o.Path = "/metrics"
	}
	switch _, err := url.Parse("http://h" + o.Path); {
	case err != nil || !strings.HasPrefix(o.Path, "/"):
		return nil, fmt.Errorf("path is %q; allowed: one that begins with /, such as /metrics", o.Path)
	case o.Port < 0 || o.Port > 65535:
		return nil, fmt.Errorf("port is %d; allowed: 1 to 65535, or none where replicas have only one", o.Port)
	case strings.ContainsAny(o.Token, "\r\n"):
		return nil, errors.New("the token has a line break in it")
	}
	transport := o.Transport
	if transport == nil { // no proxy: replicas are near
		dial := &net.Dialer{Timeout: apart}
		transport = &http.Transport{DialContext: dial.DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: 64 << 10}
	}
	s := &Source{
		options:  o,
		client:   &http.Client{Transport: transport, CheckRedirect: stay},
		promql:   evaluator(),
		slots:    make(chan struct{}, sideBySide),
		buffers:  make(chan []byte, buffers),
		services: map[string]*service{},
	}
	for range buffers {
		s.buffers <- nil
	}
	return s, nil
}

// Close ends the connections.
func (s *Source) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// String names the source without its token.
func (s *Source) String() string { return s.options.String() }

// GoString names it so, too.
func (s *Source) GoString() string { return s.String() }

// Sample reads the page of every replica, all side by side, and answers each metric's query from them; a metric without a
// query has that of its type (Default). A query that answers with one number gives a sample of the service as a whole;
// one whose every series has the label replica, as sum by (replica) (…) has, gives one a replica. Samples are of the time
// of the newest page.
//
// A number of the whole service is an error while a ready replica could not be read: a sum over half the replicas reads as
// half the load. Samples a replica are good beside such an error. So is all that is said where the replica that fails is
// not ready.
//
// A query with a range is an error until each ready replica was seen since the range began, or as near to that as rate()
// stretches: PromQL divides by the whole range, so that half a range reads as half the load. A replica that came while
// the service was looked at needs two pages only: it has no past. What it counted before its first page, an interval's
// worth at most while it serves, is lost, and so is what a replica counts that the target names only later. When it
// started is not asked: clocks differ, and counters need not have begun at 0 then.
//
// What a replica counted that is gone, or fails and is not ready, stays in sums over the replicas of rate() and
// increase() for as long as the range holds it; nothing else sees it. Where a query also uses rates otherwise, as beside
// avg() or by replica, no part of it does.
//
// rate() and increase() are Prometheus's, with one difference: where a counter was seen before the range, too, its value at
// the range's beginning is that on the line between the two pages around it, so that uneven intervals and failed looks
// do not lower the rate.
//
// No error is an engine.Down: that one service does not answer says nothing about the next.
func (s *Source) Sample(ctx context.Context, metrics []engine.Metric, of engine.Service) ([]engine.Sample, error) {
	svc := s.service(of, time.Now())
	questions, err := svc.ask(metrics, time.Now())
	if len(questions) == 0 {
		return nil, err
	}
	look := s.sweep(ctx, svc, of.Replicas, questions)
	var samples []engine.Sample
	errs := []error{err}
	for _, q := range questions {
		some, err := s.answer(ctx, q.question, look)
		for _, sample := range some {
			sample.Metric = q.metric
			samples = append(samples, sample)
		}
		if err != nil {
			errs = append(errs, engine.Unread{Metric: q.metric, Query: q.text, Err: err})
		}
	}
	return samples, errors.Join(errs...)
}

// service is what is remembered of a service.
func (s *Source) service(of engine.Service, at time.Time) *service {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, other := range s.services {
		if at.Sub(other.wanted) > forget {
			delete(s.services, key)
		}
	}
	key := strings.Join([]string{of.Driver, of.Project, of.Name}, "/")
	svc := s.services[key]
	if svc == nil {
		svc = &service{queries: map[string]*known{}, replicas: map[string]*replica{}}
		s.services[key] = svc
	}
	svc.wanted = at
	return svc
}
