package sqlite

import (
	"context"
	"database/sql"
	"time"
)

const (
	retention  = 90 * 24 * time.Hour
	pruneEvery = time.Hour
	pruneRows  = 5000   // looked at in one go, so that pruning never holds up a decision for long
	keepRows   = 100000 // decisions kept at most, and the newest of each policy
)

// prune drops what is past its retention, at most once an hour. It runs after the decision is safe: what it can't drop
// now it finds again next time.
func (s *Store) prune(at time.Time) {
	s.pruning.Lock()
	defer s.pruning.Unlock()
	if at.Sub(s.pruned) < pruneEvery {
		return
	}
	s.pruned = at
	ctx := context.Background()
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		before := at.Add(-retention).UnixNano()
		_, err := tx.ExecContext(ctx, `DELETE FROM decision WHERE id IN (SELECT id FROM decision ORDER BY id LIMIT ?)
			AND (last < ? OR id <= (SELECT max(id) FROM decision) - ?)
			AND id NOT IN (SELECT max(id) FROM decision GROUP BY policy, mode)`, pruneRows, before, keepRows)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM event WHERE seq IN
			(SELECT seq FROM event WHERE started < ? AND ended IS NOT NULL ORDER BY started LIMIT ?)`, before, pruneRows)
		return err
	})
	if err != nil {
		s.log.Warn("old decisions and events not dropped", "store", s.path, "error", err)
	}
}
