package redis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine/store"
)

// Token is the one of an id; false where there is none.
func (s *Store) Token(ctx context.Context, id string) (store.Token, bool, error) {
	return fieldOf(ctx, s, tokenField, id, readToken)
}

// User is the person with an email address; false where there is none.
func (s *Store) User(ctx context.Context, email string) (store.User, bool, error) {
	return fieldOf(ctx, s, userField, email, readUser)
}

// Tokens lists all, sessions too, by when they were made.
func (s *Store) Tokens(ctx context.Context) ([]store.Token, error) {
	tokens, err := listed(ctx, s, tokenField, readToken)
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	slices.SortStableFunc(tokens, func(a, b store.Token) int { return a.Created.Compare(b.Created) })
	return tokens, nil
}

// Users lists all, by email.
func (s *Store) Users(ctx context.Context) ([]store.User, error) {
	users, err := listed(ctx, s, userField, readUser)
	if err != nil {
		return nil, fmt.Errorf("read who may log in: %w", err)
	}
	return users, nil
}

// PutToken keeps a token, in the place of one with the same id, and forgets those that have expired when it was made.
func (s *Store) PutToken(ctx context.Context, t store.Token, e store.Entry) error {
	value, err := json.Marshal(t)
	if err == nil {
		err = s.alter(ctx, e, func(now turned) (change, error) {
			expired := now.tokens(func(one store.Token) bool { return !one.Expires.IsZero() && !one.Expires.After(t.Created) })
			return change{tokenField + t.ID, value, expired}, nil
		})
	}
	if err != nil {
		return fmt.Errorf("keep token %s: %w", t.ID, err)
	}
	return nil
}

// RemoveToken forgets one; false, and no entry, where there is none.
func (s *Store) RemoveToken(ctx context.Context, id string, e store.Entry) (bool, error) {
	removed, err := s.remove(ctx, tokenField+id, e, func(turned) []string { return nil })
	if err != nil {
		return false, fmt.Errorf("forget token %s: %w", id, err)
	}
	return removed, nil
}

// PutUser keeps a person, in the place of the one with the same email, and ends their sessions.
func (s *Store) PutUser(ctx context.Context, u store.User, e store.Entry) error {
	value, err := json.Marshal(u)
	if err == nil {
		err = s.alter(ctx, e, func(now turned) (change, error) {
			return change{userField + u.Email, value, now.sessions(u.Email)}, nil
		})
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", u.Email, err)
	}
	return nil
}

// RemoveUser forgets a person and ends their sessions; false, and no entry, where there is none.
func (s *Store) RemoveUser(ctx context.Context, email string, e store.Entry) (bool, error) {
	removed, err := s.remove(ctx, userField+email, e, func(now turned) []string { return now.sessions(email) })
	if err != nil {
		return false, fmt.Errorf("forget %s: %w", email, err)
	}
	return removed, nil
}

// change is what becomes of the fields that people turn.
type change struct {
	field string // that gets a value; empty: none does
	value []byte
	drop  []string // fields
}

// alter makes a change of what there is, which plan says. Where somebody else has turned something in between, it is planned
// anew: what a plan has seen is what the change is made of.
func (s *Store) alter(ctx context.Context, entry store.Entry, plan func(now turned) (change, error)) error {
	if s.readOnly {
		return fmt.Errorf("%s: %w", s.name, errReadOnly)
	}
	line, err := entryText(entry)
	if err != nil {
		return err
	}
	nonce := rand.Text()
	for {
		now, err := s.readTurned(ctx)
		if err != nil {
			return err
		}
		c, err := plan(now)
		if err != nil {
			return err
		}
		args := []any{nonce, now.turns, keepEntries, line, 0}
		if c.field != "" {
			args = append(args[:4], 2, c.field, c.value)
		}
		for _, field := range c.drop {
			args = append(args, field)
		}
		answer, err := s.run(ctx, s.scripts.alter, []string{auditKey}, args...)
		if err != nil {
			return err
		}
		if text(answer[0]) == "ok" {
			_ = s.refreshTurned(ctx) // what can't be read now is with the next lease
			return nil
		}
	}
}

var errNone = errors.New("there is none")

// remove takes a field away, and others with it; false, and nothing is written, where it is not there.
func (s *Store) remove(ctx context.Context, field string, entry store.Entry, others func(now turned) []string) (bool, error) {
	err := s.alter(ctx, entry, func(now turned) (change, error) {
		if _, there := now.fields[field]; !there {
			return change{}, errNone
		}
		return change{drop: append(others(now), field)}, nil
	})
	if errors.Is(err, errNone) {
		return false, nil
	}
	return err == nil, err
}

// tokens are the fields of those of which something is so. One that can't be read lets nobody in, and stays.
func (t turned) tokens(are func(store.Token) bool) []string {
	var fields []string
	for id, value := range t.named(tokenField) {
		if one, err := readToken(id, value); err == nil && are(one) {
			fields = append(fields, tokenField+id)
		}
	}
	return fields
}

// sessions are those of a person.
func (t turned) sessions(email string) []string {
	return t.tokens(func(one store.Token) bool { return one.User == email })
}

func readToken(id, value string) (t store.Token, err error) {
	err = json.Unmarshal([]byte(value), &t)
	if err == nil && t.ID != id {
		err = fmt.Errorf("it says that it is %s", t.ID)
	}
	if err != nil {
		return store.Token{}, fmt.Errorf("token %s can't be read: %w", id, err)
	}
	return t, nil
}

func readUser(email, value string) (u store.User, err error) {
	err = json.Unmarshal([]byte(value), &u)
	if err == nil && u.Email != email {
		err = fmt.Errorf("it says that it is %s", u.Email)
	}
	if err != nil {
		return store.User{}, fmt.Errorf("person %s can't be read: %w", email, err)
	}
	return u, nil
}

// fieldOf reads one field of the core; false where it is not there.
func fieldOf[T any](ctx context.Context, s *Store, prefix, name string, read func(name, value string) (T, error)) (one T, found bool, err error) {
	values, err := s.core(ctx, prefix+name)
	if err != nil || values[0] == nil {
		return one, false, err
	}
	one, err = read(name, text(values[0]))
	return one, err == nil, err
}

// listed reads all fields of the core that begin in a way, by the rest of their names.
func listed[T any](ctx context.Context, s *Store, prefix string, read func(name, value string) (T, error)) ([]T, error) {
	now, err := s.readTurned(ctx)
	if err != nil {
		return nil, err
	}
	return kept(now.fields, prefix, read)
}

func kept[T any](fields map[string]string, prefix string, read func(name, value string) (T, error)) ([]T, error) {
	all := []T{}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		name, is := strings.CutPrefix(field, prefix)
		if !is {
			continue
		}
		one, err := read(name, fields[field])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
