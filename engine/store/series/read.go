package series

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

// Look gives what there is of the series that a query asks for, and may give more of them. What it gives of a series is of
// one state; the data is that of the chunk until found returns.
type Look func(ctx context.Context, q Query, found func(who ID, kind store.ChunkKind, data []byte)) error

// Query asks for the series of a range: for the full chunks that reach into a span, the open ones that do, and the days that
// begin in one.
type Query struct {
	engine.Range
	Full, Open, Days Span
	Beside           map[ID]Span // and for these full chunks of some of them
}

// Samples are those of a range, written or not, by series: sorted by metric, signal and replica, each with the oldest point
// first. Series without a sample in the range are left out. A damaged chunk is told to the log at warn and left out.
func Samples(ctx context.Context, look Look, waiting *Arrivals, log *slog.Logger, r engine.Range) ([]engine.Series, error) {
	fresh := waiting.in(r)             // before the chunks: what is flushed meanwhile is found twice, not never
	parts := map[ID][][]engine.Point{} // joined at the end: a year is two million points
	u := unpacker{log: log}
	err := look(ctx, Query{Range: r, Full: span(r), Open: span(r)}, func(who ID, _ store.ChunkKind, data []byte) {
		parts[who] = append(parts[who], u.points(who, data))
	})
	if err != nil {
		return nil, err
	}
	for who := range fresh {
		parts[who] = append(parts[who], fresh[who])
	}
	all := []engine.Series{}
	for _, who := range slices.SortedFunc(maps.Keys(parts), compare) {
		if in := within(chunk.Order(slices.Concat(parts[who]...)), r); len(in) > 0 {
			all = append(all, engine.Series{
				Subject: who.Subject, Metric: who.Metric, Signal: who.Signal, Replica: who.Replica, Points: in,
			})
		}
	}
	return all, nil
}

// Rollups are those that begin in a range, of all samples, written or not: also of the five minutes that are not over. They
// are sorted as Samples are, and leave out what those do.
func Rollups(ctx context.Context, look Look, waiting *Arrivals, log *slog.Logger, r engine.Range) ([]engine.Rollups, error) {
	sampled := r // when the samples were taken that they sum up, and some more
	sampled.To = r.To.Truncate(chunk.Period).Add(chunk.Period - time.Millisecond)
	fresh := waiting.in(sampled)
	q := Query{Range: r, Open: span(sampled), Days: Span{dayOf(r.From), dayOf(r.To)}, Beside: map[ID]Span{}}
	for who, points := range fresh {
		fresh[who] = chunk.Order(points)
		q.Beside[who] = ends(fresh[who])
	}
	rollups := map[ID][]engine.Rollup{}
	open := map[ID][]engine.Point{}
	u := unpacker{log: log}
	err := look(ctx, q, func(who ID, kind store.ChunkKind, data []byte) {
		switch kind {
		case store.DayChunk:
			rollups[who] = append(rollups[who], u.rollups(who, data)...)
		case store.OpenChunk:
			open[who] = u.points(who, data)
		case store.FullChunk: // the rollups count them
			fresh[who] = without(fresh[who], u.points(who, data))
		}
	})
	if err != nil {
		return nil, err
	}
	for who, points := range fresh {
		open[who] = append(open[who], points...)
	}
	for who, points := range open {
		rollups[who] = append(rollups[who], chunk.SumUp(chunk.Order(points))...)
	}
	all := []engine.Rollups{}
	for _, who := range slices.SortedFunc(maps.Keys(rollups), compare) {
		in := slices.DeleteFunc(chunk.Join(rollups[who]), func(one engine.Rollup) bool {
			return !one.From.After(r.From) || one.From.After(r.To)
		})
		if len(in) > 0 {
			all = append(all, engine.Rollups{
				Subject: who.Subject, Metric: who.Metric, Signal: who.Signal, Replica: who.Replica, Rollups: in,
			})
		}
	}
	return all, nil
}

// within are the points of a range, of points in order.
func within(points []engine.Point, r engine.Range) []engine.Point {
	after := func(at time.Time) int {
		n, _ := slices.BinarySearchFunc(points, at, func(p engine.Point, at time.Time) int {
			if p.At.After(at) {
				return 1
			}
			return -1
		})
		return n
	}
	from, to := after(r.From), after(r.To)
	return points[from:max(from, to)]
}
