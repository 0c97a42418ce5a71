package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// The file's own words for its tables are as easily damaged as the rest, and no check of SQLite reads them: a column of
// another name is an error of each query.
const shape = `SELECT 'column ' || m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk
	FROM sqlite_schema m CROSS JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
	UNION ALL SELECT 'column of index ' || m.name || ': ' || c.name
	FROM sqlite_schema m CROSS JOIN pragma_index_info(m.name) c WHERE m.type = 'index'
	UNION ALL SELECT 'trigger ' || name FROM sqlite_schema WHERE type = 'trigger'`

// checkShape wants the tables that a new file has.
func checkShape(ctx context.Context, db *sql.DB) error {
	found, err := column[string](db.QueryContext(ctx, shape))
	if err != nil {
		return err
	}
	fresh, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer fresh.Close()
	fresh.SetMaxOpenConns(1) // another connection has another memory
	if err := laydown(ctx, fresh, everyTable()); err != nil {
		return err
	}
	want, err := column[string](fresh.QueryContext(ctx, shape))
	if err != nil {
		return err
	}
	for _, one := range want {
		if !slices.Contains(found, one) {
			return fmt.Errorf("%w: it has no %s", errDamaged, one)
		}
	}
	return nil
}
