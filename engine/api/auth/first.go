package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

const (
	firstTime = 24 * time.Hour // that the first token is valid
	givenID   = "admin"        // of the token whose secret the operator has thought of
	givenName = "api.adminToken"
)

// FirstToken sees to it that somebody can get in.
//
// Where the operator gives a secret, it is that of an admin token until another one, or none, is given. Else, where there is no
// token and no person, an admin token is made, and its secret is to be shown, once: it is kept nowhere.
func FirstToken(ctx context.Context, accounts store.Accounts, given string, now time.Time) (secret string, err error) {
	kept, known, err := accounts.Token(ctx, givenID)
	if err != nil {
		return "", err
	}
	note := func(message string) store.Entry {
		return store.Entry{At: now, Actor: "flyball", Kind: store.OfAccess, Message: message}
	}
	switch {
	case given != "" && known && fits(kept, given):
		return "", nil
	case given != "":
		message := "admin token " + givenName + " is that of the config"
		if known {
			message += ", in the place of another one"
		}
		t := store.Token{ID: givenID, Hash: hashOf(given), Name: givenName, Role: Admin, Created: now, Actor: "flyball"}
		return "", accounts.PutToken(ctx, t, note(message))
	case known:
		if _, err := accounts.RemoveToken(ctx, givenID, note("admin token "+givenName+" ends: the config has none any more")); err != nil {
			return "", err
		}
	}
	tokens, err := accounts.Tokens(ctx)
	if err != nil || len(tokens) > 0 {
		return "", err
	}
	people, err := accounts.Users(ctx)
	if err != nil || len(people) > 0 {
		return "", err
	}
	t, secret := Make(NewToken{Name: "first", Role: Admin, Expires: now.Add(firstTime)}, "flyball", now)
	return secret, accounts.PutToken(ctx, t, note(fmt.Sprintf("admin token %s was made, valid for %s, for there was nobody who might do anything", t.Name, engine.Short(firstTime))))
}

// CheckGiven says what is wrong with a secret that an operator has thought of, without showing any of it.
func CheckGiven(secret string) error {
	const least, most, different = 32, 256, 10
	letters := map[rune]bool{}
	for _, r := range secret {
		if letters[r] = true; r <= ' ' || r > '~' {
			return fmt.Errorf("it has a blank, or a character beyond ASCII; %s", fresh)
		}
	}
	switch {
	case strings.HasPrefix(secret, secretPrefix):
		return fmt.Errorf("it begins with %s, as the tokens that flyball makes; %s", secretPrefix, fresh)
	case len(secret) < least || len(secret) > most:
		return fmt.Errorf("it has %d characters; allowed are %d to %d; %s", len(secret), least, most, fresh)
	case len(letters) < different:
		return fmt.Errorf("it has %d different characters only; %s", len(letters), fresh)
	}
	return nil
}

const fresh = "openssl rand -hex 32 makes a good one"

// idOf is the id of the token that a secret may be of: in it, or that of the operator's own.
func idOf(secret string) (string, error) {
	if !strings.HasPrefix(secret, secretPrefix) && CheckGiven(secret) == nil {
		return givenID, nil
	}
	return parseSecret(secret)
}
