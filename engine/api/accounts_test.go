package api

import (
	"reflect"
	"testing"
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
