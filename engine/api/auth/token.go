package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// NewToken is what somebody wants a token to be.
type NewToken struct {
	Name    string
	Role    string
	Scopes  []string
	Expires time.Time // zero: never
}

const (
	mostName   = 100 // characters
	mostScopes = 100
)

// Check says what is wrong with it.
func (n NewToken) Check(now time.Time) error {
	if err := checkName(n.Name); err != nil {
		return err
	}
	if err := CheckRole(n.Role); err != nil {
		return err
	}
	if len(n.Scopes) > mostScopes {
		return fmt.Errorf("there are %d scopes; allowed are %d at most", len(n.Scopes), mostScopes)
	}
	for _, s := range n.Scopes {
		if err := CheckScope(s); err != nil {
			return err
		}
	}
	if !n.Expires.IsZero() && !n.Expires.After(now) {
		return fmt.Errorf("expires is %s, which is over", n.Expires.Format(time.RFC3339))
	}
	return nil
}

func checkName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(name) == "":
		return errors.New("name is empty; say what the token is for, such as ci")
	case name != strings.TrimSpace(name), strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("name %.100q has blanks around it, or what can't be printed", name)
	case n > mostName:
		return fmt.Errorf("name has %d characters; allowed are %d at most", n, mostName)
	}
	return nil
}

// CheckRole says that a role is none.
func CheckRole(role string) error {
	if slices.Contains(Roles(), role) {
		return nil
	}
	hint := ""
	if near := engine.Nearest(role, Roles()); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("role is %.50q; allowed are %s%s", role, strings.Join(Roles(), ", "), hint)
}

// Make makes a token, and the secret that whoever is to use it must be told: it is kept nowhere.
func Make(n NewToken, actor string, now time.Time) (store.Token, string) {
	id, secret := newSecret()
	return store.Token{
		ID: id, Hash: hashOf(secret), Name: n.Name, Role: n.Role, Scopes: n.Scopes, Created: now, Actor: actor, Expires: n.Expires,
	}, secret
}
