package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// shelf is where the chunks of series are, in one transaction.
type shelf struct {
	ids map[series.ID]int64 // those that were looked up

	find, add         *sql.Stmt // a series
	open, reopen, end *sql.Stmt // its open chunk
	full, putAway     *sql.Stmt // its full ones
	days, roll        *sql.Stmt // its days
}

func newShelf(ctx context.Context, tx *sql.Tx) (*shelf, error) {
	s := &shelf{ids: map[series.ID]int64{}}
	var errs []error
	prepare := func(query string) *sql.Stmt { // once for all series; the transaction's end closes it
		statement, err := tx.PrepareContext(ctx, query)
		errs = append(errs, err)
		return statement
	}
	s.find = prepare("SELECT id FROM series WHERE subject = ? AND metric = ? AND signal = ? AND replica = ?")
	s.add = prepare("INSERT INTO series (subject, metric, signal, replica) VALUES (?, ?, ?, ?) RETURNING id")
	s.open = prepare("SELECT points FROM open_chunk WHERE series = ?")
	s.reopen = prepare("INSERT OR REPLACE INTO open_chunk (series, first, last, points) VALUES (?, ?, ?, ?)")
	s.end = prepare("DELETE FROM open_chunk WHERE series = ?")
	s.full = prepare("SELECT points FROM chunk WHERE series = ? AND last >= ? AND first <= ?")
	s.putAway = prepare("INSERT INTO chunk (series, first, last, points) VALUES (?, ?, ?, ?)")
	s.days = prepare("SELECT rollups FROM rollup WHERE series = ? AND day BETWEEN ? AND ?")
	s.roll = prepare(`INSERT INTO rollup (series, day, rollups) VALUES (?, ?, ?)
		ON CONFLICT (series, day) DO UPDATE SET rollups = excluded.rollups`)
	return s, errors.Join(errs...)
}

// Find is series.Shelf's.
func (s *shelf) Find(ctx context.Context, wants []series.Want, found func(int, store.ChunkKind, []byte)) error {
	for n, w := range wants {
		id, known, err := s.id(ctx, w.ID)
		if err != nil {
			return err
		}
		if !known {
			continue
		}
		if w.Open {
			if err := each(ctx, s.open, func(data []byte) { found(n, store.OpenChunk, data) }, id); err != nil {
				return err
			}
		}
		if w.Full != (series.Span{}) {
			err := each(ctx, s.full, func(data []byte) { found(n, store.FullChunk, data) }, id, w.Full.First, w.Full.Last)
			if err != nil {
				return err
			}
		}
		if w.Days != (series.Span{}) {
			err := each(ctx, s.days, func(data []byte) { found(n, store.DayChunk, data) }, id, w.Days.First, w.Days.Last)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func each(ctx context.Context, statement *sql.Stmt, found func(data []byte), args ...any) error {
	all, err := column[[]byte](statement.QueryContext(ctx, args...))
	for _, data := range all {
		found(data)
	}
	return err
}

func (s *shelf) id(ctx context.Context, who series.ID) (id int64, known bool, err error) {
	if id, known := s.ids[who]; known {
		return id, true, nil
	}
	err = s.find.QueryRowContext(ctx, who.Subject, who.Metric, who.Signal, who.Replica).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	s.ids[who] = id
	return id, true, nil
}

// Put is series.Shelf's.
func (s *shelf) Put(ctx context.Context, changes []series.Change) error {
	for _, c := range changes {
		if err := s.put(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) put(ctx context.Context, c series.Change) error {
	id, known, err := s.id(ctx, c.ID)
	if err == nil && !known {
		err = s.add.QueryRowContext(ctx, c.Subject, c.Metric, c.Signal, c.Replica).Scan(&id)
	}
	if err != nil {
		return err
	}
	for _, one := range c.Full {
		if _, err := s.putAway.ExecContext(ctx, id, one.First, one.Last, one.Data); err != nil {
			return err
		}
	}
	for _, day := range c.Days {
		if _, err := s.roll.ExecContext(ctx, id, day.First, day.Data); err != nil {
			return err
		}
	}
	if c.Open == nil {
		_, err = s.end.ExecContext(ctx, id)
	} else {
		_, err = s.reopen.ExecContext(ctx, id, c.Open.First, c.Open.Last, c.Open.Data)
	}
	return err
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
