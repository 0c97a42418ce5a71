package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
)

// accounts are those of a store, at an instant. Each change is in its audit log.
type accounts struct {
	store.Accounts
	now time.Time
}

func (a *App) accounts() accounts { return accounts{a.store, a.loop.Now().At} }

// readmit has everybody looked at again who was let in.
func (a *App) readmit() {
	a.forget()
	a.wake("") // streams end with the token that they were begun with
}

// forget has every token looked up again.
func (a *App) forget() {
	a.mu.Lock()
	gate := a.admits
	a.mu.Unlock()
	if gate != nil {
		gate.Forget()
	}
}

// CreateToken makes a token.
func (a *App) CreateToken(ctx context.Context, ask api.TokenAsk) (api.CreatedToken, error) {
	if err := void(ctx, a.set().Access, ask); err != nil {
		return api.CreatedToken{}, err
	}
	defer a.readmit()
	return a.accounts().create(ctx, ask)
}

// Tokens lists those that are valid.
func (a *App) Tokens(ctx context.Context) ([]api.Token, error) { return a.accounts().tokens(ctx) }

// RevokeToken ends one.
func (a *App) RevokeToken(ctx context.Context, token, actor string) (api.Token, error) {
	defer a.readmit()
	return a.accounts().revoke(ctx, token, actor)
}

// PutUser adds or changes a person.
func (a *App) PutUser(ctx context.Context, ask api.UserAsk) (api.User, error) {
	defer a.readmit()
	return a.accounts().put(ctx, ask)
}

// Users lists all.
func (a *App) Users(ctx context.Context) ([]api.User, error) { return a.accounts().users(ctx) }

// RemoveUser forgets a person.
func (a *App) RemoveUser(ctx context.Context, email, actor string) (api.User, error) {
	defer a.readmit()
	return a.accounts().remove(ctx, email, actor)
}

// CreateToken makes a token in the store.
func (f *Offline) CreateToken(ctx context.Context, ask api.TokenAsk) (api.CreatedToken, error) {
	rules, _ := rego.NewAuthorizer(ctx, rego.File(f.set.Authz.File)) // flyball validate says what is wrong with them
	if err := void(ctx, rules, ask); err != nil {
		return api.CreatedToken{}, err
	}
	return alter(f, func(a accounts) (api.CreatedToken, error) { return a.create(ctx, ask) })
}

// Tokens lists those that are valid.
func (f *Offline) Tokens(ctx context.Context) (tokens []api.Token, err error) {
	err = f.read(func(ledger store.Store) error {
		tokens, err = accounts{ledger, clock()().At}.tokens(ctx)
		return err
	})
	return tokens, err
}

// RevokeToken ends one in the store.
func (f *Offline) RevokeToken(ctx context.Context, token, actor string) (api.Token, error) {
	return alter(f, func(a accounts) (api.Token, error) { return a.revoke(ctx, token, actor) })
}

// PutUser adds or changes a person in the store.
func (f *Offline) PutUser(ctx context.Context, ask api.UserAsk) (api.User, error) {
	return alter(f, func(a accounts) (api.User, error) { return a.put(ctx, ask) })
}

// Users lists all.
func (f *Offline) Users(ctx context.Context) (users []api.User, err error) {
	err = f.read(func(ledger store.Store) error {
		users, err = accounts{ledger, clock()().At}.users(ctx)
		return err
	})
	return users, err
}

// RemoveUser forgets a person in the store.
func (f *Offline) RemoveUser(ctx context.Context, email, actor string) (api.User, error) {
	return alter(f, func(a accounts) (api.User, error) { return a.remove(ctx, email, actor) })
}

// alter changes accounts in the store.
func alter[T any](f *Offline, do func(accounts) (T, error)) (done T, err error) {
	err = f.write(func(ledger store.Store) error {
		done, err = do(accounts{ledger, clock()().At})
		return err
	})
	return done, err
}

func (a accounts) entry(actor, format string, args ...any) store.Entry {
	return store.Entry{At: a.now, Actor: actor, Kind: store.OfAccess, Message: fmt.Sprintf(format, args...)}
}

func (a accounts) create(ctx context.Context, ask api.TokenAsk) (api.CreatedToken, error) {
	wish := auth.NewToken{Name: ask.Name, Role: cmp.Or(ask.Role, auth.Viewer), Scopes: ask.Scopes}
	const longest = 100 * 366 * 24 * time.Hour // beyond it a time.Duration ends
	switch {
	case !(ask.Seconds >= 0 && ask.Seconds <= longest.Seconds()): // NaN too
		return api.CreatedToken{}, mistake("seconds is %g; allowed is a number above 0, up to %g, or nothing: until it is revoked", ask.Seconds, longest.Seconds())
	case ask.Seconds > 0:
		wish.Expires = a.now.Add(time.Duration(ask.Seconds * float64(time.Second)))
	}
	if err := wish.Check(a.now); err != nil {
		return api.CreatedToken{}, mistake("%v", err)
	}
	there, err := a.valid(ctx)
	if err != nil {
		return api.CreatedToken{}, err
	}
	if slices.ContainsFunc(there, func(t store.Token) bool { return t.User == "" && t.Name == wish.Name }) {
		return api.CreatedToken{}, api.Refusal{Status: http.StatusConflict, Detail: fmt.Sprintf("there is a token %s already; give another name, or revoke that one", wish.Name)}
	}
	t, secret := auth.Make(wish, ask.Actor, a.now)
	return api.CreatedToken{Secret: secret, Token: shownToken(t)}, a.PutToken(ctx, t, a.entry(ask.Actor, "token %s was made: %s", t.Name, termsOf(t)))
}

