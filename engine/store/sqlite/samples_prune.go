package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/flyball-dev/flyball/engine/store/series"
)

const (
	keepSamples = 30 * day
	keepRollups = 400 * day
	day         = 24 * time.Hour

	pruneRounds = 100 // transactions in a row at most: other writers get their turn between them
)

// pruneSamples closes the chunks of series that have ended and drops samples and rollups past their retention, at most
// once an hour, and again when the clock was set back. Retention counts from now, or from the newest sample on disk where
// that is older: a clock that is ahead for less than an hour wipes nothing.
func (s *Store) pruneSamples(ctx context.Context, now time.Time) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	since := now.Sub(s.prunedSamples)
	if s.write == nil || 0 <= since && since < pruneEvery {
		return
	}
	s.prunedSamples = now
	for range pruneRounds {
		more := false
		err := s.inTransaction(ctx, func(tx *sql.Tx) error {
			newest, err := newestSample(ctx, tx)
			if err != nil || newest == nil {
				return err // without samples, what else is there does not grow
			}
			keep := series.Retention{Samples: s.keepSamples, Rollups: s.keepRollups}
			more, err = s.dropSamples(ctx, tx, keep.At(now, time.UnixMilli(*newest)))
			return err
		})
		if err != nil {
			s.log.Warn("old samples not dropped", "store", s.path, "error", err)
		}
		if err != nil || !more {
			return
		}
	}
}

const (
	newestClosed = "SELECT max(last) FROM chunk"
	newestOpen   = "SELECT max(last) FROM open_chunk"
)

// newestSample is when the newest sample on disk was taken; nil where there is none.
func newestSample(ctx context.Context, tx *sql.Tx) (*int64, error) {
	var newest *int64
	for _, query := range []string{newestClosed, newestOpen} {
		var one *int64
		if err := tx.QueryRowContext(ctx, query).Scan(&one); err != nil {
			return nil, err
		}
		if newest == nil || one != nil && *one > *newest {
			newest = one
		}
	}
	return newest, nil
}

// The oldest chunks first, a number of rows at a time.
const (
	idleChunks = `SELECT s.id, s.subject, s.metric, s.signal, s.replica FROM
		(SELECT series FROM open_chunk WHERE last < ? ORDER BY last LIMIT ?) c CROSS JOIN series s ON s.id = c.series`
	dropChunks = `DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE last < ? ORDER BY last LIMIT ?) RETURNING series`
	dropDays   = `DELETE FROM rollup WHERE id IN (SELECT id FROM rollup WHERE day < ? ORDER BY day LIMIT ?) RETURNING series`
	dropSeries = `DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM chunk WHERE series = ?1)
		AND NOT EXISTS (SELECT 1 FROM open_chunk WHERE series = ?1) AND NOT EXISTS (SELECT 1 FROM rollup WHERE series = ?1)`
)

// dropSamples goes through so many rows of each table; more is true where some are left.
func (s *Store) dropSamples(ctx context.Context, tx *sql.Tx, over series.Limits) (more bool, err error) {
	ended, err := s.closeIdle(ctx, tx, over.Idle)
	if err != nil {
		return false, err
	}
	more = len(ended) == pruneRows
	touched := map[int64]bool{}
	for _, id := range ended {
		touched[id] = true
	}
	for query, before := range map[string]int64{dropChunks: over.Samples, dropDays: over.Days} {
		dropped, err := column[int64](tx.QueryContext(ctx, query, before, pruneRows))
		if err != nil {
			return false, err
		}
		for _, id := range dropped {
			touched[id] = true
		}
		more = more || len(dropped) == pruneRows
	}
	for id := range touched {
		if _, err := tx.ExecContext(ctx, dropSeries, id); err != nil {
			return false, err
		}
	}
	return more, nil
}

// closeIdle puts the open chunks of series away that have ended. It answers the ids of those.
func (s *Store) closeIdle(ctx context.Context, tx *sql.Tx, before int64) (ids []int64, err error) {
	on, err := newShelf(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, idleChunks, before, pruneRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ended []series.ID
	for rows.Next() {
		var id int64
		var who series.ID
		if err := rows.Scan(&id, &who.Subject, &who.Metric, &who.Signal, &who.Replica); err != nil {
			return nil, err
		}
		ids, ended = append(ids, id), append(ended, who)
		on.ids[who] = id
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return ids, series.End(ctx, on, s.log, ended)
}
