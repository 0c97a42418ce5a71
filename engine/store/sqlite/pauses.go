package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Pauses are the pauses that nobody has resumed, by the place of their service, which is empty for that of all services.
// Some of them may be over.
func (s *Store) Pauses(ctx context.Context) (map[string]engine.Pause, error) {
	all := map[string]engine.Pause{}
	err := s.look(ctx, withPauses, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT place, pause FROM pause")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var place string
			p, err := decoded[engine.Pause](rows, &place)
			if err != nil {
				return err
			}
			all[place] = p
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read the pauses: %w", err)
	}
	return all, nil
}

// Pause pauses a service, or all where place is empty, in the place of the pause that it had.
func (s *Store) Pause(ctx context.Context, place string, p engine.Pause) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		text, err := sealed(p)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO pause VALUES (?, ?)", place, text)
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, store.Paused(p))
	})
	if err != nil {
		return fmt.Errorf("record the pause: %w", err)
	}
	return nil
}

// Resume ends the pause of a service, or that of all where place is empty. Where there is none it does nothing.
func (s *Store) Resume(ctx context.Context, place, actor string, at time.Time) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		ended, err := column[string](tx.QueryContext(ctx, "DELETE FROM pause WHERE place = ? RETURNING pause", place))
		if err != nil || len(ended) == 0 {
			return err
		}
		var p engine.Pause
		if unsealed([]byte(ended[0]), &p) != nil {
			p.Service = place // it is damaged: this is how somebody gets rid of it
		}
		return appendEntries(ctx, tx, store.Resumed(p, actor, at))
	})
	if err != nil {
		return fmt.Errorf("end the pause: %w", err)
	}
	return nil
}
