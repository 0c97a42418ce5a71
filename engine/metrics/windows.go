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
	keptSamples = 1 << 17 // in a series: two of the longest windows at the slowest pace, and half as many again
	keptSeries  = 1024    // of a metric, living replicas and gone ones together
)

// span is the length of a metric's window.
func span(m engine.Metric) time.Duration {
	return max(m.Window, engine.ShortestWindow)
}

// Windows holds the samples of one policy, in bounded memory. The zero value is ready. It is owned by one goroutine at
// a time.
type Windows struct {
	metrics map[string]*signal
	seasons map[string]*season // of the metrics that a forecast is made of
}

// For makes windows for the metrics of a policy, with a seasonal forecast of those that it asks for one.
func For(p engine.Policy) *Windows {
	w := &Windows{seasons: map[string]*season{}}
	for _, m := range Seasonal(p) {
		w.seasons[m.Name] = newSeason(p.Forecast.Season)
	}
	return w
}

// signal is what was said of one metric.
type signal struct {
	series map[string]*series // by replica; "" is the service as a whole
	gone   time.Time          // the newest sample of all series that were dropped whole
}

// series is what one replica, or the service, has said, oldest first.
type series struct {
	points []point
	cut    bool      // older ones than these were dropped
	lost   time.Time // the newest that was dropped because there were too many
}

type point struct {
	at    time.Time
	value float64
}

// Add takes samples in any order and answers, in the order given, those that it did not have yet. Of two with the same
// metric, replica and time the first stays, whatever the values; one without a time is none. Where all are new, the answer is
// the slice that was given.
//
// What was dropped can't be told from what never came. So a sample that would be the oldest of its series is not taken
// once something of the series was dropped, nor when it is not newer than a series of the metric that was dropped whole.
// What Read drops is older than two windows: no value misses it.
func (w *Windows) Add(samples []engine.Sample) []engine.Sample {
	refused := 0
	var taken []engine.Sample // once there is one that was not
	for i, s := range samples {
		if s.At.IsZero() || !w.signal(s.Metric).add(s) {
			if refused == 0 {
				taken = append(taken, samples[:i]...)
			}
			refused++
			continue
		}
		if refused > 0 {
			taken = append(taken, s)
		}
		if of := w.seasons[s.Metric]; of != nil && s.Replica == "" {
			of.add(s.At, s.Value)
		}
	}
	if refused == 0 {
		return samples
	}
	return taken
}

func (w *Windows) signal(metric string) *signal {
	if w.metrics == nil {
		w.metrics = map[string]*signal{}
	}
	of := w.metrics[metric]
	if of == nil {
		of = &signal{series: map[string]*series{}}
		w.metrics[metric] = of
	}
	return of
}

// add says whether the sample was new.
func (of *signal) add(s engine.Sample) bool {
	known := of.series[s.Replica]
	if known == nil {
		return of.begin(s)
	}
	i, found := len(known.points), false
	if !s.At.After(known.newest()) {
		i, found = slices.BinarySearchFunc(known.points, s.At, func(q point, at time.Time) int { return q.at.Compare(at) })
	}
	full := len(known.points) >= keptSamples
	if found || i == 0 && (full || known.cut || !s.At.After(of.gone)) {
		return false
	}
	if full { // several at once: to drop one moves all others
		const some = keptSamples / 8
		known.lost = known.points[some-1].at
		known.drop(some)
		if i -= some; i < 0 {
			return false
		}
	}
	known.points = slices.Insert(known.points, i, point{s.At, s.Value})
	return true
}

// begin makes a series of a first sample. Where there is no room, it takes the place of one that was last heard of before it.
func (of *signal) begin(s engine.Sample) bool {
	if !s.At.After(of.gone) {
		return false
	}
	if len(of.series) >= keptSeries {
		oldest := of.oldest()
		if !s.At.After(of.series[oldest].newest()) {
			return false
		}
		of.drop(oldest)
	}
	of.series[s.Replica] = &series{points: []point{{s.At, s.Value}}}
	return true
}

// drop forgets the n oldest samples.
func (s *series) drop(n int) {
	s.points = slices.Delete(s.points, 0, n)
	s.cut = true
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
	if of == nil {
		return
	}
	for replica, s := range of.series {
		_, alive := live[replica]
		if !alive && replica != "" && !s.newest().After(before) {
			of.drop(replica)
			continue
		}
		if old := len(s.between(time.Time{}, before)); old > 1 {
			s.drop(old - 1)
		}
	}
}

// full says that samples of a window were dropped because there were too many.
func (w *Windows) full(metric string, begin time.Time) bool {
	of := w.metrics[metric]
	if of == nil {
		return false
	}
	for _, s := range of.series {
		if s.lost.After(begin) {
			return true
		}
	}
	return false
}

// drop forgets a whole series.
func (of *signal) drop(replica string) {
	of.gone = later(of.gone, of.series[replica].newest())
	delete(of.series, replica)
}

// oldest is the replica whose newest sample is the oldest.
func (of *signal) oldest() string {
	oldest := ""
	for replica, s := range of.series {
		if o := of.series[oldest]; o == nil || cmp.Or(s.newest().Compare(o.newest()), cmp.Compare(replica, oldest)) < 0 {
			oldest = replica
		}
	}
	return oldest
}
