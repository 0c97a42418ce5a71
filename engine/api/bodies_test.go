package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// bodied is an operation that takes a body.
type bodied struct {
	method, path string
	answers      map[string]any // by status
}

// withBodies are all of the document, in one order.
func withBodies(t testing.TB) (all []bodied) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody any
			Responses   map[string]any
		}
	}
	if err := json.Unmarshal(openAPI, &document); err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			if op := document.Paths[path][method]; op.RequestBody != nil {
				at := strings.NewReplacer("{service}", "web", "{name}", "web", "{email}", "ben@example.com").Replace(path)
				all = append(all, bodied{strings.ToUpper(method), at, op.Responses})
			}
		}
	}
	return all
}

// Whatever body is sent to whatever takes one, the answer is one that the document declares, and nothing of ours has failed.
func FuzzBodies(f *testing.F) {
	all := withBodies(f)
	for i := range all {
		for _, body := range []string{
			"", "null", "{}", "[]", "1", `"x"`, "{", "\ufeff{}", "\xff", `{"a":1}{}`, strings.Repeat("[", 100), `{"a":{"a":1,"a":2}}`,
			`{"enabled": true}`, `{"replicas": 1e400}`, `{"replicas": -1, "force": true}`, `{"service": "web", "seconds": 1e308, "reason": "x"}`,
			`{"service": "web", "until": "2026-13-01T00:00:00Z", "reason": "x"}`, `{"metrics": {"a": 1, "\u0000": -0.0}}`, `{"samples": [{"metric": "a", "value": 1, "at": "x"}, null]}`,
			`{"email": "a@b.c", "password": "12345678", "role": "\u202e"}`, `{"name": "x", "scopes": ["read:web", null], "seconds": -1}`,
			`{"ids": [""], "all": true}`, `{"name": "web", "service": "web", "about": {}}`, `{"policy": {"name": "web"}, "name": "\u0000"}`, `{"policy": null, "last": "24h"}`,
			`{"policy": {"a": [1, {}]}, "last": "1e9d", "capacity": -1}`, `{"policy": {}, "last": "-1h", "constants": {"a": 1e400}}`, `{"file": "../../x", "try": true}`,
		} {
			f.Add(uint8(i), []byte(body))
		}
	}
	inside := local(&paper{})
	outside, _ := gated(f, &paper{})
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		op := all[int(which)%len(all)]
		r := httptest.NewRequest(op.method, op.path, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("If-Match", `"v1"`)
		w := httptest.NewRecorder()
		h := inside
		if strings.HasSuffix(op.path, "/login") { // which the socket does not need
			h = outside
		}
		h.ServeHTTP(w, r)
		if op.answers[fmt.Sprint(w.Code)] == nil {
			t.Errorf("%s %s %q: %d is not declared: %s", op.method, op.path, body, w.Code, w.Body)
		}
		if w.Code >= 500 {
			t.Errorf("%s %s %q: %d %s", op.method, op.path, body, w.Code, w.Body)
		}
		if w.Code < 400 {
			return
		}
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" || p.Status != w.Code || p.Detail == "" || p.Title == "" {
			t.Errorf("%s %s %q: %v, %s %s", op.method, op.path, body, err, w.Header().Get("Content-Type"), w.Body)
		}
	})
}
