package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

func TestLogin(t *testing.T) {
	w := newWorld(t)
	w.adds("anna@example.org", Operator)
	secret, session, err := w.Login(t.Context(), " Anna@example.org", good, home, w.now)
	if err != nil || session.User != "anna@example.org" || !session.Expires.Equal(start.Add(12*time.Hour)) {
		t.Fatalf("got %+v, %v", session, err)
	}
	who, err := w.Identify(t.Context(), secret, home, w.now)
	if err != nil || who.Kind != BySession || who.Actor() != "anna@example.org" || who.Role != Operator {
		t.Fatalf("got %+v, %v", who, err)
	}
	if err := w.Logout(t.Context(), who, w.now); err != nil {
		t.Fatal(err)
	}
	_, err = w.Identify(t.Context(), secret, home, w.now)
	w.refuses(err, 401, wrongToken)
	want := []string{"anna@example.org: logged in from 192.0.2.1", "anna@example.org: logged out from 192.0.2.1"}
	if got := w.noted()[:2]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the audit log has %q, want %q", got, want)
	}
	w.refuses(w.Logout(t.Context(), Identity{Kind: ByToken, Name: "ci"}, w.now), 400, "there is no session to end")
}

func TestWrongLogin(t *testing.T) {
	for name, c := range map[string]struct{ email, password, actor string }{
		"a wrong password": {"anna@example.org", good + ".", "anna@example.org"},
		"nobody":           {"bert@example.org", good, "bert@example.org"},
		"no email":         {good, good, "anonymous"}, // in the wrong field
		"empty":            {"", "", "anonymous"},
		"endless":          {"anna@example.org", strings.Repeat("a", 1<<20), "anna@example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.adds("anna@example.org", Operator)
			_, _, err := w.Login(t.Context(), c.email, c.password, home, w.now)
			w.refuses(err, 401, wrongLogin)
			if got := w.noted(); len(got) != 1 || got[0] != c.actor+": login, refused from 192.0.2.1: wrong email or password" {
				t.Errorf("the audit log has %q", got)
			}
		})
	}
}

func TestLoginsAreLimited(t *testing.T) {
	w := newWorld(t)
	w.adds("anna@example.org", Operator)
	wrong := func(email string, from From) error {
		_, _, err := w.Login(t.Context(), email, strings.Repeat("a", mostPassword+1), from, w.now) // which costs no time
		return err
	}
	for i := range 5 { // of one address
		w.refuses(wrong(fmt.Sprintf("%d@example.org", i), home), 401, wrongLogin)
	}
	w.refuses(wrong("bert@example.org", home), 429, "too many logins; try again in 12s")
	for range 50 { // which must not keep her out elsewhere
		w.refuses(wrong("anna@example.org", home), 429, "")
	}
	for i := range 5 { // of one person
		w.refuses(wrong("anna@example.org", address(i)), 401, wrongLogin)
	}
	w.refuses(wrong("anna@example.org", address(6)), 429, "too many logins")
	_, _, err := w.Login(t.Context(), "anna@example.org", good, address(7), w.now)
	w.refuses(err, 429, "too many logins")
	for range 7 { // who gets it right is not counted
		if _, _, err := w.Login(t.Context(), "anna@example.org", good, address(8), w.now.Add(12*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever is changed or removed while they log in has no session afterwards: the change has ended those that were there by then.
func TestAPersonChangesDuringTheirLogin(t *testing.T) {
	for name, change := range map[string]func(w *world, u store.User) error{
		"another password": func(w *world, u store.User) error {
			u.Hash += "x"
			return w.PutUser(t.Context(), u, store.Entry{})
		},
		"another role": func(w *world, u store.User) error {
			u.Role = Viewer
			return w.PutUser(t.Context(), u, store.Entry{})
		},
		"removed": func(w *world, u store.User) error {
			_, err := w.RemoveUser(t.Context(), u.Email, store.Entry{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.adds("anna@example.org", Operator)
			w.accounts.before = func() {
				if err := change(w, w.users["anna@example.org"]); err != nil {
					t.Error(err)
				}
			}
			secret, _, err := w.Login(t.Context(), "anna@example.org", good, home, w.now)
			w.refuses(err, 401, wrongLogin)
			if len(w.accounts.tokens) > 0 || secret != "" {
				t.Errorf("a session is left: %v", w.accounts.tokens)
			}
		})
	}
}

// Logins that succeed are bounded too, else a viewer fills the store.
func TestSessionsAreLimited(t *testing.T) {
	w := newWorld(t)
	w.adds("anna@example.org", Operator)
	var err error
	for range 30 {
		if _, _, err = w.Login(t.Context(), "anna@example.org", good, home, w.now); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = w.Login(t.Context(), "anna@example.org", good, home, w.now)
	w.refuses(err, 429, "too many logins that succeed")
	if _, _, err = w.Login(t.Context(), "anna@example.org", good, home, w.now.Add(30*time.Second)); err != nil {
		t.Error(err)
	}
}

// While the store can't be asked nobody is wrong.
func TestTheStoreIsAwayAtALogin(t *testing.T) {
	w := newWorld(t)
	w.adds("anna@example.org", Operator)
	w.broken = store.ErrUnavailable
	for range 20 {
		if _, _, err := w.Login(t.Context(), "anna@example.org", good, home, w.now); !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	w.broken = nil
	if _, _, err := w.Login(t.Context(), "anna@example.org", good, home, w.now); err != nil {
		t.Error(err)
	}
}

// What is stored as a password and is none lets nobody in, and is nobody's wrong password.
func TestStoredPasswordIsBroken(t *testing.T) {
	w := newWorld(t)
	w.adds("anna@example.org", Operator)
	u := w.users["anna@example.org"]
	u.Hash = "plain"
	w.users[u.Email] = u
	if _, _, err := w.Login(t.Context(), u.Email, "plain", home, w.now); err == nil || status(err) != 0 {
		t.Errorf("got %v", err)
	}
}
