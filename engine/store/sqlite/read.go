package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// State is what was last recorded for a policy's subject, with the pauses of its service and of all, and the global switch,
// which is off where it was never set. The budget is not stored. Where nothing was recorded it is the zero state; and where
// nothing was since the ledger was begun anew, there is a full cooldown from then on.
func (s *Store) State(ctx context.Context, p engine.Policy) (engine.State, error) {
	var state engine.State
	lost, err := s.lost(ctx, p.Subject()) // before the state: one that is written meanwhile waits for nothing, not the other way
	if err != nil {
		return engine.State{}, fmt.Errorf("read state of policy %s: %w", p.Name, mended(err))
	}
	var enabled bool
	var text sql.NullString
	var rebuilt sql.NullInt64
	err = s.read.QueryRowContext(ctx, `SELECT ifnull((SELECT enabled FROM switch), 0), (SELECT at FROM rebuilt),
		(SELECT state FROM state WHERE subject = ?)`, p.Subject()).Scan(&enabled, &rebuilt, &text)
	if err == nil && text.Valid {
		err = unsealed([]byte(text.String), &state)
	}
	if err != nil {
		return engine.State{}, fmt.Errorf("read state of policy %s: %w", p.Name, mended(err))
	}
	if rebuilt.Valid && (lost || !text.Valid) {
		state.Cooldown = store.Delayed(state.Cooldown, p, instant(rebuilt.Int64))
	}
	state.Enabled = enabled
	paused, err := s.Pauses(ctx)
	if err != nil {
		return engine.State{}, mended(err)
	}
	for _, place := range []string{p.Target.Service(p.Service), ""} {
		if pause, found := paused[place]; found {
			state.Pauses = append(state.Pauses, pause)
		}
	}
	return state, nil
}

// lost says that a state was not written since the ledger was begun anew.
func (s *Store) lost(ctx context.Context, subject string) (lost bool, err error) {
	err = s.look(ctx, withAudit, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM lost WHERE subject = ?)", subject).Scan(&lost)
	})
	return lost, err
}

// Switch is the global switch as it was last set; known is false where it never was.
func (s *Store) Switch(ctx context.Context) (is store.Switch, known bool, err error) {
	var at int64
	err = s.read.QueryRowContext(ctx, "SELECT enabled, actor, at FROM switch").Scan(&is.On, &is.Actor, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Switch{}, false, nil
	}
	if err != nil {
		return store.Switch{}, false, fmt.Errorf("read the global switch: %w", err)
	}
	is.At = instant(at)
	return is, true, nil
}

// History lists the events of a service, the newest first. An empty service means all; a limit of 0 or less, no limit.
func (s *Store) History(ctx context.Context, service string, limit int) ([]engine.Event, error) {
	query, args := "SELECT event FROM event ORDER BY started DESC, seq DESC LIMIT ?", []any{unlimited(limit)}
	if service != "" {
		query = "SELECT event FROM event WHERE service = ? ORDER BY started DESC, seq DESC LIMIT ?"
		args = []any{service, unlimited(limit)}
	}
	events, err := list(ctx, s.read, query, args, func(r row) (engine.Event, error) {
		return decoded[engine.Event](r)
	})
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	return events, nil
}

// Decisions lists what a policy decided in either mode, the newest first. An empty policy means all; a limit of 0 or
// less, no limit.
func (s *Store) Decisions(ctx context.Context, policy string, limit int) ([]store.Row, error) {
	query, args := "SELECT "+rowColumns+" FROM decision ORDER BY id DESC LIMIT ?", []any{unlimited(limit)}
	if policy != "" {
		query = "SELECT " + rowColumns + ` FROM decision
			WHERE id IN (SELECT id FROM decision WHERE policy = ? ORDER BY id DESC LIMIT ?) ORDER BY id DESC`
		args = []any{policy, unlimited(limit)}
	}
	decisions, err := list(ctx, s.read, query, args, decodedRow)
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return decisions, nil
}

