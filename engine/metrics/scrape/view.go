package scrape

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// view shows series to the PromQL engine.
type view struct {
	series []series
	gone   []series // of replicas that are gone, which only rates see
}

var (
	_ storage.Queryable = view{}
	_ storage.Querier   = view{}
	_ storage.SeriesSet = (*selected)(nil)
	_ storage.Series    = visible{}
	_ storage.Samples   = visible{}
)

// Querier shows all times: the engine takes those that it asked for.
func (v view) Querier(int64, int64) (storage.Querier, error) { return v, nil }

// Select finds the series that match.
func (v view) Select(_ context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	wanted := selector{matchers: matchers}
	rated := hints != nil && hints.Range > 0 && counts(hints.Func)
	var all []visible
	for _, s := range v.series {
		switch {
		case !wanted.matches(s.labels):
		case rated:
			all = append(all, from(hints.Start, s.labels, s.points))
		default:
			all = append(all, visible{labels: s.labels, points: s.points})
		}
	}
	for _, s := range v.gone {
		if rated && wanted.matches(s.labels) {
			all = append(all, from(hints.Start, s.past, s.points))
		}
	}
	if sorted {
		slices.SortFunc(all, func(a, b visible) int { return labels.Compare(a.labels, b.labels) })
	}
	return &selected{all: all}
}

// from is a counter from a time in milliseconds on. Where it was seen both before and later, it begins with its value at
// that time, on the line between the two; where it fell, on the line from 0.
func from(start int64, l labels.Labels, points []point) visible {
	at, _ := slices.BinarySearchFunc(points, start, func(p point, at int64) int { return cmp.Compare(p.at, at) })
	rest := visible{labels: l, points: points[at:]}
	number := func(p point) bool { return !math.IsNaN(p.value) } // nor the end of a series
	later := slices.IndexFunc(rest.points, number)
	for _, before := range slices.Backward(points[:at]) {
		switch {
		case !number(before):
			continue
		case later < 0 || rest.points[later].at == start:
			return rest
		}
		after := rest.points[later]
		if before.value > after.value {
			before.value = 0
		}
		part := float64(start-before.at) / float64(after.at-before.at)
		rest.first = &point{start, before.value + part*(after.value-before.value)}
		break
	}
	return rest
}

// LabelValues is not asked for by queries.
func (v view) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames is not asked for by queries.
func (v view) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close has nothing to do.
func (v view) Close() error { return nil }

// selected goes through series.
type selected struct {
	all []visible
	n   int // how many were begun
}

func (s *selected) Next() bool                        { s.n++; return s.n <= len(s.all) }
func (s *selected) At() storage.Series                { return s.all[s.n-1] }
func (s *selected) Err() error                        { return nil }
func (s *selected) Warnings() annotations.Annotations { return nil }

// visible is a series as the engine sees it.
type visible struct {
	labels labels.Labels
	first  *point // before the others; nil: none
	points []point
}

func (s visible) Labels() labels.Labels { return s.labels }

func (s visible) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return storage.NewListSeriesIterator(s)
}

func (s visible) Len() int {
	if s.first != nil {
		return len(s.points) + 1
	}
	return len(s.points)
}

func (s visible) Get(i int) chunks.Sample {
	switch {
	case s.first == nil:
		return &s.points[i]
	case i == 0:
		return s.first
	default:
		return &s.points[i-1]
	}
}

func (p *point) T() int64                      { return p.at }
func (p *point) ST() int64                     { return 0 } // not known
func (p *point) F() float64                    { return p.value }
func (p *point) H() *histogram.Histogram       { return nil }
func (p *point) FH() *histogram.FloatHistogram { return nil }
func (p *point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p *point) Copy() chunks.Sample           { other := *p; return &other }
