package api

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/store"
)

// ledgerOfAccess keeps accounts in memory, and the entries of what was done with them.
type ledgerOfAccess struct {
	mu      sync.Mutex
	tokens  map[string]store.Token
	users   map[string]store.User
	entries []store.Entry
	fail    error
}

func (l *ledgerOfAccess) note(e store.Entry) { l.entries = append(l.entries, e) }

func (l *ledgerOfAccess) Token(_ context.Context, id string) (store.Token, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, known := l.tokens[id]
	return t, known, l.fail
}

func (l *ledgerOfAccess) Tokens(context.Context) ([]store.Token, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.tokens), func(a, b store.Token) int { return cmp.Compare(a.ID, b.ID) }), nil
}

func (l *ledgerOfAccess) PutToken(_ context.Context, t store.Token, e store.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens[t.ID] = t
	l.note(e)
	return nil
}

func (l *ledgerOfAccess) RemoveToken(_ context.Context, id string, e store.Entry) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.tokens[id]
	delete(l.tokens, id)
	l.note(e)
	return known, nil
}

func (l *ledgerOfAccess) User(_ context.Context, email string) (store.User, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u, known := l.users[email]
	return u, known, l.fail
}

func (l *ledgerOfAccess) Users(context.Context) ([]store.User, error) {
	return slices.Collect(maps.Values(l.users)), nil
}

func (l *ledgerOfAccess) PutUser(_ context.Context, u store.User, e store.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users[u.Email] = u
	l.note(e)
	return nil
}

func (l *ledgerOfAccess) RemoveUser(_ context.Context, email string, e store.Entry) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.users[email]
	delete(l.users, email)
	l.note(e)
	return known, nil
}

// byRole are rules of access as short as can be: a viewer reads, an operator may all but what accounts and policies are, an admin all.
type byRole struct{}

func (byRole) Authorize(_ context.Context, who auth.Identity, ask auth.Ask) (bool, string, error) {
	switch {
	case who.Role == auth.Admin, who.Role == auth.Viewer && ask.Action == auth.Read:
		return true, "", nil
	case who.Role == auth.Operator:
		return ask.Action != auth.Accounts && ask.Action != auth.Policies, "an operator may not " + ask.Action, nil
	}
	return false, "a " + who.Role + " may not " + ask.Action, nil
}

// gated is the API as the world sees it, with a token of each role.
func gated(t testing.TB, f Flyball) (http.Handler, map[string]string) {
	t.Helper()
	h, tokens, _ := gatedBy(t, f)
	return h, tokens
}

const password = "correct horse battery"

func gatedBy(t testing.TB, f Flyball) (http.Handler, map[string]string, *ledgerOfAccess) {
	t.Helper()
	accounts := &ledgerOfAccess{tokens: map[string]store.Token{}, users: map[string]store.User{}}
	tokens := map[string]string{}
	now := time.Now()
	for _, role := range auth.Roles() {
		made, secret := auth.Make(auth.NewToken{Name: role, Role: role}, "test", now)
		accounts.tokens[made.ID], tokens[role] = made, secret
	}
	made, secret := auth.Make(auth.NewToken{Name: "web", Role: auth.Operator, Scopes: []string{"scale:web", "pause:web", "scale:shop", "read:web"}}, "test", now)
	accounts.tokens[made.ID], tokens["of web"] = made, secret
	hash, err := auth.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	accounts.users["ana@example.com"] = store.User{Email: "ana@example.com", Role: auth.Operator, Hash: hash}
	log := slog.New(slog.DiscardHandler)
	gate := auth.NewGate(auth.Settings{Accounts: accounts, Rules: byRole{}, Log: log, Note: func(_ context.Context, e store.Entry) {
		accounts.mu.Lock()
		defer accounts.mu.Unlock()
		accounts.note(e)
	}})
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("flyball_up 1\n"))
	})
	meant := func(name string) []string { return map[string][]string{"front": {"web"}, "shop": {"db"}}[name] }
	s := Server{Flyball: f, Gate: gate, Meant: meant, Log: log, Clock: time.Now, Hub: &Hub{}, Metrics: metrics}
	s.Healthy, _ = f.(Healthy)
	s.Drafts, _ = f.(Drafts)
	return s.Handler(), tokens, accounts
}