// Between lists what was decided and done for a service, the oldest first: the rows and the events that lie in a range, or
// reach into it. An empty service means all. The records are without snapshot, state and the rules' reasons, which are
// most of them and no part of a sum.
func (s *Store) Between(ctx context.Context, service string, from, to time.Time) ([]store.Row, []engine.Event, error) {
	args := []any{from.UnixNano(), to.UnixNano(), service}
	decisions, err := list(ctx, s.read, `SELECT id, first, last, count,
		json_remove(record, '$.sum', '$.snapshot', '$.state', '$.recommendation.reasons') FROM decision WHERE last >= ?1 AND first <= ?2
		AND (?3 = '' OR json_extract(record, '$.service') = ?3) ORDER BY first, id`, args, decodedRow)
	if err != nil {
		return nil, nil, fmt.Errorf("read decisions: %w", err)
	}
	events, err := list(ctx, s.read, `SELECT event FROM event WHERE started <= ?2 AND (ended IS NULL OR ended >= ?1)
		AND (?3 = '' OR service = ?3) ORDER BY started, seq`, args, func(r row) (engine.Event, error) {
		return decoded[engine.Event](r)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read history: %w", err)
	}
	return decisions, events, nil
}

// Rows lists whole rows with a number above after, by their number: those that lie in a range, or reach into it. A limit of
// 0 or less is none.
func (s *Store) Rows(ctx context.Context, from, to time.Time, after int64, limit int) ([]store.Row, error) {
	decisions, err := list(ctx, s.read, "SELECT "+rowColumns+` FROM decision WHERE id > ? AND last >= ? AND first <= ?
		ORDER BY id LIMIT ?`, []any{after, from.UnixNano(), to.UnixNano(), unlimited(limit)}, decodedRow)
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return decisions, nil
}

const rowColumns = "id, first, last, count, record"

func decodedRow(r row) (store.Row, error) {
	var decision store.Row
	var first, last int64
	var err error
	decision.Record, err = decoded[engine.Record](r, &decision.ID, &first, &last, &decision.Count)
	decision.First, decision.Last = instant(first), instant(last)
	return decision, err
}

// Decision is the decision of a number, which rows carry; false where there is none, or none any more.
func (s *Store) Decision(ctx context.Context, id int64) (store.Row, bool, error) {
	return one(ctx, s.read, "SELECT "+rowColumns+" FROM decision WHERE id = ?", []any{id}, decodedRow)
}

// DecisionAt is the decision of a policy in a mode that was the newest at an instant; false where nothing that old is kept.
func (s *Store) DecisionAt(ctx context.Context, policy string, mode engine.Mode, at time.Time) (store.Row, bool, error) {
	return one(ctx, s.read, decisionAt, []any{policy, mode, at.UnixNano()}, decodedRow)
}

const decisionAt = "SELECT " + rowColumns + " FROM decision WHERE policy = ? AND mode = ? AND first <= ? ORDER BY id DESC LIMIT 1"

// Event is the event of an id; false where there is none, or none any more.
func (s *Store) Event(ctx context.Context, id string) (engine.Event, bool, error) {
	return one(ctx, s.read, "SELECT event FROM event WHERE id = ?", []any{id}, func(r row) (engine.Event, error) {
		return decoded[engine.Event](r)
	})
}

// Latest is the newest record of each service, and of each policy in shadow mode.
func (s *Store) Latest(ctx context.Context) ([]engine.Record, error) {
	query := "SELECT record FROM state WHERE record IS NOT NULL ORDER BY subject"
	records, err := list(ctx, s.read, query, nil, func(r row) (engine.Record, error) {
		return decoded[engine.Record](r)
	})
	if err != nil {
		return nil, fmt.Errorf("read the newest decisions: %w", err)
	}
	return records, nil
}

// OpenEvents lists the intents that have not ended, the oldest first: after a crash, what must be looked into.
func (s *Store) OpenEvents(ctx context.Context) ([]store.Intent, error) {
	query := "SELECT mode, event FROM event WHERE ended IS NULL ORDER BY seq"
	open, err := list(ctx, s.read, query, nil, intentOf)
	if err != nil {
		return nil, fmt.Errorf("read open events: %w", err)
	}
	return open, nil
}

func intentOf(r row) (intent store.Intent, err error) {
	intent.Event, err = decoded[engine.Event](r, &intent.Mode)
	return intent, err
}

// Halfway lists the interrupted events whose traces may still be there.
func (s *Store) Halfway(ctx context.Context) ([]engine.Event, error) {
	query := "SELECT json_extract(state, '$.halfway') AS event FROM state WHERE event IS NOT NULL ORDER BY subject"
	left, err := list(ctx, s.read, query, nil, func(r row) (engine.Event, error) {
		return decoded[engine.Event](r)
	})
	if err != nil {
		return nil, fmt.Errorf("read interrupted events: %w", err)
	}
	return left, nil
}

// queryer is the file as it is now, or as a transaction sees it.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is one of an answer.
type row interface{ Scan(into ...any) error }

// one is the only row of a query, or false.
func one[T any](ctx context.Context, db queryer, query string, args []any, scan func(row) (T, error)) (T, bool, error) {
	all, err := list(ctx, db, query, args, scan)
	if err != nil || len(all) == 0 {
		var none T
		if err != nil {
			err = fmt.Errorf("look into the ledger: %w", err)
		}
		return none, false, err
	}
	return all[0], true, nil
}

// list answers an empty list, not nil, for no rows: it ends up in JSON.
func list[T any](ctx context.Context, db queryer, query string, args []any, scan func(row) (T, error)) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []T{}
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// decoded reads a row whose last column is JSON, and the columns before it into before.
func decoded[T any](r row, before ...any) (T, error) {
	var value T
	var text []byte
	if err := r.Scan(append(before, &text)...); err != nil {
		return value, err
	}
	err := unsealed(text, &value)
	return value, err
}

func unlimited(limit int) int {
	if limit <= 0 {
		return -1 // as SQLite writes it
	}
	return limit
}

func instant(nanoseconds int64) time.Time {
	return time.Unix(0, nanoseconds).UTC()
}
