package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Record writes a decision, the state after it and, where s.Open is set, the intent, in one transaction. Holds of a
// policy that are alike are counted in one row. When Record returns nil it is all on disk; when it returns an error, a
// full disk's for one, nothing is.
func (s *Store) Record(ctx context.Context, r engine.Record, state engine.State) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		record, err := sealed(r)
		if err != nil {
			return err
		}
		if err := saveDecision(ctx, tx, r, record); err != nil {
			return err
		}
		if err := saveState(ctx, tx, r.Subject(), r.Mode, state); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE state SET record = ? WHERE subject = ?", record, r.Subject())
		return err
	})
	s.prune(r.At) // also where there was no room
	if err != nil {
		return fmt.Errorf("record decision of policy %s: %w", r.Policy, err)
	}
	return nil
}

// Close writes how an event ended and the state after it in one transaction. An event without an intent on record, such
// as a drift that was only seen, is recorded whole.
func (s *Store) Close(ctx context.Context, e engine.Event, p engine.Policy, state engine.State) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		if e.Ended.IsZero() || e.Result == "" {
			return errors.New("it has no end or no result")
		}
		if err := saveState(ctx, tx, p.Subject(), p.Mode, state); err != nil {
			return err
		}
		before, err := hasEnded(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		text, err := sealed(e)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO event (id, service, mode, started, ended, event) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, event = excluded.event`,
			e.ID, e.Service, p.Mode, e.Started.UnixNano(), e.Ended.UnixNano(), text)
		if err != nil || before {
			return err
		}
		return appendEntries(ctx, tx, store.Ended(e))
	})
	if err != nil {
		return fmt.Errorf("close event %s of policy %s: %w", e.ID, p.Name, err)
	}
	return nil
}

// SetEnabled sets the global switch.
func (s *Store) SetEnabled(ctx context.Context, on bool, actor string, at time.Time) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO switch VALUES (1, ?, ?, ?)", on, actor, at.UnixNano())
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, store.Turned(on, actor, at))
	})
	if err != nil {
		return fmt.Errorf("set the global switch: %w", err)
	}
	return nil
}

func saveDecision(ctx context.Context, tx *sql.Tx, r engine.Record, record string) error {
	at := r.At.UnixNano()
	if r.Decision.Action == engine.Hold {
		counted, err := count(ctx, tx, r)
		if err != nil || counted {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, addDecision, nil, r.Policy, r.Mode, r.Decision.Action, r.Decision.Reason, r.Revision, at, at, 1, record)
	return err
}

const addDecision = `INSERT INTO decision (id, policy, mode, action, reason, revision, first, last, count, record)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// count counts a hold in the newest row of its policy, where that is of holds for the same reason, at the same count, of
// the same wish of the rules, or of a person, under the same terms, and nobody was away in between: then all that is summed
// up later is the same.
func count(ctx context.Context, tx *sql.Tx, r engine.Record) (bool, error) {
	terms, err := json.Marshal(r.Terms)
	if err != nil {
		return false, err
	}
	at := r.At.UnixNano()
	counted, err := tx.ExecContext(ctx, `UPDATE decision SET last = ?1, count = count + 1
		WHERE id = (SELECT max(id) FROM decision WHERE policy = ?2 AND mode = ?3) AND action = ?4 AND reason = ?5 AND revision = ?6
		AND last BETWEEN ?1 - ?7 AND ?1
		AND CASE WHEN json_valid(record) THEN json_extract(record, '$.decision.from') = ?8
		AND json_extract(record, '$.recommendation.action') = ?9
		AND (ifnull(json_extract(record, '$.recommendation.error'), '') <> '') = ?10
		AND json_extract(record, '$.terms') = json(?11)
		AND (json_extract(record, '$.request') IS NOT NULL) = ?12 END`,
		at, r.Policy, r.Mode, r.Decision.Action, r.Decision.Reason, r.Revision, int64(engine.Unseen(r.Terms.Every)),
		r.Decision.From, r.Recommendation.Action, r.Recommendation.Error != "", string(terms), r.Request != nil)
	if err != nil {
		return false, err
	}
	n, err := counted.RowsAffected()
	return n == 1, err
}

// saveState writes a state, without what is not the policy's own, and its open event.
func saveState(ctx context.Context, tx *sql.Tx, subject string, mode engine.Mode, state engine.State) error {
	state.Enabled, state.Pauses, state.Budget = false, nil, engine.Budget{}
	text, err := sealed(state)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO state (subject, state) VALUES (?, ?)
		ON CONFLICT (subject) DO UPDATE SET state = excluded.state`, subject, text)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM lost WHERE subject = ?", subject); err != nil || state.Open == nil {
		return err
	}
	return saveIntent(ctx, tx, mode, *state.Open)
}

func saveIntent(ctx context.Context, tx *sql.Tx, mode engine.Mode, e engine.Event) error {
	text, err := sealed(e)
	if err != nil {
		return err
	}
	added, err := tx.ExecContext(ctx, `INSERT INTO event (id, service, mode, started, event) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`, e.ID, e.Service, mode, e.Started.UnixNano(), text)
	if err != nil {
		return err
	}
	if n, err := added.RowsAffected(); err != nil {
		return err
	} else if n == 1 {
		return appendEntries(ctx, tx, store.Opened(e))
	}
	known, err := tx.ExecContext(ctx, "UPDATE event SET event = ? WHERE id = ? AND ended IS NULL", text, e.ID)
	if err != nil {
		return err
	}
	if n, err := known.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fmt.Errorf("event %s has ended and can't be opened again", e.ID)
}

func (s *Store) inTransaction(ctx context.Context, do func(*sql.Tx) error) error {
	if s.write == nil {
		return fmt.Errorf("store %s is open for reading only", s.path)
	}
	err := s.transaction(ctx, do)
	s.keepRoom(err)
	return mended(err)
}

func (s *Store) transaction(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		if back := tx.Rollback(); !full(err) { // of that SQLite has rolled back by itself
			err = errors.Join(err, back)
		}
		return err
	}
	return tx.Commit()
}