// ask asks once, with a bearer token unless that is "".
func ask(h http.Handler, method, path, token, body string, header ...string) *httptest.ResponseRecorder {
	if path[0] != '/' {
		path = root + path
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhoMayWhat(t *testing.T) {
	p := &paper{}
	h, tokens := gated(t, p)
	for _, c := range []struct {
		name, method, path, as, body string
		status                       int
		want                         string
	}{
		{"nobody", "GET", "status", "", "", 401, `"detail":"a token is needed`},
		{"what is no token", "GET", "status", "nonsense", "", 401, `the token is not one of flyball's`},
		{"a token that was made up", "GET", "status", "flyball_aaaaaaaaaaaa_" + strings.Repeat("b", 43), "", 401, ``},
		{"a viewer reads", "GET", "status", "viewer", "", 200, `"success":true`},
		{"a viewer does not scale", "POST", "test/web", "viewer", `{"replicas": 3}`, 403, `a viewer may not scale`},
		{"an operator scales", "POST", "test/web", "operator", `{"replicas": 3}`, 200, `"success":true`},
		{"an operator writes no policies", "POST", "policies", "operator", `{"name": "web"}`, 403, `may not policies`},
		{"an admin does", "POST", "policies", "admin", `{"name": "web"}`, 201, `"policy":{"name":"web"`},
		{"a scope", "POST", "test/web", "of web", `{"replicas": 3}`, 200, `"success":true`},
		{"beyond a scope", "POST", "test/db", "of web", `{"replicas": 3}`, 403, `do not include scale of db`},
		{"a scope of the service that trends are asked of", "GET", "trends?services=web", "of web", "", 200, `"success":true`},
		{"a scope of one of two such services", "GET", "trends?services=web,db", "of web", "", 403, "do not include read of db"},
		{"a policy of another service that trends are asked of", "GET", "trends?services=shop", "of web", "", 403, "do not include read of shop"},
		{"a scope of one service, of sources", "GET", "sources", "of web", "", 403, "do not include read"},
		{"a scope of one service, of a policy's text", "GET", "policies/web/source", "of web", "", 403, "do not include read"},
		{"a scope of one service, of revisions", "GET", "policies/web/revisions", "of web", "", 403, "do not include read"},
		{"a scope of one service, of a difference", "GET", "policies/web/diff?from=r0&to=r1", "of web", "", 403, "do not include read"},
		{"a scope of one service, of a draft", "POST", "policies/web/try", "of web", `{"policy": {}}`, 403, "do not include policies"},
		{"an operator checks no policies", "POST", "policies/check", "operator", `{"policy": {}}`, 403, `may not policies`},
		{"an operator tries none", "POST", "policies/web/try", "operator", `{"policy": {}}`, 403, `may not policies`},
		{"the text of a policy for nobody", "GET", "policies/web/source", "", "", 401, "token"},
		{"trends for nobody", "GET", "trends?services=web", "", "", 401, "token"},
		{"a scope of a service that the body names", "POST", "pause", "of web", `{"service": "web", "reason": "a sale"}`, 200, `"success":true`},
		{"beyond it", "POST", "pause", "of web", `{"reason": "a sale"}`, 403, `do not include pause`},
		{"files where flyball runs", "POST", "store/restore", "admin", `{"file": "/etc/passwd"}`, 403, `for the Unix socket of the daemon alone`},
		{"anybody reads how to ask", "GET", "/api/openapi.json", "", "", 200, `"openapi":`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(h, c.method, c.path, cmp.Or(tokens[c.as], c.as), c.body)
			if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || !strings.Contains(got, c.want) {
				t.Errorf("%d %s, want %d with %s", w.Code, got, c.status, c.want)
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("nothing says how to authenticate")
			}
		})
	}
}

// Whom the audit log names is who the token is of, whatever the body says.
func TestTheActorIsWhoAsks(t *testing.T) {
	p := &paper{}
	h, tokens := gated(t, p)
	if w := ask(h, "POST", "enable", tokens["operator"], `{"enabled": true, "actor": "root"}`); w.Code != 200 || p.actor != "token operator" {
		t.Errorf("%d, the actor is %q", w.Code, p.actor)
	}
	if w := ask(h, "DELETE", "policies/web?actor=root", tokens["admin"], "", "If-Match", `"v1"`); w.Code != 200 || p.put != (putAsk{"web", "", `"v1"`, "token admin"}) {
		t.Errorf("%d, asked %+v", w.Code, p.put)
	}
}

func login(t *testing.T, h http.Handler) (token string, cookie *http.Cookie) {
	t.Helper()
	w := ask(h, "POST", "/api/auth/login", "", `{"email": "ana@example.com", "password": "`+password+`"}`)
	var s Session
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != 200 || s.Token == "" || s.Role != auth.Operator {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Value != s.Token {
		t.Fatalf("cookies %+v", cookies)
	}
	return s.Token, cookies[0]
}

func TestLogin(t *testing.T) {
	p := &paper{}
	h, _, accounts := gatedBy(t, p)
	for body, want := range map[string]string{
		`{"email": "ana@example.com", "password": "wrong horse battery"}`: "wrong email or password",
		`{"email": "nobody@example.com", "password": "` + password + `"}`: "wrong email or password",
	} {
		if w := ask(h, "POST", "/api/auth/login", "", body); w.Code != 401 || !strings.Contains(w.Body.String(), want) || len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if w := ask(h, "POST", "/api/auth/login", "", `{"email": "ana@example.com", "password": 12}`); w.Code != 400 || strings.Contains(w.Body.String(), "12") {
		t.Errorf("a password in an answer: %d %s", w.Code, w.Body)
	}
	token, cookie := login(t, h)
	if w := ask(h, "GET", "/api/auth/me", token, ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"kind":"session","name":"ana@example.com","role":"operator"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "POST", "enable", token, `{"enabled": true}`); w.Code != 200 || p.actor != "ana@example.com" {
		t.Errorf("%d %s by %s", w.Code, w.Body, p.actor)
	}
	if w := ask(h, "POST", "/api/auth/logout", "", "", "Cookie", cookie.String()); w.Code != 200 || w.Result().Cookies()[0].Value != "" {
		t.Errorf("logout: %d %s %v", w.Code, w.Body, w.Result().Cookies())
	}
	if w := ask(h, "GET", "/api/auth/me", token, ""); w.Code != 401 {
		t.Errorf("after it: %d %s", w.Code, w.Body)
	}
	accounts.mu.Lock()
	defer accounts.mu.Unlock()
	for _, e := range accounts.entries {
		if strings.Contains(e.Message, "battery") {
			t.Errorf("a password in the audit log: %+v", e)
		}
	}
}

// A client is told who it is: by its token, and on the socket whoever has it may all.
func TestClientAsksWhoItIs(t *testing.T) {
	h, tokens, _ := gatedBy(t, &paper{})
	s := httptest.NewServer(h)
	defer s.Close()
	for _, role := range auth.Roles() {
		c, err := Reach(Remote{URL: s.URL, Token: tokens[role]})
		if err != nil {
			t.Fatal(err)
		}
		defer c.http.CloseIdleConnections()
		if me, err := c.Myself(t.Context()); err != nil || me.Role != role || me.Kind != string(auth.ByToken) {
			t.Errorf("%s: %+v, %v", role, me, err)
		}
	}
	c, err := Dial(serve(t, &paper{}))
	if err != nil {
		t.Fatal(err)
	}
	if me, err := c.Myself(t.Context()); err != nil || me.Role != auth.Admin {
		t.Errorf("on the socket: %+v, %v", me, err)
	}
}
