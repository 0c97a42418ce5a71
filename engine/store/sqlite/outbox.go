package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// posted is up to which entry of the audit log messages were made.
type posted struct {
	Number int64 `json:"number"`
}

// Posted is the number of the audit entry up to which messages were made; false where none ever was. One that can't be read is
// told to the log at warn, and is none.
func (s *Store) Posted(ctx context.Context) (upTo int64, known bool, err error) {
	err = s.look(ctx, withAccounts, func(tx *sql.Tx) error {
		upTo, known, err = s.posted(ctx, tx)
		return err
	})
	return upTo, known, err
}

func (s *Store) posted(ctx context.Context, tx *sql.Tx) (int64, bool, error) {
	end, known, err := one(ctx, tx, "SELECT posted FROM posted", nil, func(r row) (posted, error) { return decoded[posted](r) })
	if errors.Is(err, errDamaged) {
		s.log.Warn("up to where the audit log was told can't be read: it is told from the next message on", "store", s.path, "error", err)
		return 0, false, nil
	}
	return end.Number, known, err
}

// Post takes messages, and where upTo is above 0 notes that they were made of the audit log up to there. A message whose id is
// there already is left as it is. upTo never goes back.
func (s *Store) Post(ctx context.Context, upTo int64, messages ...store.Message) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		for _, m := range messages {
			if err := post(ctx, tx, m); err != nil {
				return err
			}
		}
		if err := dropDead(ctx, tx); err != nil {
			return err
		}
		was, _, err := s.posted(ctx, tx)
		if err != nil || upTo <= was {
			return err
		}
		return notePosted(ctx, tx, upTo)
	})
	if err != nil {
		return fmt.Errorf("post notifications: %w", err)
	}
	return nil
}

func post(ctx context.Context, tx *sql.Tx, m store.Message) error {
	text, body, err := split(m)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outbox (id, created, due, dead, message, body) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`, m.ID, m.Created.UnixNano(), m.Due.UnixNano(), m.Dead, text, body)
	return err
}

// notePosted notes up to where messages were made, which is nowhere for 0.
func notePosted(ctx context.Context, tx *sql.Tx, upTo int64) error {
	if upTo <= 0 {
		return nil
	}
	text, err := sealed(posted{upTo})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO posted VALUES (1, ?)", text)
	return err
}

// dropDead drops the oldest of those that were given up, where there are too many.
func dropDead(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE seq IN
		(SELECT seq FROM outbox WHERE dead = 1 ORDER BY created DESC, seq DESC LIMIT -1 OFFSET ?)`, store.MostDead)
	return err
}

// Due lists messages that are to be delivered at an instant, those that are due longest first. A limit of 0 or less is no
// limit.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]store.Message, error) {
	return s.messages(ctx, "SELECT message, body FROM outbox WHERE dead = 0 AND due <= ? ORDER BY due, seq LIMIT ?",
		at.UnixNano(), unlimited(limit))
}

// Dead lists the messages that were given up, the oldest first. A limit of 0 or less is no limit.
func (s *Store) Dead(ctx context.Context, limit int) ([]store.Message, error) {
	return s.messages(ctx, "SELECT message, body FROM outbox WHERE dead = 1 ORDER BY created, seq LIMIT ?", unlimited(limit))
}

// Depth is how many messages wait, and how many were given up.
func (s *Store) Depth(ctx context.Context) (waiting, dead int, err error) {
	err = s.look(ctx, withAudit, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FILTER (WHERE NOT dead), count(*) FILTER (WHERE dead) FROM outbox").Scan(&waiting, &dead)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count notifications: %w", err)
	}
	return waiting, dead, nil
}

func (s *Store) messages(ctx context.Context, query string, args ...any) ([]store.Message, error) {
	messages := []store.Message{}
	err := s.look(ctx, withAudit, func(tx *sql.Tx) (err error) {
		messages, err = list(ctx, tx, query, args, messageOf)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	return messages, nil
}

// Put writes how it stands with a message after an attempt. One that is not there is an error.
func (s *Store) Put(ctx context.Context, m store.Message) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		text, body, err := split(m)
		if err != nil {
			return err
		}
		put, err := tx.ExecContext(ctx, "UPDATE outbox SET created = ?, due = ?, dead = ?, message = ?, body = ? WHERE id = ?",
			m.Created.UnixNano(), m.Due.UnixNano(), m.Dead, text, body, m.ID)
		if err != nil {
			return err
		}
		if n, err := put.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return errors.New("it is not in the outbox")
		}
		return dropDead(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("put notification %s: %w", m.ID, err)
	}
	return nil
}

// Delivered forgets a message.
func (s *Store) Delivered(ctx context.Context, id string) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM outbox WHERE id = ?", id)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget notification %s: %w", id, err)
	}
	return nil
}

// split is a message without its body, which JSON would write in another way, and the body.
func split(m store.Message) (text string, body []byte, err error) {
	body, m.Body = m.Body, nil
	text, err = sealed(m, body...)
	return text, body, err
}

func messageOf(r row) (store.Message, error) {
	var m store.Message
	var text, body []byte
	err := r.Scan(&text, &body)
	if err == nil {
		err = unsealed(text, &m, body...)
	}
	m.Body = body // JSON's null would be there else
	return m, err
}
