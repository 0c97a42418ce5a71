package api

import (
	"context"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/store"
)

func TestAccountsOverTheSocket(t *testing.T) {
	p := &paper{}
	c, err := Dial(serve(t, p))
	if err != nil {
		t.Fatal(err)
	}
	defer c.http.CloseIdleConnections()
	ask := TokenAsk{Name: "ci", Role: "operator", Scopes: []string{"push:web"}, Seconds: 60, Actor: "ana"}
	if made, err := c.CreateToken(t.Context(), ask); err != nil || !reflect.DeepEqual(p.token, ask) || made.Secret != "secret" || made.Token.Name != "ci" {
		t.Errorf("create: %+v, asked %+v, %v", made, p.token, err)
	}
	if all, err := c.Tokens(t.Context()); err != nil || len(all) != 1 || all[0].Name != "ci" {
		t.Errorf("list: %+v, %v", all, err)
	}
	if got, err := c.RevokeToken(t.Context(), "my token/1", "ana"); err != nil || got.ID != "my token/1" || p.actor != "ana" {
		t.Errorf("revoke: %+v by %q, %v", got, p.actor, err)
	}
	for _, ask := range []UserAsk{
		{Email: "ana+1@example.org", New: true, Password: "correct horse battery", Role: "viewer", Actor: "ben"},
		{Email: "ana+1@example.org", Role: "admin", Actor: "ben"},
	} {
		if got, err := c.PutUser(t.Context(), ask); err != nil || p.user != ask || got.Role != ask.Role {
			t.Errorf("put: %+v, asked %+v, %v", got, p.user, err)
		}
	}
	if all, err := c.Users(t.Context()); err != nil || len(all) != 1 || all[0].Email != "ana@example.org" {
		t.Errorf("users: %+v, %v", all, err)
	}
	if got, err := c.RemoveUser(t.Context(), "ana+1@example.org", "ben"); err != nil || got.Email != "ana+1@example.org" || p.actor != "ben" {
		t.Errorf("remove: %+v by %q, %v", got, p.actor, err)
	}
}

// all lets everybody do everything.
type all struct{}

func (all) Authorize(context.Context, auth.Identity, auth.Ask) (bool, string, error) {
	return true, "", nil
}

// ivans is a place where ivan is an admin.
type ivans struct{ paper }

func (*ivans) Users(context.Context) ([]User, error) {
	return []User{{Email: "ivan@example.org", Role: auth.Admin}}, nil
}

// Who is meant is who the change will be of, however the email is written.
func TestNobodyTakesAnAdminByAnotherSpelling(t *testing.T) {
	p := &ivans{}
	accounts := &ledgerOfAccess{tokens: map[string]store.Token{}, users: map[string]store.User{}}
	operator, secret := auth.Make(auth.NewToken{Name: "o", Role: auth.Operator}, "test", time.Now())
	accounts.tokens[operator.ID] = operator
	log := slog.New(slog.DiscardHandler)
	gate := auth.NewGate(auth.Settings{Accounts: accounts, Rules: all{}, Log: log, Note: func(context.Context, store.Entry) {}})
	h := Server{Flyball: p, Gate: gate, Log: log, Clock: time.Now, Hub: &Hub{}}.Handler()
	for _, email := range []string{"ivan@example.org", "IVAN@example.org", "%C4%B0van@example.org", "%20ivan@example.org%20"} {
		w := ask(h, "PUT", "users/"+email, secret, `{"password": "correct horse battery"}`)
		if w.Code != 403 || p.user != (UserAsk{}) {
			t.Errorf("%s: %d %s, asked %+v", email, w.Code, w.Body, p.user)
		}
	}
}

// Where the rules of access let others than admins at the accounts, nobody makes of that more than they have.
func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	accounts := &ledgerOfAccess{tokens: map[string]store.Token{}, users: map[string]store.User{}}
	operator, asOperator := auth.Make(auth.NewToken{Name: "o", Role: auth.Operator}, "test", time.Now())
	scoped, asScoped := auth.Make(auth.NewToken{Name: "s", Role: auth.Admin, Scopes: []string{"accounts", "push:web"}}, "test", time.Now())
	accounts.tokens[operator.ID], accounts.tokens[scoped.ID] = operator, scoped
	log := slog.New(slog.DiscardHandler)
	gate := auth.NewGate(auth.Settings{Accounts: accounts, Rules: all{}, Log: log, Note: func(context.Context, store.Entry) {}})
	h := Server{Flyball: &paper{}, Gate: gate, Log: log, Clock: time.Now, Hub: &Hub{}}.Handler() // where ana is an admin
	const secret = `"password": "correct horse battery"`
	for _, c := range []struct {
		name, method, path, as, body string
		status                       int
		want                         string
	}{
		{"a token of the same role", "POST", "tokens", asOperator, `{"name": "x", "role": "operator"}`, 201, `"secret":"secret"`},
		{"a token of a higher role", "POST", "tokens", asOperator, `{"name": "x", "role": "admin"}`, 403, "role admin is above operator"},
		{"a person of a higher role", "POST", "users", asOperator, `{"email": "ev@example.org", "role": "admin", ` + secret + `}`, 403, "role admin is above operator"},
		{"a person of the least", "POST", "users", asOperator, `{"email": "ev@example.org", ` + secret + `}`, 201, `"success":true`},
		{"the password of an admin", "PUT", "users/Ana@example.org", asOperator, `{` + secret + `}`, 403, "role admin is above operator"},
		{"a scope that it has", "POST", "tokens", asScoped, `{"name": "x", "role": "admin", "scopes": ["push:web"]}`, 201, `"secret":"secret"`},
		{"a scope that it has not", "POST", "tokens", asScoped, `{"name": "x", "scopes": ["push"]}`, 403, "which does not include push"},
		{"no scopes", "POST", "tokens", asScoped, `{"name": "x"}`, 403, "this would be for everything"},
		{"a person, who has no scopes", "POST", "users", asScoped, `{"email": "ev@example.org", ` + secret + `}`, 403, "this would be for everything"},
		{"the password of a person", "PUT", "users/ana@example.org", asScoped, `{` + secret + `}`, 403, "this would be for everything"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if w := ask(h, c.method, c.path, c.as, c.body); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%d %s, want %d with %s", w.Code, w.Body, c.status, c.want)
			}
		})
	}
}
