package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// Gate is where each request is let through, or not.
type Gate struct {
	accounts store.Accounts
	rules    Rules
	session  time.Duration
	log      *slog.Logger

	notes     *notes
	recent    recent
	passwords passwords

	tokens  limit[string] // requests, by the id of a token
	strange limit[From]   // requests without one
	tries   limit[From]   // of tokens that are none
	logins  limit[From]
	people  limit[string] // logins, by email
	begun   limit[string] // sessions, by email: each is a row of the store, and an entry of the audit log
}

// Settings are what a Gate works with.
type Settings struct {
	Accounts store.Accounts
	Rules    Rules
	Session  time.Duration // how long a login holds; 0: 12 hours
	Note     func(ctx context.Context, e store.Entry)
	Log      *slog.Logger
}

// NewGate has all limits full.
func NewGate(s Settings) *Gate {
	if s.Session == 0 {
		s.Session = 12 * time.Hour
	}
	const most = 10_000
	return &Gate{
		accounts: s.Accounts, rules: s.Rules, session: s.Session, log: s.Log, notes: newNotes(s.Note), passwords: newPasswords(),
		tokens:  limit[string]{burst: 100, every: time.Second / 50, most: most},
		strange: limit[From]{burst: 100, every: time.Second / 50, most: most},
		tries:   limit[From]{burst: 20, every: 3 * time.Second, most: most},
		logins:  limit[From]{burst: 5, every: 12 * time.Second, most: most},
		people:  limit[string]{burst: 5, every: 12 * time.Second, most: most},
		begun:   limit[string]{burst: 30, every: 30 * time.Second, most: most},
	}
}

const (
	wrongToken = "the token is not valid: it has expired, was revoked, or was never there" // all that whoever shows one learns of it
	noToken    = "the token is not one of flyball's"
	needsToken = "a token is needed, as Authorization: Bearer TOKEN; flyball token create makes one"
)

// Identify finds whose the bearer token of a request is; none is anonymous. An error is a Refused, or that of the store.
func (g *Gate) Identify(ctx context.Context, bearer string, from From, now time.Time) (Identity, error) {
	if bearer == "" {
		if wait := g.strange.take(from, now); wait > 0 {
			return Identity{}, tooOften("too many requests without a token from this address", wait)
		}
		return Identity{Kind: Anonymous, From: from}, nil
	}
	t, reason, err := g.token(ctx, bearer, from, now)
	if reason != "" {
		g.notes.refused(ctx, "anonymous", from, reason, "", now)
	}
	if err != nil {
		return Identity{}, err
	}
	if wait := g.tokens.take(t.ID, now); wait > 0 {
		return Identity{}, tooOften("too many requests with this token", wait)
	}
	who := Identity{Kind: ByToken, Name: t.Name, Role: t.Role, Scopes: t.Scopes, Token: t.ID, From: from}
	if t.User != "" {
		who.Kind, who.Name = BySession, t.User
	}
	return who, nil
}

// token is the one of a secret. The reason, beside an error, is for the audit log. Tokens that were good lately are not held up
// by others who try at the same address.
func (g *Gate) token(ctx context.Context, secret string, from From, now time.Time) (t store.Token, reason string, err error) {
	id, malformed := idOf(secret)
	t, known, fresh := g.recent.find(id, now)
	good := malformed == nil && known && fits(t, secret)
	if !good {
		if wait := g.tries.take(from, now); wait > 0 {
			return t, "too many wrong tokens", tooOften("too many wrong tokens from this address", wait)
		}
	}
	if malformed != nil {
		return t, noToken, unauthorized(noToken + ": " + malformed.Error())
	}
	if !good || !fresh {
		t, known, err = g.accounts.Token(ctx, id)
		switch {
		case err != nil:
			g.tries.giveBack(from, now) // nobody knows whether it was wrong
			return t, "", err
		case !known:
			g.recent.forget(id)
			return t, "no such token", unauthorized(wrongToken)
		case !fits(t, secret):
			return t, "wrong secret of " + nameOf(t), unauthorized(wrongToken)
		}
		g.recent.keep(t, now)
	}
	if !t.Expires.IsZero() && !now.Before(t.Expires) {
		g.recent.forget(id)
		return t, nameOf(t) + " has expired", unauthorized(wrongToken)
	}
	if !good {
		g.tries.giveBack(from, now)
	}
	return t, "", nil
}

func nameOf(t store.Token) string {
	if t.User != "" {
		return "the session of " + t.User
	}
	return "token " + t.Name
}

// Allow says whether somebody may do something: within the scopes of their token, and by the rules. Whoever is at the Unix
// socket may do everything: who may open it may write the store too, and it is the way back in for those who are locked out.
func (g *Gate) Allow(ctx context.Context, who Identity, ask Ask, now time.Time) error {
	if who.Kind == BySocket {
		return nil
	}
	allowed, reason, err := false, "", error(nil)
	if covers(who.Scopes, ask.Action, ask.Service) {
		allowed, reason, err = g.rules.Authorize(ctx, who, ask)
	} else {
		reason = fmt.Sprintf("the token's scopes, %s, do not include %s", strings.Join(who.Scopes, " "), whole(ask))
	}
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil: // whoever asked has gone
		return err
	case err != nil:
		reason = "the rules of access give no usable answer; see the daemon's log"
	case allowed:
		return nil
	}
	noted := g.notes.refused(ctx, who.Actor(), who.From, reason, wanted(ask), now)
	if err != nil && noted {
		g.log.Error("access is refused, because the rules of access give no usable answer", "action", ask.Action, "operation", ask.Operation, "error", err)
	}
	if who.Kind == Anonymous {
		return unauthorized(needsToken)
	}
	return forbidden(reason)
}

// whole is what somebody wants, in terms of scopes.
func whole(ask Ask) string {
	if ask.Service == "" {
		return ask.Action
	}
	return ask.Action + " of " + ask.Service
}

// wanted is what somebody wants, for the audit log.
func wanted(ask Ask) string {
	text := ask.Action
	if ask.Method != "" {
		text += fmt.Sprintf(" (%s %.200s)", ask.Method, ask.Path)
	}
	return text
}

// status is that of a Refused; 0: it is another error.
func status(err error) int {
	if r := (Refused{}); errors.As(err, &r) {
		return r.Status
	}
	return 0
}
