package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/flyball-dev/flyball/engine/store"
)

// Token is the one of an id; false where there is none.
func (s *Store) Token(ctx context.Context, id string) (t store.Token, found bool, err error) {
	err = s.look(ctx, withAccounts, func(tx *sql.Tx) error {
		t, found, err = one(ctx, tx, oneToken, []any{id}, tokenOf)
		return err
	})
	return t, found, err
}

// Tokens lists all, sessions too, by when they were made.
func (s *Store) Tokens(ctx context.Context) ([]store.Token, error) {
	tokens := []store.Token{}
	err := s.look(ctx, withAccounts, func(tx *sql.Tx) (err error) {
		tokens, err = list(ctx, tx, allTokens, nil, tokenOf)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	slices.SortStableFunc(tokens, func(a, b store.Token) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return tokens, nil
}

// PutToken keeps a token, in the place of one with the same id, and forgets those that have expired when it was made.
func (s *Store) PutToken(ctx context.Context, t store.Token, e store.Entry) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM token WHERE expires <= ?", t.Created.UnixNano()); err != nil {
			return err
		}
		if err := putToken(ctx, tx, t); err != nil {
			return err
		}
		return appendEntries(ctx, tx, e)
	})
	if err != nil {
		return fmt.Errorf("keep token %s: %w", t.ID, err)
	}
	return nil
}

// RemoveToken forgets one; false, and no entry, where there is none.
func (s *Store) RemoveToken(ctx context.Context, id string, e store.Entry) (removed bool, err error) {
	err = s.inTransaction(ctx, func(tx *sql.Tx) error {
		removed, err = remove(ctx, tx, e, "DELETE FROM token WHERE id = ?", id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("forget token %s: %w", id, err)
	}
	return removed, nil
}

// User is the person with an email address; false where there is none.
func (s *Store) User(ctx context.Context, email string) (u store.User, found bool, err error) {
	err = s.look(ctx, withAccounts, func(tx *sql.Tx) error {
		u, found, err = one(ctx, tx, oneUser, []any{email}, userOf)
		return err
	})
	return u, found, err
}

// Users lists all, by email.
func (s *Store) Users(ctx context.Context) ([]store.User, error) {
	users := []store.User{}
	err := s.look(ctx, withAccounts, func(tx *sql.Tx) (err error) {
		users, err = list(ctx, tx, allUsers, nil, userOf)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read who may log in: %w", err)
	}
	return users, nil
}

// PutUser keeps a person, in the place of the one with the same email, and ends their sessions.
func (s *Store) PutUser(ctx context.Context, u store.User, e store.Entry) error {
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		if err := putUser(ctx, tx, u); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, u.Email); err != nil {
			return err
		}
		return appendEntries(ctx, tx, e)
	})
	if err != nil {
		return fmt.Errorf("keep %s: %w", u.Email, err)
	}
	return nil
}

// RemoveUser forgets a person and ends their sessions; false, and no entry, where there is none.
func (s *Store) RemoveUser(ctx context.Context, email string, e store.Entry) (removed bool, err error) {
	err = s.inTransaction(ctx, func(tx *sql.Tx) error {
		if removed, err = remove(ctx, tx, e, "DELETE FROM person WHERE email = ?", email); err != nil || !removed {
			return err
		}
		return endSessions(ctx, tx, email)
	})
	if err != nil {
		return false, fmt.Errorf("forget %s: %w", email, err)
	}
	return removed, nil
}

const (
	allTokens = "SELECT id, token FROM token ORDER BY id"
	oneToken  = "SELECT id, token FROM token WHERE id = ?"
	oneUser   = "SELECT email, person FROM person WHERE email = ?"
	allUsers  = "SELECT email, person FROM person ORDER BY email"
)

func putToken(ctx context.Context, tx *sql.Tx, t store.Token) error {
	text, err := sealed(t)
	if err != nil {
		return err
	}
	var expires any // never
	if !t.Expires.IsZero() {
		expires = t.Expires.UnixNano()
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO token VALUES (?, ?, ?)", t.ID, expires, text)
	return err
}

func putUser(ctx context.Context, tx *sql.Tx, u store.User) error {
	text, err := sealed(u)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO person VALUES (?, ?)", u.Email, text)
	return err
}

// endSessions looks at what the checksum covers. A token that can't be read lets nobody in.
func endSessions(ctx context.Context, tx *sql.Tx, email string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM token WHERE CASE WHEN json_valid(token) THEN json_extract(token, '$.user') = ? END", email)
	return err
}

// remove takes rows away, and has it on record where there are any.
func remove(ctx context.Context, tx *sql.Tx, e store.Entry, query string, args ...any) (bool, error) {
	removed, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	if n, err := removed.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, appendEntries(ctx, tx, e)
}

func tokenOf(r row) (store.Token, error) {
	var id string
	t, err := decoded[store.Token](r, &id)
	if err == nil && t.ID != id {
		err = fmt.Errorf("%w: the token of id %s says that it is %s", errDamaged, id, t.ID)
	}
	return t, err
}

func userOf(r row) (store.User, error) {
	var email string
	u, err := decoded[store.User](r, &email)
	if err == nil && u.Email != email {
		err = fmt.Errorf("%w: the person at %s says that it is %s", errDamaged, email, u.Email)
	}
	return u, err
}
