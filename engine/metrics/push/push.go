// Package push is the source of values that applications post to flyball themselves.
package push

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const (
	ahead  = 5 * time.Second // clocks differ
	behind = time.Hour

	keptSamples = 240 // in a series
	keptSeries  = 1000
	nameSize    = 200 // bytes of a name
)

// Source keeps what was pushed, in bounded memory, until it is sampled: the newest 240 samples of a series, and the 1000
// series that were heard of last. It is safe for concurrent use.
type Source struct {
	mu     sync.Mutex
	series map[series][]engine.Point // oldest first, never empty
}

// series names what one replica, or a service as a whole, says of a metric.
type series struct {
	service string
	metric  string
	replica string // its name or id, as it was pushed; empty: the service as a whole
}

// New makes a source to which nothing was pushed yet.
func New() *Source {
	return &Source{series: map[series][]engine.Point{}}
}

// Push takes samples of a service, by its name. Their Metric is the name of a metric of a policy, or its query where it
// has one; their Replica, where they have one, the name or the id of a replica; a zero At is now. It takes all, or, where
// one is not a finite number, is older than an hour, more than 5 s in the future, or has no name of 1 to 200 bytes, none.
// Of two with the same metric, replica and time the first stays.
func (s *Source) Push(service string, samples []engine.Sample, now time.Time) error {
	if err := Check(service, samples, now); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sample := range samples {
		at := sample.At
		if at.IsZero() {
			at = now
		}
		s.keep(series{service, sample.Metric, sample.Replica}, engine.Point{At: at.Round(0), Value: sample.Value})
	}
	return nil
}

// Check says why samples would not be taken.
func Check(service string, samples []engine.Sample, now time.Time) error {
	if err := name("service", service, 1); err != nil {
		return err
	}
	for i, sample := range samples {
		if err := check(sample, now); err != nil {
			return fmt.Errorf("sample %d: %w", i+1, err)
		}
	}
	return nil
}

// check says why a sample is not taken.
func check(s engine.Sample, now time.Time) error {
	err := cmp.Or(name("metric", s.Metric, 1), name("replica", s.Replica, 0))
	early, late := s.At.Sub(now), now.Sub(s.At)
	switch {
	case err != nil:
		return err
	case math.IsNaN(s.Value) || math.IsInf(s.Value, 0):
		return fmt.Errorf("the value of metric %q is %v; allowed: a finite number", s.Metric, s.Value)
	case s.At.IsZero():
		return nil
	case early > ahead:
		return fmt.Errorf("the time of metric %q, %s, is %s in the future; allowed: up to %s, for clocks that differ",
			s.Metric, s.At.UTC().Format(time.RFC3339), early.Round(time.Second), ahead)
	case late > behind:
		return fmt.Errorf("the time of metric %q, %s, is %s ago; allowed: up to %s",
			s.Metric, s.At.UTC().Format(time.RFC3339), late.Round(time.Second), behind)
	}
	return nil
}

func name(what, text string, least int) error {
	if len(text) < least || len(text) > nameSize {
		return fmt.Errorf("the name of the %s has %d bytes; allowed: %d to %d", what, len(text), least, nameSize)
	}
	return nil
}

// keep adds a point at its place, and drops the oldest where there are too many.
func (s *Source) keep(of series, p engine.Point) {
	points, known := s.series[of]
	if !known && len(s.series) >= keptSeries && !s.makeRoom(p.At) {
		return
	}
	i, found := slices.BinarySearchFunc(points, p.At, func(q engine.Point, at time.Time) int { return q.At.Compare(at) })
	if found {
		return
	}
	points = slices.Insert(points, i, p)
	s.series[of] = slices.Delete(points, 0, max(0, len(points)-keptSamples))
}

// makeRoom drops the series whose newest sample is the oldest, unless that is not older than what there is to be room for.
func (s *Source) makeRoom(at time.Time) bool {
	var oldest series
	newest := at
	for of, points := range s.series {
		if last := points[len(points)-1].At; last.Before(newest) {
			oldest, newest = of, last
		}
	}
	delete(s.series, oldest) // the zero series is none
	return newest.Before(at)
}

// Sample answers what was pushed of each metric in the last two windows: also what it answered before. A metric of which
// nothing was pushed since the start, or only of replicas that the service does not have, is an engine.Unread.
func (s *Source) Sample(_ context.Context, metrics []engine.Metric, service engine.Service) ([]engine.Sample, error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var samples []engine.Sample
	errs := make([]error, len(metrics))
	for i, m := range metrics {
		young, err := s.sample(m, service, now)
		if err != nil {
			errs[i] = engine.Unread{Metric: m.Name, Query: m.Query, Err: err}
		}
		samples = append(samples, young...)
	}
	return samples, errors.Join(errs...)
}

func (s *Source) sample(m engine.Metric, service engine.Service, now time.Time) ([]engine.Sample, error) {
	pushed := cmp.Or(m.Query, m.Name)
	var samples []engine.Sample
	stranger, known := "", false
	for _, of := range s.said(service.Name, pushed) {
		id, has := replica(of.replica, service.Replicas)
		if !has {
			stranger = of.replica
			continue
		}
		known = true
		for _, p := range s.series[of] {
			if now.Sub(p.At) < 2*m.Window {
				samples = append(samples, engine.Sample{Metric: m.Name, Replica: id, At: p.At, Value: p.Value})
			}
		}
	}
	switch {
	case known:
		return samples, nil
	case stranger != "":
		return nil, fmt.Errorf("all that was pushed is of replicas that the service does not have, such as %q; allowed: the name or the id of one, or none",
			stranger)
	default:
		return nil, fmt.Errorf(`nothing has been pushed yet; POST {"metrics": {%q: 12}} to /api/autoscaling/metrics/%s`,
			pushed, url.PathEscape(service.Name))
	}
}

// said are the series of a metric, in an order that is always the same.
func (s *Source) said(service, metric string) []series {
	var all []series
	for of := range s.series {
		if of.service == service && of.metric == metric {
			all = append(all, of)
		}
	}
	slices.SortFunc(all, func(a, b series) int { return cmp.Compare(a.replica, b.replica) })
	return all
}

const shortID = 12 // characters that Docker shows of an id

// replica finds the id of the one that a text names. The service as a whole has the empty id, and is always there.
func replica(text string, all []engine.Replica) (id string, has bool) {
	if text == "" {
		return "", true
	}
	for _, r := range all {
		if r.ID == text || r.Name == text {
			return r.ID, true
		}
	}
	if len(text) < shortID {
		return "", false
	}
	for _, r := range all {
		if strings.HasPrefix(r.ID, text) {
			id, has = r.ID, id == "" // not if there is another
		}
	}
	return id, has
}