// termsOf says what a token is good for.
func termsOf(t store.Token) string {
	text := t.Role
	if len(t.Scopes) > 0 {
		text += ", for " + strings.Join(t.Scopes, " ") + " alone"
	}
	if t.Expires.IsZero() {
		return text + ", until it is revoked"
	}
	return text + ", until " + t.Expires.UTC().Format(time.RFC3339)
}

// valid are the tokens that have not expired.
func (a accounts) valid(ctx context.Context) ([]store.Token, error) {
	all, err := a.Accounts.Tokens(ctx)
	return slices.DeleteFunc(all, func(t store.Token) bool { return !t.Expires.IsZero() && !a.now.Before(t.Expires) }), err
}

func (a accounts) tokens(ctx context.Context) ([]api.Token, error) {
	valid, err := a.valid(ctx)
	shown := make([]api.Token, len(valid))
	for i, t := range valid {
		shown[i] = shownToken(t)
	}
	return shown, err
}

func (a accounts) revoke(ctx context.Context, token, actor string) (api.Token, error) {
	all, err := a.valid(ctx)
	if err != nil {
		return api.Token{}, err
	}
	var names []string
	var found *store.Token
	for i, t := range all {
		if t.ID == token || t.User == "" && t.Name == token && found == nil { // an id wins
			found = &all[i]
		}
		if t.User == "" {
			names = append(names, t.Name)
		}
	}
	if found == nil {
		return api.Token{}, notThere("there is no token %q", token, names)
	}
	e := a.entry(actor, "token %s was revoked", found.Name)
	if found.User != "" {
		e.Message = "a session of " + found.User + " was ended"
	}
	removed, err := a.RemoveToken(ctx, found.ID, e)
	if err == nil && !removed {
		return api.Token{}, notThere("there is no token %q any more", token, nil)
	}
	return shownToken(*found), err
}

func (a accounts) put(ctx context.Context, ask api.UserAsk) (api.User, error) {
	email, err := auth.Email(ask.Email)
	if err != nil {
		return api.User{}, mistake("%v", err)
	}
	u, there, err := a.User(ctx, email)
	switch {
	case err != nil:
		return api.User{}, err
	case there && ask.New:
		return api.User{}, api.Refusal{Status: http.StatusConflict, Detail: email + " is there already; flyball user passwd gives them another password"}
	case !there && !ask.New:
		return api.User{}, a.nobody(ctx, email)
	case !ask.New && ask.Password == "" && ask.Role == "":
		return api.User{}, mistake("neither password nor role is given; one of them is to be changed")
	}
	was := u
	if u.Email, u.Actor = email, ask.Actor; ask.New {
		u.Created = a.now
	}
	u.Role = cmp.Or(ask.Role, u.Role, auth.Viewer)
	if err := auth.CheckRole(u.Role); err != nil {
		return api.User{}, mistake("%v", err)
	}
	if ask.New || ask.Password != "" {
		if u.Hash, err = auth.HashPassword(ask.Password); err != nil {
			return api.User{}, mistake("%v", err)
		}
	}
	e := a.entry(ask.Actor, "%s may log in, as %s", email, u.Role)
	if !ask.New {
		var changes []string
		if u.Hash != was.Hash {
			changes = append(changes, "another password")
		}
		if u.Role != was.Role {
			changes = append(changes, fmt.Sprintf("role %s in the place of %s", u.Role, was.Role))
		}
		e.Message = fmt.Sprintf("%s has %s", email, cmp.Or(strings.Join(changes, " and "), "what they had"))
	}
	return shownUser(u), a.PutUser(ctx, u, e)
}

func (a accounts) users(ctx context.Context) ([]api.User, error) {
	all, err := a.Users(ctx)
	shown := make([]api.User, len(all))
	for i, u := range all {
		shown[i] = shownUser(u)
	}
	return shown, err
}

func (a accounts) remove(ctx context.Context, text, actor string) (api.User, error) {
	email, err := auth.Email(text)
	if err != nil {
		return api.User{}, mistake("%v", err)
	}
	u, there, err := a.User(ctx, email)
	if err != nil {
		return api.User{}, err
	}
	if there {
		there, err = a.RemoveUser(ctx, email, a.entry(actor, "%s may not log in any more", email))
	}
	if err == nil && !there {
		return api.User{}, a.nobody(ctx, email)
	}
	return shownUser(u), err
}

// nobody says that a person is not there, and who may be meant.
func (a accounts) nobody(ctx context.Context, email string) error {
	all, err := a.Users(ctx)
	if err != nil {
		return err
	}
	emails := make([]string, len(all))
	for i, u := range all {
		emails[i] = u.Email
	}
	return notThere("nobody with the email %q may log in", email, emails)
}

func notThere(format, name string, there []string) error {
	detail := fmt.Sprintf(format, name)
	if near := engine.Nearest(name, there); near != "" {
		detail += fmt.Sprintf("; did you mean %q?", near)
	}
	return api.Refusal{Status: http.StatusNotFound, Detail: detail}
}

func mistake(format string, args ...any) error {
	return api.Refusal{Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
}

func shownToken(t store.Token) api.Token {
	shown := api.Token{ID: t.ID, Name: t.Name, User: t.User, Role: t.Role, Scopes: t.Scopes, Created: t.Created, Actor: t.Actor}
	if !t.Expires.IsZero() {
		shown.Expires = &t.Expires
	}
	return shown
}

func shownUser(u store.User) api.User {
	return api.User{Email: u.Email, Role: u.Role, Created: u.Created, Actor: u.Actor}
}
