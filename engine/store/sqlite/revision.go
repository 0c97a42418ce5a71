package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/flyball-dev/flyball/engine/store"
)

// Learn keeps revisions. One that is known already is left as it is.
func (s *Store) Learn(ctx context.Context, revisions ...store.Revision) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		for _, r := range revisions {
			if err := learn(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep policies: %w", err)
	}
	return nil
}

func learn(ctx context.Context, tx *sql.Tx, r store.Revision) error {
	text, err := sealed(r)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO revision VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING", r.ID, r.At.UnixNano(), text)
	return err
}

// Revision is the one of an id; false where it is not known, or not any more.
func (s *Store) Revision(ctx context.Context, id string) (r store.Revision, known bool, err error) {
	err = s.look(ctx, withAudit, func(tx *sql.Tx) error {
		r, known, err = one(ctx, tx, "SELECT revision FROM revision WHERE id = ?", []any{id}, revisionOf)
		return err
	})
	return r, known, err
}

// RevisionsOf lists those of a policy, the newest first.
func (s *Store) RevisionsOf(ctx context.Context, policy string, limit int) ([]store.Revised, error) {
	var all []store.Revision
	err := s.look(ctx, withAudit, func(tx *sql.Tx) (err error) {
		all, err = list(ctx, tx, "SELECT revision FROM revision", nil, revisionOf)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read revisions of policy %s: %w", policy, mended(err))
	}
	return store.Newest(all, policy, limit), nil
}

func revisionOf(r row) (store.Revision, error) { return decoded[store.Revision](r) }
