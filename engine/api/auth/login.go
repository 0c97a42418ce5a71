package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// wrongLogin is all that whoever can't log in learns of it.
const wrongLogin = "wrong email or password"

// Login begins the session of a person: its secret is a bearer token. An error is a Refused, or that of the store.
func (g *Gate) Login(ctx context.Context, email, password string, from From, now time.Time) (secret string, session store.Token, err error) {
	known, malformed := Email(email)
	actor := known
	if malformed != nil {
		actor = "anonymous" // what somebody typed there may be a password
	}
	wait := g.logins.take(from, now)
	if wait == 0 { // else one address could keep a person out
		wait = g.people.take(known, now)
	}
	if wait > 0 {
		g.notes.refused(ctx, actor, from, "too many logins", "login", now)
		return "", store.Token{}, tooOften("too many logins", wait)
	}
	person, err := g.person(ctx, known, password)
	if status(err) == http.StatusUnauthorized {
		g.notes.refused(ctx, actor, from, wrongLogin, "login", now)
		return "", store.Token{}, err
	}
	g.logins.giveBack(from, now) // nor does what nobody could look at count as wrong
	g.people.giveBack(known, now)
	if err != nil {
		return "", store.Token{}, err
	}
	if wait := g.begun.take(person.Email, now); wait > 0 {
		g.notes.refused(ctx, actor, from, "too many sessions begun", "login", now)
		return "", store.Token{}, tooOften("too many logins that succeed; a session holds for hours, and flyball token create makes what a script needs", wait)
	}
	session, secret = Make(NewToken{Name: "session", Role: person.Role, Expires: now.Add(g.session)}, person.Email, now)
	session.User = person.Email
	entry := store.Entry{At: now, Actor: person.Email, Kind: store.OfAccess, Message: fmt.Sprintf("logged in from %s", from)}
	if err := g.accounts.PutToken(ctx, session, entry); err != nil {
		return "", store.Token{}, err
	}
	if err := g.still(ctx, person, session, now); err != nil {
		return "", store.Token{}, err // nobody has the secret
	}
	return secret, session, nil
}

// still ends a session whose person was changed or removed while they logged in: whoever changed them has ended the sessions that
// were there by then, and this one came after.
func (g *Gate) still(ctx context.Context, person store.User, session store.Token, now time.Time) error {
	is, known, err := g.accounts.User(ctx, person.Email)
	if err != nil || known && is.Hash == person.Hash && is.Role == person.Role {
		return err
	}
	entry := store.Entry{At: now, Actor: "flyball", Kind: store.OfAccess, Message: fmt.Sprintf("a session of %s was ended: they were changed while they logged in", person.Email)}
	if _, err := g.accounts.RemoveToken(ctx, session.ID, entry); err != nil {
		return err
	}
	return unauthorized(wrongLogin)
}

// person is the one with an email and a password. Who is not there takes as long as who is.
func (g *Gate) person(ctx context.Context, email, password string) (store.User, error) {
	if len(password) > mostPassword {
		return store.User{}, unauthorized(wrongLogin)
	}
	person, known, err := g.accounts.User(ctx, email)
	if err != nil {
		return store.User{}, err
	}
	right, err := g.passwords.check(ctx, password, person.Hash)
	switch {
	case err != nil:
		return store.User{}, err
	case !known || !right:
		return store.User{}, unauthorized(wrongLogin)
	}
	return person, nil
}

// Logout ends the session of whoever asks.
func (g *Gate) Logout(ctx context.Context, who Identity, now time.Time) error {
	if who.Kind != BySession {
		return Refused{Status: http.StatusBadRequest, Detail: "there is no session to end; flyball token revoke ends a token"}
	}
	entry := store.Entry{At: now, Actor: who.Name, Kind: store.OfAccess, Message: fmt.Sprintf("logged out from %s", who.From)}
	_, err := g.accounts.RemoveToken(ctx, who.Token, entry)
	g.recent.forget(who.Token)
	return err
}
