package sqlite

import (
	"context"
	"database/sql"
	"time"
)

const (
	retention  = 90 * day
	keepAudit  = 400 * day
	pruneEvery = time.Hour
	pruneRows  = 5000   // looked at in one go, so that pruning never holds up a decision for long
	keepRows   = 100000 // decisions kept at most, and the newest of each policy
)

// prune drops what is past its retention, at most once an hour. It runs after the decision: what it can't drop
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
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, dropRevisions, before, pruneRows)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, dropEntries, pruneRows, at.Add(-s.keepAudit).UnixNano())
		return err
	})
	if err != nil {
		s.log.Warn("old decisions, events, policies and audit entries not dropped", "store", s.path, "error", err)
	}
}

const (
	// Policies that no decision names any more. One that has just come may have decided nothing yet.
	dropRevisions = `DELETE FROM revision WHERE id IN (SELECT id FROM revision r WHERE at < ?
		AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.revision = r.id) LIMIT ?)`
	// The audit log from its oldest on, up to the first that is not old: what is left has no gap. The newest stays.
	dropEntries = `DELETE FROM audit WHERE number IN (SELECT number FROM audit ORDER BY number LIMIT ?)
		AND number < ifnull((SELECT number FROM audit WHERE at >= ? ORDER BY number LIMIT 1), (SELECT max(number) FROM audit))`
)
