package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// Replace puts what from gives in the place of everything that is there, in one transaction: an error, of from too, leaves
// it as it was. Nobody else writes meanwhile. Samples that wait to be flushed go with the rest. Where lost is not zero,
// every policy waits a full cooldown from then on.
func (s *Store) Replace(ctx context.Context, from func(take func(store.Part) error) error, lost time.Time) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	err := s.arrivals.Drop(func() error {
		return s.inTransaction(ctx, func(tx *sql.Tx) error { return replaceAll(ctx, tx, from, lost) })
	})
	if err != nil {
		return fmt.Errorf("replace the store: %w", err)
	}
	return nil
}

func replaceAll(ctx context.Context, tx *sql.Tx, from func(take func(store.Part) error) error, lost time.Time) error {
	for _, table := range append(tables(), "series", "lost", "sqlite_sequence") {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
			return err
		}
	}
	m, err := newMover(ctx, tx)
	if err != nil {
		return err
	}
	var failed error // for good: after some errors SQLite is in no transaction any more
	err = from(func(p store.Part) error {
		if failed == nil {
			failed = m.part(ctx, p)
		}
		return failed
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = m.end(ctx)
	}
	if err != nil || lost.IsZero() {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO lost SELECT subject FROM state"); err != nil {
		return err
	}
	return begunAnew(ctx, tx, lost)
}

func tables() []string {
	var all []string
	for _, s := range sections(version) {
		all = append(all, s.table)
	}
	return all
}
