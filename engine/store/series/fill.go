package series

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

const (
	fullChunk = 240 // points: an hour at 15 s
	together  = 64  // so many series are filled in one go
)

// Shelf is where the chunks of series are.
type Shelf interface {
	// Find gives what there is of series, by their numbers in wants. What it gives may be kept, and is never changed.
	Find(ctx context.Context, wants []Want, found func(n int, kind store.ChunkKind, data []byte)) error
	// Put writes changes of series. Of each it is all written, or nothing.
	Put(ctx context.Context, changes []Change) error
}

// Want is what is asked for of a series: the open chunk, the full ones that reach into a span, and the days that begin in one.
type Want struct {
	ID
	Open       bool
	Full, Days Span
}

// Change is what changes of a series.
type Change struct {
	ID
	Before []byte  // its open chunk as it was found; nil: there was none
	Open   *Piece  // as it is now; nil: there is none
	Full   []Piece // that are new
	Days   []Piece // in the place of those that were there
}

// Piece is a chunk, or a day, with the times of its first and last point; of a day, when it begins.
type Piece struct {
	Span
	Data []byte
}

// Fill adds samples to the open chunks of their series, and puts away what is full. Points that a series has already are
// left out, so that each counts once in the rollups, also when the same is filled in again. A damaged chunk is told to the
// log at warn, and is as none. With an error some of the series may be written, and others not.
func Fill(ctx context.Context, on Shelf, log *slog.Logger, fresh Fresh) error {
	points := map[*ID][]engine.Point{}
	var order []*ID // as they came: series that begin together become neighbours
	for _, one := range fresh {
		if points[one.who] == nil {
			order = append(order, one.who)
		}
		points[one.who] = append(points[one.who], one.point())
	}
	f := filler{shelf: on, unpacker: unpacker{log: log}}
	for some := range slices.Chunk(order, together) {
		var all []filling
		for _, who := range some {
			all = append(all, filling{Change: Change{ID: *who}, points: chunk.Order(points[who])})
		}
		if err := f.fill(ctx, all, fullChunk); err != nil {
			return err
		}
	}
	return nil
}

// End puts the open chunks of series away that have ended, so that their rollups outlive their samples.
func End(ctx context.Context, on Shelf, log *slog.Logger, ended []ID) error {
	f := filler{shelf: on, unpacker: unpacker{log: log}}
	for some := range slices.Chunk(ended, together) {
		var all []filling
		for _, who := range some {
			all = append(all, filling{Change: Change{ID: who}})
		}
		if err := f.fill(ctx, all, 1); err != nil {
			return err
		}
	}
	return nil
}

type filler struct {
	unpacker
	shelf   Shelf
	encoder chunk.Encoder
}

// filling is a series that is being filled.
type filling struct {
	Change
	points []engine.Point            // to add
	sums   map[int64][]engine.Rollup // of what became full, by day
}

// fill puts away what has at least so many points.
func (f *filler) fill(ctx context.Context, all []filling, least int) error {
	if err := f.join(ctx, all); err != nil {
		return err
	}
	for i := range all {
		one := &all[i]
		for len(one.points) >= least {
			n := min(fullChunk, len(one.points))
			f.close(one, one.points[:n])
			one.points = one.points[n:]
		}
		if len(one.points) > 0 {
			one.Open = &Piece{ends(one.points), chunk.EncodeOpen(one.points)}
		}
	}
	if err := f.roll(ctx, all); err != nil {
		return err
	}
	changes := make([]Change, len(all))
	for i := range all {
		changes[i] = all[i].Change
	}
	return f.shelf.Put(ctx, changes)
}

// join makes one of the points to add and those of the open chunk, without those that are in full chunks.
func (f *filler) join(ctx context.Context, all []filling) error {
	wants := make([]Want, len(all))
	for i, one := range all {
		wants[i] = Want{ID: one.ID, Open: true}
		if len(one.points) > 0 {
			wants[i].Full = ends(one.points) // mostly none: they end before
		}
	}
	open := make([][]engine.Point, len(all))
	err := f.shelf.Find(ctx, wants, func(n int, kind store.ChunkKind, data []byte) {
		one := &all[n]
		points := f.points(one.ID, data)
		if kind == store.OpenChunk {
			one.Before, open[n] = data, points
			return
		}
		one.points = without(one.points, points)
	})
	for i := range all {
		all[i].points = chunk.Order(append(open[i], all[i].points...))
	}
	return err
}

// close makes a full chunk of points, and their rollups.
func (f *filler) close(one *filling, points []engine.Point) {
	one.Full = append(one.Full, Piece{ends(points), f.encoder.Encode(points)})
	if one.sums == nil {
		one.sums = map[int64][]engine.Rollup{}
	}
	for _, r := range chunk.SumUp(points) {
		one.sums[dayOf(r.From)] = append(one.sums[dayOf(r.From)], r)
	}
}

// roll adds the rollups of what became full to those of its days.
func (f *filler) roll(ctx context.Context, all []filling) error {
	var wants []Want
	var of []*filling
	var days []int64
	for i := range all {
		for _, day := range slices.Sorted(maps.Keys(all[i].sums)) {
			wants = append(wants, Want{ID: all[i].ID, Days: Span{day, day}})
			of, days = append(of, &all[i]), append(days, day)
		}
	}
	if len(wants) == 0 {
		return nil
	}
	before := make([][]engine.Rollup, len(wants))
	err := f.shelf.Find(ctx, wants, func(n int, _ store.ChunkKind, data []byte) {
		before[n] = f.rollups(wants[n].ID, data)
	})
	for i, one := range of {
		sums := chunk.Join(append(before[i], one.sums[days[i]]...))
		one.Days = append(one.Days, Piece{Span{days[i], days[i]}, f.encoder.EncodeRollups(sums)})
	}
	return err
}

// without leaves out the points whose times are taken.
func without(points, taken []engine.Point) []engine.Point {
	if len(taken) == 0 {
		return points
	}
	times := map[int64]bool{}
	for _, p := range taken {
		times[p.At.UnixMilli()] = true
	}
	return slices.DeleteFunc(points, func(p engine.Point) bool { return times[p.At.UnixMilli()] })
}
