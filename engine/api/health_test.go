package api

import (
	"strings"
	"testing"
)

// Whoever may know nothing learns which check fails, and no name or address.
func TestHealth(t *testing.T) {
	h, tokens := gated(t, &paper{})
	for _, c := range []struct {
		name, path, token string
		status            int
		want              string
	}{
		{"well", "/healthz", tokens["viewer"], 200, `{"ok":true,"checks":[{"name":"loop","ok":true,"detail":"2 policies at work"}]}`},
		{"asked by nobody", "/healthz", "", 200, `{"ok":true,"checks":[{"name":"loop","ok":true}]}`},
		{"not well", "/readyz", tokens["viewer"], 503, `{"ok":false,"checks":[{"name":"store","ok":false,"detail":"redis at redis:6379: connection refused"}]}`},
		{"not well, asked by nobody", "/readyz", "", 503, `{"ok":false,"checks":[{"name":"store","ok":false}]}`},
		{"asked with what is no token", "/readyz", "nonsense", 503, `{"ok":false,"checks":[{"name":"store","ok":false}]}`},
		{"the metrics of Prometheus are not for anybody", "/metrics", "", 401, `"status":401`},
		{"for a viewer they are", "/metrics", tokens["viewer"], 200, `flyball_up 1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(h, "GET", c.path, c.token, "")
			if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || !strings.Contains(got, c.want) {
				t.Errorf("%d %s, want %d %s", w.Code, got, c.status, c.want)
			}
		})
	}
}

// Details of health are for those who may read: not for any token that is good for something else.
func TestDetailsOfHealthAreRead(t *testing.T) {
	p := &paper{}
	h, tokens, accounts := gatedBy(t, p)
	if w := ask(h, "GET", "/readyz", tokens["viewer"], ""); !strings.Contains(w.Body.String(), "redis:6379") {
		t.Errorf("a viewer: %s", w.Body)
	}
	if w := ask(h, "GET", "/readyz", tokens["of web"], ""); w.Code != 503 || strings.Contains(w.Body.String(), "redis") {
		t.Errorf("a token for one service: %s", w.Body)
	}
	if len(accounts.entries) > 0 {
		t.Errorf("it is in the audit log: %v", accounts.entries)
	}
}
