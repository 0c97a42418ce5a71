package api

import (
	"fmt"
	"strings"
	"testing"
)

// Fault 42: who tries tokens or passwords is held up, is told when to come back, and is in the audit log, a line for many tries.
func TestFault42BruteForce(t *testing.T) {
	h, tokens, accounts := gatedBy(t, &paper{})
	tried := func(method, path, body string, token func(int) string) (refused int, wait string) {
		for i := range 200 {
			w := ask(h, method, path, token(i), body)
			switch w.Code {
			case 401:
			case 429:
				refused++
				wait = w.Header().Get("Retry-After")
			default:
				t.Fatalf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		return refused, wait
	}
	before := len(accounts.entries)
	guess := func(i int) string { return fmt.Sprintf("flyball_aaaaaaaaaaaa_%043d", i) }
	if refused, wait := tried("GET", "status", "", guess); refused < 150 || wait == "" {
		t.Errorf("of 200 tokens %d were refused, wait %q", refused, wait)
	}
	if refused, wait := tried("POST", "/api/auth/login", `{"email": "ana@example.com", "password": "not the password"}`, func(int) string { return "" }); refused < 190 || wait == "" {
		t.Errorf("of 200 logins %d were refused, wait %q", refused, wait)
	}
	if noted := len(accounts.entries) - before; noted == 0 || noted > 10 {
		t.Errorf("%d entries of 400 tries", noted)
	}
	if w := ask(h, "GET", "status", tokens["viewer"], ""); w.Code != 200 && w.Code != 429 {
		t.Errorf("with a good token: %d", w.Code)
	}
}

// Fault 46: a page of elsewhere asks nothing in the name of who looks at it, and a form is no JSON where a cookie says who asks.
func TestFault46ForeignPages(t *testing.T) {
	p := &paper{}
	h, tokens := gated(t, p)
	token, cookie := login(t, h)
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, token string
		header      []string
		status      int
	}{
		{"the page itself", "", []string{"Cookie", cookie.String(), "Sec-Fetch-Site", "same-origin"}, 200},
		{"a page of elsewhere", "", []string{"Cookie", cookie.String(), "Sec-Fetch-Site", "cross-site"}, 403},
		{"a page of another port", "", []string{"Cookie", cookie.String(), "Origin", "http://example.com:8080"}, 403},
		{"a page of elsewhere with a token", tokens["operator"], []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a form with a cookie", "", []string{"Cookie", cookie.String(), "Content-Type", form}, 415},
		{"a form with the charset", "", []string{"Cookie", cookie.String(), "Content-Type", form + "; charset=utf-8"}, 415},
		{"text with a cookie", "", []string{"Cookie", cookie.String(), "Content-Type", "text/plain"}, 415},
		{"what curl -d says that it sends", tokens["operator"], []string{"Content-Type", form}, 200},
		{"the same with a session's token", token, []string{"Content-Type", form}, 200},
		{"text with a token", token, []string{"Content-Type", "text/plain"}, 415},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.actor = ""
			w := ask(h, "POST", "enable", c.token, `{"enabled": true}`, c.header...)
			if w.Code != c.status || (p.actor != "") != (c.status == 200) {
				t.Errorf("%d %s, want %d; done by %q", w.Code, w.Body, c.status, p.actor)
			}
		})
	}
}

// Fault 46: what others write stays text: nothing that is answered can be a page, and the one page that there is has no script.
func TestFault46NothingIsAPage(t *testing.T) {
	h, tokens := gated(t, &paper{})
	for _, path := range []string{"status", "history/%3Cscript%3E", "policies/x", "/nowhere", "/api/docs", "/api/openapi.json"} {
		w := ask(h, "GET", path, tokens["admin"], "")
		kind, policy := w.Header().Get("Content-Type"), w.Header().Get("Content-Security-Policy")
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %v", path, w.Header())
		}
		if strings.HasPrefix(kind, "text/html") != (path == "/api/docs") || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s is %s: %.300s", path, kind, w.Body)
		}
	}
}

// Fault 43: a name in a path that is none is refused before anything looks at it.
func TestFault43Names(t *testing.T) {
	h, tokens := gated(t, &paper{})
	for _, name := range []string{"..%2f..%2fetc%2fpasswd", "%2e%2e", "web;rm%20-rf", "web'--", "$(id)", "%00", "a%0ab", "web%2f..", "<b>", strings.Repeat("x", 129)} {
		for _, path := range []string{"history/", "test/", "rollback/", "policies/", "metrics/"} {
			method := "GET"
			if path == "test/" || path == "rollback/" {
				method = "POST"
			}
			w := ask(h, method, path+name, tokens["admin"], "")
			if w.Code != 400 || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %s%s: %d %s", method, path, name, w.Code, w.Body)
			}
		}
	}
}

// Fault 44: a body that is too large, too deep, or says two things costs little, and is refused.
func TestFault44Bodies(t *testing.T) {
	p := &paper{}
	h, tokens := gated(t, p)
	deep := strings.Repeat(`{"a":`, 10_000)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"50 MB":          {`{"enabled": true, "actor": "` + strings.Repeat("x", 50<<20) + `"}`, 413},
		"levels":         {deep, 400},
		"many levels":    {strings.Repeat("[", 60_000), 400},
		"duplicate keys": {`{"enabled": false, "enabled": true}`, 400},
		"huge numbers":   {`{"enabled": 1e999999999}`, 400},
		"no UTF-8":       {"{\"enabled\": true, \"actor\": \"\xff\"}", 400},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			w := ask(h, "POST", "enable", tokens["operator"], c.body)
			if w.Code != c.status || p.actor != "" {
				t.Errorf("%d %.300s, want %d; done by %q", w.Code, w.Body, c.status, p.actor)
			}
			if grown := int64(heap()) - int64(before); grown > 4<<20 {
				t.Errorf("%d kB more", grown>>10)
			}
		})
	}
}
