package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

func TestIdentify(t *testing.T) {
	w := newWorld(t)
	token, secret := w.makes(NewToken{Name: "ci", Role: Operator, Scopes: []string{"push:web"}, Expires: start.Add(time.Hour)})
	who, err := w.Identify(t.Context(), secret, home, w.now)
	if err != nil || who.Kind != ByToken || who.Actor() != "token ci" || who.Role != Operator || len(who.Scopes) != 1 || who.Token != token.ID || who.From != home {
		t.Errorf("got %+v, %v", who, err)
	}
	if who, err := w.Identify(t.Context(), "", home, w.now); err != nil || who.Kind != Anonymous || who.Role != "" {
		t.Errorf("got %+v, %v", who, err)
	}
	other, _ := newSecret()
	for name, c := range map[string]struct{ secret, want string }{
		"cut off":       {secret[:40], "the token is not one of flyball's: its last part has"},
		"another's":     {"ghp_12345", "it does not begin with flyball_"},
		"a wrong key":   {secret[:len(secret)-1] + string("ab"[strings.Count(secret[len(secret)-1:], "a")]), wrongToken},
		"an unknown id": {"flyball_" + other + secret[len("flyball_")+idLength:], wrongToken},
		"the admin's":   {"0123456789abcdef0123456789abcdef", wrongToken},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Identify(t.Context(), c.secret, home, w.now)
			if r := w.refuses(err, 401, c.want); strings.Contains(r.Detail, "ci") && name != "cut off" || strings.Contains(r.Detail, secret[25:]) {
				t.Errorf("%q tells too much", r.Detail)
			}
		})
	}
}

