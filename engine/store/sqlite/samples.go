package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// Keep takes new samples, in any order, and never waits for the disk; Flush writes them. Of several of one series at
// the same millisecond the first is kept. A store that can't be written for long keeps the newest 375,000 to 500,000 in
// memory and says at warn how many it lost. One that is open for reading only keeps nothing.
func (s *Store) Keep(all []engine.Series) {
	if s.write != nil {
		s.arrivals.Keep(all)
	}
}

// Flush writes what was kept since the last one, in one transaction of its own; and each hour drops what is past its
// retention, counted from now, or from the newest sample on disk where that is older. An error, a full disk's for one, means that nothing was written: it stays in memory and is written by the
// next Flush. Samples that were not flushed are lost when the process is killed.
func (s *Store) Flush(ctx context.Context, now time.Time) error {
	s.pruneSamples(ctx, now) // before: samples of a clock that is wrong do not count yet
	return s.flush(ctx)
}

func (s *Store) flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	err := s.arrivals.Flush(s.log.With("store", s.path), func(fresh series.Fresh) error {
		return s.inTransaction(ctx, func(tx *sql.Tx) error {
			on, err := newShelf(ctx, tx)
			if err != nil {
				return err
			}
			return series.Fill(ctx, on, s.log, fresh)
		})
	})
	if err != nil {
		return fmt.Errorf("write samples: %w", err)
	}
	return nil
}

// Samples gives back what was kept, flushed or not, by series: sorted by metric, signal and replica, each with the
// oldest point first. Series without a sample in the range are left out. A damaged chunk is told to the log at warn and
// left out. A reader sees what the writer has flushed.
func (s *Store) Samples(ctx context.Context, r engine.Range) ([]engine.Series, error) {
	all, err := series.Samples(ctx, s.chunks, &s.arrivals, s.log, r)
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	return all, nil
}

// Rollups are the five-minute summaries that begin in the range, of all that was kept, flushed or not: also of the five
// minutes that are not over. They are there longer than the samples. They are sorted as Samples are, and leave out what
// those do.
func (s *Store) Rollups(ctx context.Context, r engine.Range) ([]engine.Rollups, error) {
	all, err := series.Rollups(ctx, s.chunks, &s.arrivals, s.log, r)
	if err != nil {
		return nil, fmt.Errorf("read rollups: %w", err)
	}
	return all, nil
}
