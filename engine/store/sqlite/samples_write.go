package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

const (
	fullChunk = 240 // points: an hour at 15 s
	day       = 24 * time.Hour
)

// filler adds samples to the chunks of their series, in one transaction.
type filler struct {
	unpacker
	encoder chunk.Encoder

	find, add         *sql.Stmt // a series
	open, reopen, end *sql.Stmt // its open chunk
	full, putAway     *sql.Stmt // its full ones
	today, roll       *sql.Stmt // its days
}

func (s *Store) newFiller(ctx context.Context, tx *sql.Tx) (*filler, error) {
	f := &filler{unpacker: unpacker{log: s.log}}
	var errs []error
	prepare := func(query string) *sql.Stmt { // once for all series; the transaction's end closes it
		statement, err := tx.PrepareContext(ctx, query)
		errs = append(errs, err)
		return statement
	}
	f.find = prepare("SELECT id FROM series WHERE subject = ? AND metric = ? AND signal = ? AND replica = ?")
	f.add = prepare("INSERT INTO series (subject, metric, signal, replica) VALUES (?, ?, ?, ?) RETURNING id")
	f.open = prepare("SELECT points FROM open_chunk WHERE series = ?")
	f.reopen = prepare("INSERT OR REPLACE INTO open_chunk (series, first, last, points) VALUES (?, ?, ?, ?)")
	f.end = prepare("DELETE FROM open_chunk WHERE series = ?")
	f.full = prepare("SELECT points FROM chunk WHERE series = ? AND last >= ? AND first <= ?")
	f.putAway = prepare("INSERT INTO chunk (series, first, last, points) VALUES (?, ?, ?, ?)")
	f.today = prepare("SELECT rollups FROM rollup WHERE series = ? AND day = ?")
	f.roll = prepare(`INSERT INTO rollup (series, day, rollups) VALUES (?, ?, ?)
		ON CONFLICT (series, day) DO UPDATE SET rollups = excluded.rollups`)
	return f, errors.Join(errs...)
}

func (f *filler) fill(ctx context.Context, all []arrival) error {
	var order []*identity // as they came: series that begin together become neighbours in the file
	points := map[*identity][]engine.Point{}
	for _, one := range all {
		if points[one.who] == nil {
			order = append(order, one.who)
		}
		points[one.who] = append(points[one.who], one.point())
	}
	for _, who := range order {
		if err := f.series(ctx, *who, chunk.Order(points[who])); err != nil {
			return err
		}
	}
	return nil
}

// series adds points, which are in order, to the open chunk of a series, and puts away what is full. Points that it has
// already are left out: each counts once in the rollups.
func (f *filler) series(ctx context.Context, who identity, points []engine.Point) error {
	id, err := f.id(ctx, who)
	if err != nil {
		return err
	}
	open, err := column[[]byte](f.open.QueryContext(ctx, id))
	if err != nil {
		return err
	}
	first, last := ends(points)
	full, err := column[[]byte](f.full.QueryContext(ctx, id, first, last)) // mostly none: they end before
	if err != nil {
		return err
	}
	points = without(points, f.points(who, full...))
	all := chunk.Order(append(f.points(who, open...), points...))
	for len(all) >= fullChunk {
		if err := f.close(ctx, id, who, all[:fullChunk]); err != nil {
			return err
		}
		all = all[fullChunk:]
	}
	if len(all) == 0 {
		_, err = f.end.ExecContext(ctx, id)
		return err
	}
	first, last = ends(all)
	_, err = f.reopen.ExecContext(ctx, id, first, last, chunk.EncodeOpen(all))
	return err
}

func (f *filler) id(ctx context.Context, who identity) (id int64, err error) {
	err = f.find.QueryRowContext(ctx, who.subject, who.metric, who.signal, who.replica).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = f.add.QueryRowContext(ctx, who.subject, who.metric, who.signal, who.replica).Scan(&id)
	}
	return id, err
}

// close puts a chunk away, and its rollups to those of its days.
func (f *filler) close(ctx context.Context, id int64, who identity, points []engine.Point) error {
	first, last := ends(points)
	if _, err := f.putAway.ExecContext(ctx, id, first, last, f.encoder.Encode(points)); err != nil {
		return err
	}
	for rest := chunk.SumUp(points); len(rest) > 0; {
		today, n := dayOf(rest[0].From), 1
		for n < len(rest) && dayOf(rest[n].From) == today {
			n++
		}
		before, err := column[[]byte](f.today.QueryContext(ctx, id, today))
		if err != nil {
			return err
		}
		all := chunk.Join(append(f.rollups(who, before...), rest[:n]...))
		if _, err := f.roll.ExecContext(ctx, id, today, f.encoder.EncodeRollups(all)); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// ends are the times of the first and the last point, in milliseconds since 1970.
func ends(points []engine.Point) (first, last int64) {
	return points[0].At.UnixMilli(), points[len(points)-1].At.UnixMilli()
}

// dayOf is when the day of an instant begins, in milliseconds since 1970.
func dayOf(at time.Time) int64 { return at.Truncate(day).UnixMilli() }

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

// unpacker reads chunks. One that is damaged it tells the log, and reads as empty.
type unpacker struct {
	log     *slog.Logger
	decoder chunk.Decoder
}

func (u *unpacker) points(who identity, chunks ...[]byte) []engine.Point {
	return unpacked(u.log, who, chunks, u.decoder.Decode)
}

func (u *unpacker) rollups(who identity, chunks ...[]byte) []engine.Rollup {
	return unpacked(u.log, who, chunks, u.decoder.DecodeRollups)
}

func unpacked[T any](log *slog.Logger, who identity, chunks [][]byte, decode func([]byte) ([]T, error)) []T {
	var all []T
	for _, one := range chunks {
		some, err := decode(one)
		if err != nil {
			log.Warn("damaged samples skipped",
				"subject", who.subject, "metric", who.metric, "replica", who.replica, "error", err)
		}
		if all == nil {
			all = some // mostly there is one
		} else {
			all = append(all, some...)
		}
	}
	return all
}

// column reads rows of one column to their end.
func column[T any](rows *sql.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
