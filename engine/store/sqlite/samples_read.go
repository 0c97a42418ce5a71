package sqlite

import (
	"context"
	"database/sql"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// What is there of the series that a range asks for. The series come first, or the index of the times would be of no
// use: a cross join keeps the order.
const (
	chunksOf = `SELECT s.metric, s.signal, s.replica, c.points FROM series s CROSS JOIN chunk c
		ON c.series = s.id AND c.last >= ?4 AND c.first <= ?5` + ofRange
	openChunksOf = `SELECT s.metric, s.signal, s.replica, c.points FROM series s CROSS JOIN open_chunk c
		ON c.series = s.id AND c.last >= ?4 AND c.first <= ?5` + ofRange
	daysOf = `SELECT s.metric, s.signal, s.replica, d.rollups FROM series s CROSS JOIN rollup d
		ON d.series = s.id AND d.day BETWEEN ?4 AND ?5` + ofRange
	ofRange = " WHERE s.subject = ?1 AND (?2 = '' OR s.metric = ?2) AND (?3 = '' OR s.signal = ?3)"

	chunksBeside = `SELECT c.points FROM series s CROSS JOIN chunk c ON c.series = s.id
		WHERE s.subject = ? AND s.metric = ? AND s.signal = ? AND s.replica = ? AND c.last >= ? AND c.first <= ?`
)

// chunks is series.Look.
func (s *Store) chunks(ctx context.Context, q series.Query, found func(series.ID, store.ChunkKind, []byte)) error {
	return s.look(ctx, withSamples, func(tx *sql.Tx) error {
		for _, one := range []struct {
			kind  store.ChunkKind
			query string
			span  series.Span
		}{
			{store.FullChunk, chunksOf, q.Full},
			{store.DayChunk, daysOf, q.Days},
			{store.OpenChunk, openChunksOf, q.Open},
		} {
			if one.span == (series.Span{}) {
				continue
			}
			err := visit(ctx, tx, one.query, q.Range, one.span, func(who series.ID, data []byte) { found(who, one.kind, data) })
			if err != nil {
				return err
			}
		}
		for who, span := range q.Beside {
			full, err := column[[]byte](tx.QueryContext(ctx, chunksBeside,
				who.Subject, who.Metric, who.Signal, who.Replica, span.First, span.Last))
			if err != nil {
				return err
			}
			for _, data := range full {
				found(who, store.FullChunk, data)
			}
		}
		return nil
	})
}

func visit(ctx context.Context, tx *sql.Tx, query string, r engine.Range, of series.Span, found func(series.ID, []byte)) error {
	rows, err := tx.QueryContext(ctx, query, r.Subject, r.Metric, r.Signal, of.First, of.Last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		who := series.ID{Subject: r.Subject}
		var data sql.RawBytes
		if err := rows.Scan(&who.Metric, &who.Signal, &who.Replica, &data); err != nil {
			return err
		}
		found(who, data)
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
