package scrape

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// view shows series to the PromQL engine.
type view []series

var (
	_ storage.Queryable = view{}
	_ storage.Querier   = view{}
	_ storage.SeriesSet = (*selected)(nil)
	_ storage.Series    = series{}
	_ storage.Samples   = points{}
)

// Querier shows all times: the engine takes those that it asked for.
func (v view) Querier(int64, int64) (storage.Querier, error) { return v, nil }

// Select finds the series that match.
func (v view) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var all []series
	for _, s := range v {
		if (selector{matchers: matchers}).matches(s.labels) {
			all = append(all, s)
		}
	}
	if sorted {
		slices.SortFunc(all, func(a, b series) int { return labels.Compare(a.labels, b.labels) })
	}
	return &selected{all: all}
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
	all []series
	n   int // how many were begun
}

func (s *selected) Next() bool                        { s.n++; return s.n <= len(s.all) }
func (s *selected) At() storage.Series                { return s.all[s.n-1] }
func (s *selected) Err() error                        { return nil }
func (s *selected) Warnings() annotations.Annotations { return nil }

func (s series) Labels() labels.Labels { return s.labels }

func (s series) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return storage.NewListSeriesIterator(points(s.points))
}

// points are the points of a series.
type points []point

func (p points) Len() int                { return len(p) }
func (p points) Get(i int) chunks.Sample { return &p[i] }

func (p *point) T() int64                      { return p.at }
func (p *point) ST() int64                     { return 0 } // not known
func (p *point) F() float64                    { return p.value }
func (p *point) H() *histogram.Histogram       { return nil }
func (p *point) FH() *histogram.FloatHistogram { return nil }
func (p *point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p *point) Copy() chunks.Sample           { other := *p; return &other }
