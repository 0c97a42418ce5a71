// Package metrics keeps the samples of one policy and reads its metrics from them. It is pure: every instant is an
// argument. Its subfolders are the sources that samples come from.
package metrics

import (
	"cmp"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const (
	// Instants is how many times a metric must have been sampled in its window before it is believed.
	Instants = 3

	fastest = time.Second      // sources are not asked more often than this
	slowest = 15 * time.Second // nor, for a long window, more seldom

	// perWindow samples are aimed at, so that one that is lost, and one that is late, do no harm.
	perWindow = 5

	keptSamples = 16384 // in a series: two windows of a day and more
	keptSeries  = 1024  // of a metric, living replicas and gone ones together
)

// SampleEvery is how often the sources of a policy are asked: a fifth of its shortest window, between 1 s and 15 s.
func SampleEvery(p engine.Policy) time.Duration {
	every := slowest
	for _, m := range p.Metrics {
		every = min(every, m.Window/perWindow)
	}
	return max(every, fastest)
}

// span is the length of a metric's window. One that sampling can't fill is read as the shortest that it can: 5 s.
func span(m engine.Metric) time.Duration {
	return max(m.Window, perWindow*fastest)
}

// Windows holds the samples of one policy, in bounded memory. The zero value is ready. It is owned by one goroutine at
// a time.
type Windows struct {
	metrics map[string]map[string]*series // by metric, then by replica; "" is the service as a whole
}

// series is what one replica, or the service, has said, oldest first.
type series struct {
	points []point
}

type point struct {
	at    time.Time
	value float64
}

// Add takes samples in any order. Of two with the same metric, replica and time the first stays; one without a time is
// none.
func (w *Windows) Add(samples []engine.Sample) {
	if w.metrics == nil {
		w.metrics = map[string]map[string]*series{}
	}
	for _, s := range samples {
		if s.At.IsZero() {
			continue
		}
		of := w.metrics[s.Metric]
		if of == nil {
			of = map[string]*series{}
			w.metrics[s.Metric] = of
		}
		if of[s.Replica] == nil {
			if len(of) == keptSeries {
				dropOldest(of)
			}
			of[s.Replica] = &series{}
		}
		of[s.Replica].add(point{s.At, s.Value})
	}
}

func (s *series) add(p point) {
	i, found := slices.BinarySearchFunc(s.points, p.at, func(q point, at time.Time) int { return q.at.Compare(at) })
	if found {
		return
	}
	s.points = slices.Insert(s.points, i, p)
	if len(s.points) > keptSamples {
		s.points = slices.Delete(s.points, 0, 1)
	}
}

// between is the part of a series in (from, to].
func (s *series) between(from, to time.Time) []point {
	after := func(q point, at time.Time) int {
		if q.at.After(at) {
			return 1
		}
		return -1
	}
	i, _ := slices.BinarySearchFunc(s.points, from, after)
	j, _ := slices.BinarySearchFunc(s.points, to, after)
	return s.points[min(i, j):j]
}

func (s *series) newest() time.Time {
	return s.points[len(s.points)-1].at
}

// forget drops the samples up to an instant, except the last of them, which tells how old a living replica's word is;
// and the series of replicas that are gone and of which nothing younger is left.
func (w *Windows) forget(metric string, live map[string]engine.Replica, before time.Time) {
	of := w.metrics[metric]
	for replica, s := range of {
		_, alive := live[replica]
		if !alive && replica != "" && !s.newest().After(before) {
			delete(of, replica)
			continue
		}
		if old := len(s.between(time.Time{}, before)); old > 1 {
			s.points = slices.Delete(s.points, 0, old-1)
		}
	}
}

func dropOldest(of map[string]*series) {
	oldest := ""
	for replica, s := range of {
		if o := of[oldest]; o == nil || cmp.Or(s.newest().Compare(o.newest()), cmp.Compare(replica, oldest)) < 0 {
			oldest = replica
		}
	}
	delete(of, oldest)
}
