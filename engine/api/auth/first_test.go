package auth

import (
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

const (
	given   = "0123456789abcdef0123456789abcdef"
	another = "fedcba9876543210fedcba9876543210"
)

func (w *world) first(given string) string {
	w.Helper()
	secret, err := FirstToken(w.Context(), w.accounts, given, w.now)
	if err != nil {
		w.Fatal(err)
	}
	return secret
}

func TestFirstToken(t *testing.T) {
	w := newWorld(t)
	secret := w.first("")
	who, err := w.Identify(t.Context(), secret, home, w.now)
	if err != nil || who.Role != Admin {
		t.Fatalf("got %+v, %v", who, err)
	}
	if again := w.first(""); again != "" {
		t.Error("a second one")
	}
	w.now = start.Add(24 * time.Hour)
	_, err = w.Identify(t.Context(), secret, home, w.now)
	w.refuses(err, 401, wrongToken)
	if again := w.first(""); again != "" {
		t.Error("another one when the first has expired")
	}

	w = newWorld(t)
	w.adds("anna@example.org", Viewer)
	if secret := w.first(""); secret != "" {
		t.Error("one where there is a person")
	}
}

func TestGivenToken(t *testing.T) {
	w := newWorld(t)
	role := func(secret string) string {
		who, _ := w.Identify(t.Context(), secret, home, w.now)
		w.now = w.now.Add(recentTime)
		return who.Role
	}
	for step, c := range []struct{ given, works, not string }{
		{given, given, another}, {given, given, another}, {another, another, given}, {given, given, another},
	} {
		if secret := w.first(c.given); secret != "" || role(c.works) != Admin || role(c.not) != "" {
			t.Errorf("step %d: got %q", step, secret)
		}
	}
	secret := w.first("")
	if role(given) != "" || role(secret) != Admin {
		t.Error("the config has none any more, and it still works, or nobody can get in")
	}
	var changes []string
	for _, e := range w.accounts.log {
		if e.Actor == "flyball" {
			changes = append(changes, e.Message)
		}
	}
	want := []string{
		"admin token api.adminToken is that of the config",
		"admin token api.adminToken is that of the config, in the place of another one",
		"admin token api.adminToken is that of the config, in the place of another one",
		"admin token api.adminToken ends: the config has none any more",
		"admin token first was made, valid for 24h, for there was nobody who might do anything",
	}
	if fmt.Sprint(changes) != fmt.Sprint(want) {
		t.Errorf("the audit log has %q", changes)
	}
}

func TestFirstTokenOfABrokenStore(t *testing.T) {
	w := newWorld(t)
	w.broken = store.ErrUnavailable
	for _, given := range []string{"", given} {
		if secret, err := FirstToken(t.Context(), w.accounts, given, w.now); secret != "" || err == nil {
			t.Errorf("got %q, %v", secret, err)
		}
	}
}