func TestTokenEnds(t *testing.T) {
	w := newWorld(t)
	token, secret := w.makes(NewToken{Name: "ci", Role: Viewer, Expires: start.Add(time.Hour)})
	if _, err := w.Identify(t.Context(), secret, home, start.Add(time.Hour-1)); err != nil {
		t.Error(err)
	}
	_, err := w.Identify(t.Context(), secret, home, start.Add(time.Hour))
	w.refuses(err, 401, wrongToken)
	if got := w.noted(); len(got) != 1 || got[0] != "anonymous: refused from 192.0.2.1: token ci has expired" {
		t.Errorf("the audit log has %q", got)
	}

	token, secret = w.makes(NewToken{Name: "other", Role: Viewer})
	if _, err := w.Identify(t.Context(), secret, home, w.now); err != nil {
		t.Fatal(err)
	}
	if _, err := w.RemoveToken(t.Context(), token.ID, store.Entry{}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Identify(t.Context(), secret, home, w.now.Add(recentTime))
	w.refuses(err, 401, wrongToken)
}

func TestStoreIsAskedOnceASecond(t *testing.T) {
	w := newWorld(t)
	_, secret := w.makes(NewToken{Name: "ci", Role: Viewer})
	for range 50 {
		if _, err := w.Identify(t.Context(), secret, home, w.now); err != nil {
			t.Fatal(err)
		}
	}
	if w.asked != 1 {
		t.Errorf("the store was asked %d times", w.asked)
	}
	for i := range 3 * recentMost {
		token, secret := Make(NewToken{Name: "ci", Role: Viewer}, "anna", w.now)
		w.accounts.tokens[token.ID] = token
		if _, err := w.Identify(t.Context(), secret, address(i), w.now); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.recent.tokens); n > recentMost {
		t.Errorf("%d tokens are kept", n)
	}
}

func TestStoreCannotBeAsked(t *testing.T) {
	w := newWorld(t)
	_, secret := w.makes(NewToken{Name: "ci", Role: Viewer})
	w.broken = store.ErrUnavailable
	for range 100 { // which is nobody's fault
		if _, err := w.Identify(t.Context(), secret, home, w.now); !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if _, _, err := w.Login(t.Context(), "anna@example.org", good, home, w.now); !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
}

func TestWrongTokensAreLimited(t *testing.T) {
	w := newWorld(t)
	_, secret := w.makes(NewToken{Name: "ci", Role: Viewer})
	_, late := w.makes(NewToken{Name: "late", Role: Viewer})
	if _, err := w.Identify(t.Context(), secret, home, w.now); err != nil {
		t.Fatal(err)
	}
	wrong := func() error {
		_, bad := newSecret()
		_, err := w.Identify(t.Context(), bad, home, w.now)
		return err
	}
	for range 20 {
		w.refuses(wrong(), 401, wrongToken)
	}
	asked := w.asked
	for range 1000 {
		w.refuses(wrong(), 429, "too many wrong tokens from this address; try again in 3s")
	}
	if w.asked != asked {
		t.Error("the store is asked for tokens of an address that has tried too many")
	}
	if _, err := w.Identify(t.Context(), secret, home, w.now.Add(time.Minute/2)); err != nil {
		t.Errorf("one that was good is held up: %v", err)
	}
	_, err := w.Identify(t.Context(), late, home, w.now)
	w.refuses(err, 429, "")
	if _, err := w.Identify(t.Context(), late, address(1), w.now); err != nil {
		t.Errorf("another address is held up: %v", err)
	}
	if got := w.noted(); len(got) != 2 {
		t.Errorf("the audit log has %q", got)
	}
}

func TestRequestsAreLimited(t *testing.T) {
	w := newWorld(t)
	_, secret := w.makes(NewToken{Name: "ci", Role: Viewer})
	_, other := w.makes(NewToken{Name: "other", Role: Viewer})
	for _, bearer := range []string{secret, ""} {
		for range 100 {
			if _, err := w.Identify(t.Context(), bearer, home, w.now); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.Identify(t.Context(), bearer, home, w.now)
		w.refuses(err, 429, "too many requests with")
	}
	if _, err := w.Identify(t.Context(), other, home, w.now); err != nil {
		t.Error(err)
	}
	if _, err := w.Identify(t.Context(), secret, home, w.now.Add(20*time.Millisecond)); err != nil {
		t.Error(err)
	}
}

func TestAllow(t *testing.T) {
	push := Ask{Action: Push, Operation: "push", Method: "POST", Path: "/api/autoscaling/metrics/web\nx", Service: "web"}
	for name, c := range map[string]struct {
		who    Identity
		rules  error
		status int
		detail string
		noted  string
	}{
		"by the rules":       {Identity{Kind: ByToken, Name: "ci", Role: Operator}, nil, 0, "", ""},
		"within the scope":   {Identity{Kind: ByToken, Name: "ci", Role: Operator, Scopes: []string{"push:web"}}, nil, 0, "", ""},
		"beyond the scope":   {Identity{Kind: ByToken, Name: "ci", Role: Admin, Scopes: []string{"push:api", "read"}, From: home}, nil, 403, "the token's scopes, push:api read, do not include push of web", "token ci: push (POST /api/autoscaling/metrics/web x), refused from 192.0.2.1: the token's scopes, push:api read, do not include push of web"},
		"beyond the role":    {Identity{Kind: BySession, Name: "anna@example.org", Role: Viewer, Scopes: []string{"push"}, From: home}, nil, 403, "role viewer", "anna@example.org: push (POST /api/autoscaling/metrics/web x), refused from 192.0.2.1: role viewer"},
		"anonymous":          {Identity{Kind: Anonymous}, nil, 401, needsToken, "anonymous: push (POST /api/autoscaling/metrics/web x), refused from an unknown address: role"},
		"the rules break":    {Identity{Kind: ByToken, Name: "ci", Role: Admin}, errors.New("secret detail"), 403, "the rules of access give no usable answer; see the daemon's log", "token ci: push (POST /api/autoscaling/metrics/web x), refused from an unknown address: the rules of access give no usable answer; see the daemon's log"},
		"at the socket":      {Identity{Kind: BySocket, Name: "root"}, errors.New("broken"), 0, "", ""},
		"nobody in any kind": {Identity{}, errors.New("broken"), 403, "", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules = byRole{c.rules}
			err := w.Allow(t.Context(), c.who, push, w.now)
			if c.status == 0 {
				if got := w.noted(); err != nil || len(got) > 0 {
					t.Errorf("got %v, and %q", err, got)
				}
				return
			}
			w.refuses(err, c.status, c.detail)
			if got := w.noted(); len(got) != 1 || !strings.Contains(got[0], c.noted) {
				t.Errorf("the audit log has %q, want %q", got, c.noted)
			}
		})
	}
}

func TestWhoeverAskedHasGone(t *testing.T) {
	w := newWorld(t)
	w.rules = byRole{context.Canceled}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := w.Allow(gone, Identity{Kind: ByToken, Role: Admin}, Ask{Action: Read}, w.now); !errors.Is(err, context.Canceled) || len(w.noted()) > 0 {
		t.Errorf("got %v, and %q", err, w.noted())
	}
}

// Brute force leaves a line a minute in the audit log, with a count; a million addresses no more than one each second.
func TestBruteForceDoesNotFillTheAuditLog(t *testing.T) {
	w := newWorld(t)
	who := Identity{Kind: ByToken, Name: "ci", Role: Viewer, From: home}
	for i := range 6000 {
		w.Allow(t.Context(), who, Ask{Action: Scale}, w.now.Add(time.Duration(i)*10*time.Millisecond))
	}
	w.Allow(t.Context(), who, Ask{Action: Scale}, w.now.Add(time.Minute))
	want := []string{
		"token ci: scale, refused from 192.0.2.1: role viewer",
		"token ci: scale, refused from 192.0.2.1: role viewer; and 5999 times more that are not noted",
	}
	if got := w.noted(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the audit log has %q, want %q", got, want)
	}

	w = newWorld(t)
	const tries = 20_000
	for i := range tries {
		who.From = address(i)
		w.Allow(t.Context(), who, Ask{Action: Scale}, w.now.Add(time.Duration(i)*5*time.Millisecond)) // 100 s
	}
	if n := len(w.noted()); n < noteAll || n > noteAll+101 {
		t.Errorf("the audit log has %d entries", n)
	}
	if n := len(w.notes.told); n > noteMost {
		t.Errorf("%d addresses are kept", n)
	}
	told := 0
	for _, line := range w.noted() {
		more := 0
		if _, count, found := strings.Cut(line, "; and "); found {
			fmt.Sscan(count, &more)
		}
		told += 1 + more
	}
	for _, n := range w.notes.told {
		told += n.left
	}
	if told += w.notes.other; told != tries {
		t.Errorf("%d of %d are told", told, tries)
	}
}
