package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

var (
	start = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	home  = FromAddress("192.0.2.1:4711")
)

const good = "correct horse battery staple"

// accounts is a store of them in memory.
type accounts struct {
	mu     sync.Mutex
	tokens map[string]store.Token
	users  map[string]store.User
	log    []store.Entry
	asked  int // for a token
	broken error
	before func() // a token is put
}

func (a *accounts) Token(_ context.Context, id string) (store.Token, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	t, known := a.tokens[id]
	return t, known, a.broken
}

func (a *accounts) Tokens(context.Context) ([]store.Token, error) {
	return slices.SortedFunc(maps.Values(a.tokens), func(t, u store.Token) int { return cmp.Or(t.Created.Compare(u.Created), cmp.Compare(t.ID, u.ID)) }), a.broken
}

func (a *accounts) PutToken(_ context.Context, t store.Token, e store.Entry) error {
	if a.before != nil {
		a.before()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens[t.ID] = t
	a.log = append(a.log, e)
	return a.broken
}

func (a *accounts) RemoveToken(_ context.Context, id string, e store.Entry) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, known := a.tokens[id]
	if delete(a.tokens, id); known {
		a.log = append(a.log, e)
	}
	return known, a.broken
}

func (a *accounts) User(_ context.Context, email string) (store.User, bool, error) {
	u, known := a.users[email]
	return u, known, a.broken
}

func (a *accounts) Users(context.Context) ([]store.User, error) {
	return slices.Collect(maps.Values(a.users)), a.broken
}

func (a *accounts) PutUser(_ context.Context, u store.User, e store.Entry) error {
	a.users[u.Email] = u
	a.log = append(a.log, e)
	return a.broken
}

func (a *accounts) RemoveUser(_ context.Context, email string, e store.Entry) (bool, error) {
	_, known := a.users[email]
	delete(a.users, email)
	return known, a.broken
}

// byRole lets viewers read, and everybody else do everything.
type byRole struct{ err error }

func (r byRole) Authorize(_ context.Context, who Identity, ask Ask) (bool, string, error) {
	allowed := r.err == nil && who.Kind != Anonymous && (who.Role != Viewer || ask.Action == Read)
	return allowed, "role " + who.Role, r.err
}

// world is a gate before accounts in memory.
type world struct {
	*testing.T
	*Gate
	*accounts
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, accounts: &accounts{tokens: map[string]store.Token{}, users: map[string]store.User{}}, now: start}
	w.Gate = NewGate(Settings{
		Accounts: w.accounts, Rules: byRole{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Note: func(_ context.Context, e store.Entry) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.accounts.log = append(w.accounts.log, e)
		},
	})
	return w
}

// makes puts a token in the store.
func (w *world) makes(n NewToken) (store.Token, string) {
	w.Helper()
	t, secret := Make(n, "anna", w.now)
	if err := w.PutToken(w.Context(), t, store.Entry{}); err != nil {
		w.Fatal(err)
	}
	w.accounts.log = nil
	return t, secret
}

// adds puts a person with the good password in the store.
func (w *world) adds(email, role string) {
	w.Helper()
	hash, err := HashPassword(good)
	if err != nil {
		w.Fatal(err)
	}
	w.users[email] = store.User{Email: email, Hash: hash, Role: role}
}

// refuses fails where an error is not a Refused of a status, with such words.
func (w *world) refuses(err error, status int, words string) Refused {
	w.Helper()
	var r Refused
	if !errors.As(err, &r) || r.Status != status || !strings.Contains(r.Detail, words) || (status == 429) != (r.RetryAfter > 0) {
		w.Fatalf("got %#v, want %d with %q", err, status, words)
	}
	return r
}

// noted is the audit log, a line each.
func (w *world) noted() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, e := range w.accounts.log {
		if e.Kind != store.OfAccess {
			w.Errorf("an entry of kind %s", e.Kind)
		}
		lines = append(lines, e.Actor+": "+e.Message)
	}
	return lines
}

func address(n int) From { return FromAddress(fmt.Sprintf("10.%d.%d.%d:80", n>>16, n>>8&255, n&255)) }
