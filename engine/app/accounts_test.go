package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

const sesame = "correct horse battery staple"

// refuses fails where an error is not a refusal of a status, with such words.
func refuses(t *testing.T, err error, status int, words string) {
	t.Helper()
	var r api.Refusal
	if !errors.As(err, &r) || r.Status != status || !strings.Contains(r.Detail, words) {
		t.Errorf("got %v, want %d with %q", err, status, words)
	}
}

// accountsOf are those of a new store.
func accountsOf(t *testing.T) accounts {
	t.Helper()
	o, _ := place(t)
	ledger, err := openStore(o.filled(schema.Config{}), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Shutdown() })
	return accounts{ledger, time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
}

func TestTokens(t *testing.T) {
	a := accountsOf(t)
	made, err := a.create(t.Context(), api.TokenAsk{Name: "ci", Role: "operator", Scopes: []string{"push:web"}, Seconds: 3600, Actor: "ana"})
	if err != nil || !strings.HasPrefix(made.Secret, "flyball_"+made.Token.ID+"_") || !made.Token.Expires.Equal(a.now.Add(time.Hour)) || made.Token.Actor != "ana" {
		t.Fatalf("got %+v, %v", made, err)
	}
	if plain, err := a.create(t.Context(), api.TokenAsk{Name: "plain", Actor: "ana"}); err != nil || plain.Token.Role != auth.Viewer || plain.Token.Expires != nil {
		t.Errorf("got %+v, %v", plain, err)
	}
	_, err = a.create(t.Context(), api.TokenAsk{Name: "ci"})
	refuses(t, err, 409, "there is a token ci already")
	_, err = a.create(t.Context(), api.TokenAsk{Name: "other", Seconds: -1})
	refuses(t, err, 400, "seconds is -1")
	_, err = a.create(t.Context(), api.TokenAsk{Name: "other", Seconds: 1e300})
	refuses(t, err, 400, "seconds is 1e+300")
	_, err = a.create(t.Context(), api.TokenAsk{Name: "other", Scopes: []string{"psuh"}})
	refuses(t, err, 400, `did you mean "push"?`)
	_, err = a.revoke(t.Context(), "plian", "ana")
	refuses(t, err, 404, `did you mean "plain"?`)
	if got, err := a.revoke(t.Context(), "plain", "ana"); err != nil || got.Name != "plain" {
		t.Errorf("got %+v, %v", got, err)
	}
	a.now = a.now.Add(time.Hour)
	if all, err := a.tokens(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("it has expired: %+v, %v", all, err)
	}
	if again, err := a.create(t.Context(), api.TokenAsk{Name: "ci"}); err != nil || again.Token.ID == made.Token.ID {
		t.Errorf("got %+v, %v", again, err)
	} else if got, err := a.revoke(t.Context(), again.Token.ID, "ana"); err != nil || got.Name != "ci" {
		t.Errorf("by its id: %+v, %v", got, err)
	}
}

func TestUsers(t *testing.T) {
	a := accountsOf(t)
	if got, err := a.put(t.Context(), api.UserAsk{Email: "Ana@example.org", New: true, Password: sesame, Actor: "root"}); err != nil || got.Email != "ana@example.org" || got.Role != auth.Viewer {
		t.Fatalf("got %+v, %v", got, err)
	}
	session, _ := auth.Make(auth.NewToken{Name: "session", Role: auth.Viewer}, "ana", a.now)
	session.User = "ana@example.org"
	if err := a.PutToken(t.Context(), session, store.Entry{At: a.now, Kind: store.OfAccess, Actor: "ana", Message: "logged in"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ask    api.UserAsk
		status int
		want   string
	}{
		{api.UserAsk{Email: "ana@example.org", New: true, Password: sesame}, 409, "ana@example.org is there already"},
		{api.UserAsk{Email: "ben@example.org", New: true, Password: "short"}, 400, "the password has 5 characters; allowed is 8 or more"},
		{api.UserAsk{Email: "ben@example.org", New: true}, 400, "the password has 0 characters"},
		{api.UserAsk{Email: "ben", New: true, Password: sesame}, 400, `"ben" is not an email address`},
		{api.UserAsk{Email: "ben@example.org", New: true, Password: sesame, Role: "root"}, 400, `role is "root"`},
		{api.UserAsk{Email: "anna@example.org", Password: sesame}, 404, `did you mean "ana@example.org"?`},
		{api.UserAsk{Email: "ana@example.org"}, 400, "neither password nor role"},
	} {
		_, err := a.put(t.Context(), c.ask)
		refuses(t, err, c.status, c.want)
	}
	before, _, err := a.User(t.Context(), "ana@example.org")
	if err != nil {
		t.Fatal(err)
	}
	a.now = a.now.Add(time.Minute)
	if got, err := a.put(t.Context(), api.UserAsk{Email: "ana@example.org", Role: auth.Admin, Actor: "ben"}); err != nil || got.Role != auth.Admin || !got.Created.Equal(before.Created) || got.Actor != "ben" {
		t.Errorf("got %+v, %v", got, err)
	}
	after, _, err := a.User(t.Context(), "ana@example.org")
	if err != nil || after.Hash != before.Hash {
		t.Errorf("another role is another password: %v", err)
	}
	if all, err := a.tokens(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("a session with the role from before goes on: %+v, %v", all, err)
	}
	_, err = a.remove(t.Context(), "ben@example.org", "root")
	refuses(t, err, 404, "nobody with the email")
	if _, err := a.remove(t.Context(), "ana@example.org", "root"); err != nil {
		t.Error(err)
	}
	if all, err := a.users(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("got %+v, %v", all, err)
	}
	entries, err := a.Accounts.(store.Audit).Audited(t.Context(), store.Filter{Kind: store.OfAccess})
	var told []string
	for _, e := range entries {
		told = append(told, e.Actor+": "+e.Message)
	}
	want := "root: ana@example.org may log in, as viewer|ana: logged in|ben: ana@example.org has role admin in the place of viewer|root: ana@example.org may not log in any more"
	if got := strings.Join(told, "|"); err != nil || got != want {
		t.Errorf("the audit log has %s, %v, want %s", got, err, want)
	}
}
