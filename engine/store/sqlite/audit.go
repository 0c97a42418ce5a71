package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine/store"
)

// Audit appends entries, and gives them their numbers.
func (s *Store) Audit(ctx context.Context, entries ...store.Entry) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error { return appendEntries(ctx, tx, entries...) })
	if err != nil {
		return fmt.Errorf("append to the audit log: %w", err)
	}
	return nil
}

const auditColumns = "at, actor, kind, policy, service, event, revision, message, sum, reason"

// auditColumnsOf are those of a file of some version.
func auditColumnsOf(version int) string {
	if version < withAccounts {
		return strings.Replace(auditColumns, "reason", "''", 1)
	}
	return auditColumns
}

func appendEntries(ctx context.Context, tx *sql.Tx, entries ...store.Entry) error {
	for _, e := range entries {
		if err := appendEntry(ctx, tx, nil, e); err != nil {
			return err
		}
	}
	return nil
}

// appendEntry appends one with a number, or with the next where that is nil.
func appendEntry(ctx context.Context, tx *sql.Tx, number any, e store.Entry) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO audit (number, "+auditColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		number, e.At.UnixNano(), e.Actor, e.Kind, e.Policy, e.Service, e.Event, e.Revision, e.Message, sumOf(e), e.Reason)
	return err
}

// Audited lists entries, the oldest first: those that a filter lets pass.
func (s *Store) Audited(ctx context.Context, f store.Filter) ([]store.Entry, error) {
	where, args := []string{"number > ?"}, []any{f.After}
	only := func(condition string, value any) {
		where, args = append(where, condition), append(args, value)
	}
	if !f.Since.IsZero() {
		only("at >= ?", f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		only("at < ?", f.Until.UnixNano())
	}
	for _, c := range []struct{ column, value string }{
		{"kind", string(f.Kind)}, {"actor", f.Actor}, {"service", f.Service}, {"policy", f.Policy},
	} {
		if c.value != "" {
			only(c.column+" = ?", c.value)
		}
	}
	order := "DESC" // of all that pass, the newest
	if f.After != 0 {
		order = "ASC"
	}
	query := " FROM audit WHERE " + strings.Join(where, " AND ") + " ORDER BY number " + order + " LIMIT ?"
	entries := []store.Entry{}
	err := s.look(ctx, withAudit, func(tx *sql.Tx) error {
		version, err := checkVersion(ctx, tx)
		if err != nil {
			return err
		}
		entries, err = list(ctx, tx, "SELECT number, "+auditColumnsOf(version)+query, append(args, unlimited(f.Limit)), entryOf)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	if f.After == 0 {
		slices.Reverse(entries)
	}
	return entries, nil
}

func entryOf(r row) (store.Entry, error) {
	var e store.Entry
	var at, sum int64
	err := r.Scan(&e.Number, &at, &e.Actor, &e.Kind, &e.Policy, &e.Service, &e.Event, &e.Revision, &e.Message, &sum, &e.Reason)
	e.At = instant(at)
	if err == nil && sum != sumOf(e) {
		err = fmt.Errorf("%w: the checksum of entry %d differs", errDamaged, e.Number)
	}
	return e, err
}

// sumOf is of all but the number. Where there is no reason it is as an older flyball made it.
func sumOf(e store.Entry) int64 {
	texts := []string{e.Actor, string(e.Kind), e.Policy, e.Service, e.Event, e.Revision, e.Message}
	if e.Reason != "" {
		texts = append(texts, e.Reason)
	}
	all := fmt.Sprintf("%d %q", e.At.UnixNano(), texts)
	return int64(checksum([]byte(all), nil))
}

// hasEnded says whether the end of an event is on record.
func hasEnded(ctx context.Context, tx *sql.Tx, id string) (ended bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT ended IS NOT NULL FROM event WHERE id = ?", id).Scan(&ended)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return ended, err
}
