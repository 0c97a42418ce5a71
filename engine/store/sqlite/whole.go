package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// checkWhole reads the file's structure, and all that decisions stand on: states, open events, pauses and the switch.
func checkWhole(ctx context.Context, db *sql.DB, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, check := range []func(context.Context, *sql.Tx, int) error{wholePages, wholeTexts, wholeSwitch} {
		if err := check(ctx, tx, version); err != nil {
			return err
		}
	}
	return nil
}

// wholePages leaves out the indexes of the large tables: those take long, and are no hindrance to a decision.
func wholePages(ctx context.Context, tx *sql.Tx, _ int) error {
	small, err := column[string](tx.QueryContext(ctx, `SELECT 'PRAGMA integrity_check(' || name || ')' FROM sqlite_schema
		WHERE type = 'table' AND name NOT IN ('decision', 'audit', 'chunk', 'rollup', 'sqlite_sequence')`))
	if err != nil {
		return err
	}
	for _, check := range append([]string{"PRAGMA quick_check(1)"}, small...) {
		var answer string
		if err := tx.QueryRowContext(ctx, check).Scan(&answer); err != nil {
			return err
		}
		if answer != "ok" {
			return fmt.Errorf("%w: %s", errDamaged, strings.ReplaceAll(answer, "\n", " "))
		}
	}
	return nil
}

func wholeTexts(ctx context.Context, tx *sql.Tx, version int) error {
	query := `SELECT 'state of ' || subject, state FROM state
		UNION ALL SELECT 'newest decision of ' || subject, record FROM state WHERE record IS NOT NULL
		UNION ALL SELECT 'open event ' || id, event FROM event WHERE ended IS NULL`
	if version >= withPauses {
		query += " UNION ALL SELECT 'pause of ' || place, pause FROM pause"
	}
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var text []byte
		var any json.RawMessage
		if err := rows.Scan(&what, &text); err != nil {
			return err
		}
		if err := unsealed(text, &any); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return rows.Err()
}

// wholeSwitch compares the switch, which is a single bit, with what the audit log says of it.
func wholeSwitch(ctx context.Context, tx *sql.Tx, version int) error {
	if version < withAudit {
		return nil
	}
	var enabled int
	var message string
	err := tx.QueryRowContext(ctx, `SELECT s.enabled, a.message FROM switch s CROSS JOIN audit a
		ON a.kind = ? AND a.at = s.at AND a.actor = s.actor ORDER BY a.number DESC LIMIT 1`, store.OfSwitch).Scan(&enabled, &message)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && message != store.Turned(enabled == 1, "", time.Time{}).Message {
		return fmt.Errorf("%w: the switch is %d, and the audit log says %s", errDamaged, enabled, message)
	}
	return err
}
