package api

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/store"
)

// A scope is of a service. A policy that is called so, and is of another service, is not within it, nor is a decision of another
// service that is asked for by its number.
func TestAScopeEndsAtItsService(t *testing.T) {
	p := &paper{}
	h, tokens := gated(t, p)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"a policy with the name of the scope's service", "POST", "test/shop", `{"replicas": 3}`, 403, "do not include scale of db"},
		{"the policy of the service, by its name", "POST", "test/front", `{"replicas": 3}`, 403, "do not include scale of front"},
		{"a rollback of it", "POST", "rollback/shop", "", 403, "do not include scale of db"},
		{"a pause of it", "POST", "pause", `{"service": "shop", "reason": "a sale"}`, 403, "do not include pause of shop"},
		{"its own decision", "GET", "explain/web", "", 200, `"success":true`},
		{"a decision of another service, by its number", "GET", "explain/web?decision=9", "", 403, "do not include read of db"},
		{"a decision of another service, by its event", "GET", "explain/web?event=db-1", "", 403, "do not include read of db"},
		{"all services", "GET", "explain?decision=7", "", 403, "do not include read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			*p = paper{explained: map[bool]string{true: "db"}[strings.Contains(c.path, "?")]}
			w := ask(h, c.method, c.path, tokens["of web"], c.body)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || c.status == 403 && len(p.asked) > 0 {
				t.Errorf("%d %s, want %d with %s; asked %v", w.Code, w.Body, c.status, c.want, p.asked)
			}
		})
	}
}

// A browser keeps the cookie of a session that has ended, and no script can take it away: who logs in anew is not held up by it.
func TestLoginWithAnOldCookie(t *testing.T) {
	h, _ := gated(t, &paper{})
	_, cookie := login(t, h)
	if w := ask(h, "POST", "/api/auth/logout", "", "", "Cookie", cookie.String()); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	body := `{"email": "ana@example.com", "password": "` + password + `"}`
	if w := ask(h, "POST", "/api/auth/login", "", body, "Cookie", cookie.String()); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A cookie of a site that is seen by TLS is not sent without it, whoever ends the TLS.
func TestCookieBehindAProxy(t *testing.T) {
	h, _ := gated(t, &paper{})
	body := `{"email": "ana@example.com", "password": "` + password + `"}`
	for proto, secure := range map[string]bool{"": false, "http": false, "https": true} {
		w := ask(h, "POST", "/api/auth/login", "", body, "X-Forwarded-Proto", proto)
		if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].Secure != secure {
			t.Errorf("by %q: %v", proto, cookies)
		}
	}
}

func TestSeveralAuthorizations(t *testing.T) {
	h, tokens := gated(t, &paper{})
	for _, both := range [][]string{{"Bearer " + tokens["admin"], "Bearer nonsense"}, {"", "Bearer " + tokens["admin"]}} {
		r := httptest.NewRequest("GET", root+"status", nil)
		r.Header["Authorization"] = both
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 400 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

// While nobody knows who asks, nobody learns where the store is.
func TestWhereTheStoreIsWhileNobodyIsKnown(t *testing.T) {
	p := &paper{fail: fmt.Errorf("redis at 10.0.0.7:6379: %w", store.ErrUnavailable)}
	h, tokens, accounts := gatedBy(t, p)
	known := ask(h, "GET", "status", tokens["viewer"], "")
	if known.Code != 503 || !strings.Contains(known.Body.String(), "10.0.0.7") {
		t.Errorf("who may read: %d %s", known.Code, known.Body)
	}
	accounts.fail = p.fail
	of := map[string]string{
		"a token":  ask(h, "GET", "status", tokens["operator"], "").Body.String(),
		"a guess":  ask(h, "GET", "status", "flyball_aaaaaaaaaaaaa_"+strings.Repeat("b", 52), "").Body.String(),
		"a login":  ask(h, "POST", "/api/auth/login", "", `{"email": "ana@example.com", "password": "`+password+`"}`).Body.String(),
		"a myself": ask(h, "GET", "/api/auth/me", tokens["admin"], "").Body.String(),
	}
	for who, text := range of {
		if strings.Contains(text, "10.0.0.7") || !strings.Contains(text, "the store can't be reached") {
			t.Errorf("%s: %s", who, text)
		}
	}
	for _, w := range []*httptest.ResponseRecorder{known, ask(h, "GET", "status", tokens["operator"], "")} {
		if w.Code != 503 || w.Header().Get("Retry-After") != "5" {
			t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
	}
}
