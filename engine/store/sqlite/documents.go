package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/flyball-dev/flyball/engine/store"
)

// Documents lists the policies that came by the API, by name.
func (s *Store) Documents(ctx context.Context) ([]store.Document, error) {
	documents := []store.Document{}
	err := s.look(ctx, withAccounts, func(tx *sql.Tx) (err error) {
		documents, err = list(ctx, tx, allDocuments, nil, documentOf)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the policies that came by the API: %w", err)
	}
	return documents, nil
}

// PutDocument keeps a policy in the place of the one of its name whose version is was; was "": there is none. Else it is
// store.ErrChanged.
func (s *Store) PutDocument(ctx context.Context, d store.Document, was string, e store.Entry) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		var is string
		err := tx.QueryRowContext(ctx, "SELECT ifnull((SELECT version FROM document WHERE name = ?), '')", d.Name).Scan(&is)
		if err == nil && is != was {
			err = store.ErrChanged
		}
		if err != nil {
			return err
		}
		if err := putDocument(ctx, tx, d); err != nil {
			return err
		}
		return appendEntries(ctx, tx, e)
	})
	if err != nil {
		return fmt.Errorf("keep policy %s: %w", d.Name, err)
	}
	return nil
}

// RemoveDocument forgets the one of a name and version; else it is store.ErrChanged.
func (s *Store) RemoveDocument(ctx context.Context, name, was string, e store.Entry) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		removed, err := remove(ctx, tx, e, "DELETE FROM document WHERE name = ? AND version = ?", name, was)
		if err == nil && !removed {
			err = store.ErrChanged
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forget policy %s: %w", name, err)
	}
	return nil
}

const allDocuments = "SELECT name, version, document, body FROM document ORDER BY name"

func putDocument(ctx context.Context, tx *sql.Tx, d store.Document) error {
	body := d.Body
	d.Body = nil
	text, err := sealed(d, body...)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)", d.Name, d.Version, text, []byte(body))
	return err
}

func documentOf(r row) (store.Document, error) {
	var d store.Document
	var name, version string
	var text, body []byte
	err := r.Scan(&name, &version, &text, &body)
	if err == nil {
		err = unsealed(text, &d, body...)
	}
	if err == nil && (d.Name != name || d.Version != version) {
		err = fmt.Errorf("%w: version %s of policy %s says that it is version %s of %s", errDamaged, version, name, d.Version, d.Name)
	}
	d.Body = body // JSON's null would be there else
	return d, err
}
