package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// Post takes messages. One whose id is there already is left as it is.
func (s *Store) Post(ctx context.Context, messages ...store.Message) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		for _, m := range messages {
			if err := post(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
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
		if n, err := put.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return errors.New("it is not in the outbox")
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
