package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Whoever may know nothing learns which check fails, and no name or address.
func TestServeHealth(t *testing.T) {
	for name, c := range map[string]struct {
		ok, knows bool
		status    int
		want      string
	}{
		"well":                          {true, true, 200, `{"ok":true,"checks":[{"name":"loop","ok":true},{"name":"store","ok":true,"detail":"10.0.0.7"}]}`},
		"not well":                      {false, true, 503, `{"ok":false,"checks":[{"name":"loop","ok":true},{"name":"store","ok":false,"detail":"10.0.0.7"}]}`},
		"not well, and asked by nobody": {false, false, 503, `{"ok":false,"checks":[{"name":"loop","ok":true},{"name":"store","ok":false}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(context.Context) Health {
				return HealthOf(Check{Name: "loop", OK: true}, Check{Name: "store", OK: c.ok, Detail: "10.0.0.7"})
			}
			w := httptest.NewRecorder()
			ServeHealth(ask, func(*http.Request) bool { return c.knows })(w, httptest.NewRequest("GET", "/readyz", nil))
			if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || got != c.want || !json.Valid([]byte(got)) {
				t.Errorf("%d %s, want %d %s", w.Code, got, c.status, c.want)
			}
		})
	}
}
