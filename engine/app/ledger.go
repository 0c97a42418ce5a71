package app

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// Rows lists decisions as they are kept.
func (a *App) Rows(ctx context.Context, from, to time.Time, after int64, limit int) ([]store.Row, error) {
	return a.store.Rows(ctx, from, to, after, limit)
}

// Revision is a policy with its rules as it was.
func (a *App) Revision(ctx context.Context, id string) (store.Revision, bool, error) {
	return a.store.Revision(ctx, id)
}

// Rows lists decisions as they are kept.
func (f *Offline) Rows(ctx context.Context, from, to time.Time, after int64, limit int) (rows []store.Row, err error) {
	err = f.read(func(ledger store.Store) error {
		rows, err = ledger.Rows(ctx, from, to, after, limit)
		return err
	})
	return rows, err
}

// Revision is a policy with its rules as it was.
func (f *Offline) Revision(ctx context.Context, id string) (r store.Revision, known bool, err error) {
	err = f.read(func(ledger store.Store) error {
		r, known, err = ledger.Revision(ctx, id)
		return err
	})
	return r, known, err
}
