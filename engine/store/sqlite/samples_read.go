package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

// Samples gives back what was kept, flushed or not, by series: sorted by metric, signal and replica, each with the
// oldest point first. Series without a sample in the range are left out. A damaged chunk is told to the log at warn and
// left out. A reader sees what the writer has flushed.
func (s *Store) Samples(ctx context.Context, r engine.Range) ([]engine.Series, error) {
	fresh := s.arrivals.in(r)                // before the file: what is flushed meanwhile is found twice, not never
	parts := map[identity][][]engine.Point{} // joined at the end: a year is two million points
	err := s.look(ctx, withSamples, func(tx *sql.Tx) error {
		u := unpacker{log: s.log}
		for _, query := range []string{chunksOf, openChunksOf} {
			err := visit(ctx, tx, query, r, times(r), func(who identity, blob []byte) {
				parts[who] = append(parts[who], u.points(who, blob))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	for who := range fresh {
		parts[who] = append(parts[who], fresh[who])
	}
	all := []engine.Series{}
	for _, who := range slices.SortedFunc(maps.Keys(parts), compare) {
		if in := within(chunk.Order(slices.Concat(parts[who]...)), r); len(in) > 0 {
			all = append(all, engine.Series{
				Subject: who.subject, Metric: who.metric, Signal: who.signal, Replica: who.replica, Points: in,
			})
		}
	}
	return all, nil
}

// Rollups are the five-minute summaries that begin in the range, of all that was kept, flushed or not: also of the five
// minutes that are not over. They are there longer than the samples. They are sorted as Samples are, and leave out what
// those do.
func (s *Store) Rollups(ctx context.Context, r engine.Range) ([]engine.Rollups, error) {
	sampled := r // when the samples were taken that they sum up, and some more
	sampled.To = r.To.Truncate(chunk.Period).Add(chunk.Period - time.Millisecond)
	open := s.arrivals.in(sampled)
	rollups := map[identity][]engine.Rollup{}
	err := s.look(ctx, withSamples, func(tx *sql.Tx) error {
		u := unpacker{log: s.log}
		err := visit(ctx, tx, daysOf, r, []any{dayOf(r.From), dayOf(r.To)}, func(who identity, blob []byte) {
			rollups[who] = append(rollups[who], u.rollups(who, blob)...)
		})
		if err != nil {
			return err
		}
		if err := u.forgetPut(ctx, tx, open); err != nil {
			return err
		}
		return visit(ctx, tx, openChunksOf, r, times(sampled), func(who identity, blob []byte) {
			open[who] = append(u.points(who, blob), open[who]...)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read rollups: %w", err)
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
				Subject: who.subject, Metric: who.metric, Signal: who.signal, Replica: who.replica, Rollups: in,
			})
		}
	}
	return all, nil
}

// forgetPut takes from what is not on disk the samples that a full chunk has: their rollups count them.
func (u *unpacker) forgetPut(ctx context.Context, tx *sql.Tx, fresh map[identity][]engine.Point) error {
	for who, points := range fresh {
		fresh[who] = chunk.Order(points)
		first, last := ends(fresh[who])
		full, err := column[[]byte](tx.QueryContext(ctx, `SELECT c.points FROM series s CROSS JOIN chunk c ON c.series = s.id
			WHERE s.subject = ? AND s.metric = ? AND s.signal = ? AND s.replica = ? AND c.last >= ? AND c.first <= ?`,
			who.subject, who.metric, who.signal, who.replica, first, last))
		if err != nil {
			return err
		}
		fresh[who] = without(fresh[who], u.points(who, full...))
	}
	return nil
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

func times(r engine.Range) []any { return []any{r.From.UnixMilli(), r.To.UnixMilli()} }

// What is there of the series that a range asks for. The series come first, or the index of the times would be of no
// use: a cross join keeps the order.
const (
	chunksOf = `SELECT s.metric, s.signal, s.replica, c.points FROM series s CROSS JOIN chunk c
		ON c.series = s.id AND c.last > ?4 AND c.first <= ?5` + ofRange
	openChunksOf = `SELECT s.metric, s.signal, s.replica, c.points FROM series s CROSS JOIN open_chunk c
		ON c.series = s.id AND c.last > ?4 AND c.first <= ?5` + ofRange
	daysOf = `SELECT s.metric, s.signal, s.replica, d.rollups FROM series s CROSS JOIN rollup d
		ON d.series = s.id AND d.day BETWEEN ?4 AND ?5` + ofRange
	ofRange = " WHERE s.subject = ?1 AND (?2 = '' OR s.metric = ?2) AND (?3 = '' OR s.signal = ?3)"
)

func visit(ctx context.Context, tx *sql.Tx, query string, r engine.Range, times []any, found func(identity, []byte)) error {
	rows, err := tx.QueryContext(ctx, query, append([]any{r.Subject, r.Metric, r.Signal}, times...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		who := identity{subject: r.Subject}
		var blob sql.RawBytes
		if err := rows.Scan(&who.metric, &who.signal, &who.replica, &blob); err != nil {
			return err
		}
		found(who, blob)
	}
	return rows.Err()
}

// look reads from one state of the file, where it has what came with a version: that of an older flyball, which a reader
// leaves as it is, has none of it.
func (s *Store) look(ctx context.Context, since int, do func(*sql.Tx) error) error {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var found int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&found); err != nil {
		return err
	}
	if found < since {
		return nil
	}
	return do(tx)
}
