package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const goldens = "../../testdata/api"

// asked are requests by operation, one at least of each that the document has. The answers are in testdata/api, as they are sent.
var asked = map[string][]struct{ method, path, as, body, header string }{
	"status":          {{path: "status"}, {path: "status?full=1"}},
	"enable":          {{"POST", "enable", "", `{"enabled": true}`, ""}, {"POST", "enable", "", `{"enabled": "yes", "now": true}`, ""}},
	"history":         {{path: "history?limit=2"}, {path: "history?limit=0"}},
	"history-of":      {{path: "history/web"}, {path: "history/idle"}},
	"recommendations": {{path: "recommendations"}},
	"test":            {{"POST", "test/web", "", `{"replicas": 3}`, ""}, {"POST", "test/web", "viewer", `{"replicas": 3}`, ""}},
	"rollback":        {{method: "POST", path: "rollback/web"}},
	"pause":           {{"POST", "pause", "", `{"service": "web", "seconds": 7200, "reason": "a sale"}`, ""}, {"POST", "pause", "", `{"service": "web"}`, ""}},
	"resume":          {{"POST", "resume", "", `{"service": "web"}`, ""}, {method: "POST", path: "resume"}},
	"policies":        {{path: "policies"}},
	"create-policy":   {{"POST", "policies", "", `{"name": "web", "service": "web", "minReplicas": 1, "maxReplicas": 5, "metrics": [], "thresholds": []}`, ""}},
	"policy":          {{path: "policies/web"}, {path: "policies/db"}},
	"put-policy":      {{"PUT", "policies/web", "", `{"name": "web", "service": "web", "minReplicas": 1, "maxReplicas": 5}`, `If-Match: "v1"`}, {"PUT", "policies/web", "", `{"service": "web"}`, ""}},
	"delete-policy":   {{"DELETE", "policies/web", "", "", `If-Match: "v1"`}},
	"metrics":         {{path: "metrics"}},
	"metrics-of":      {{path: "metrics/web"}},
	"samples":         {{path: "metrics/web/cpu?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z"}, {path: "metrics/web/cpu?resolution=1m"}},
	"trends":          {{path: "trends?services=web&from=2026-01-01T00:00:00Z&to=2026-01-01T00:02:00Z"}, {path: "trends?services=web&points=5"}},
	"sources":         {{path: "sources"}},
	"push":            {{"POST", "metrics/web", "", `{"metrics": {"queue_length": 12}}`, ""}, {"POST", "metrics/web", "", `{"metrics": {"queue_length": "12"}}`, ""}},
	"report":          {{path: "report?from=2026-01-01&to=2026-01-02"}},
	"report-of":       {{path: "report/web?from=2026-01-01&to=2026-01-02"}},
	"explain":         {{path: "explain?event=web-1"}},
	"explain-of":      {{path: "explain/web"}},
	"decision":        {{path: "decisions/7"}, {path: "decisions/last"}},
	"decisions":       {{path: "decisions?after=16&from=2026-01-01&to=2026-01-02"}},
	"revision":        {{path: "revisions/abc"}, {path: "revisions/gone"}},
	"audit":           {{path: "audit?kind=pause"}, {path: "audit?kind=pauses"}},
	"restore":         {{"POST", "store/restore", "socket", `{"file": "/var/backups/flyball.db"}`, ""}, {"POST", "store/restore", "", `{"file": "/var/backups/flyball.db"}`, ""}},
	"login":           {{"POST", "/api/auth/login", "nobody", `{"email": "ana@example.com", "password": "not the password"}`, ""}},
	"logout":          {{method: "POST", path: "/api/auth/logout"}},
	"myself":          {{path: "/api/auth/me"}, {path: "/api/auth/me", as: "nobody"}},
	"tokens":          {{path: "tokens"}},
	"create-token":    {{"POST", "tokens", "", `{"name": "ci", "role": "viewer"}`, ""}},
	"revoke-token":    {{method: "DELETE", path: "tokens/ci"}},
	"users":           {{path: "users"}},
	"add-user":        {{"POST", "users", "", `{"email": "ben@example.com", "password": "correct horse battery"}`, ""}},
	"change-user":     {{"PUT", "users/ben@example.com", "", `{"role": "operator"}`, ""}},
	"remove-user":     {{method: "DELETE", path: "users/ben@example.com"}},
	"notifications":   {{path: "notifications"}},
	"notify-test":     {{"POST", "notifications/test", "", `{"receiver": "ops"}`, ""}},
	"notify-replay":   {{"POST", "notifications/replay", "", `{"ids": ["ops-1-a"]}`, ""}},
	"healthz":         {{path: "/healthz"}, {path: "/healthz", as: "nobody"}},
	"readyz":          {{path: "/readyz"}, {path: "/readyz", as: "nobody"}},
	"prometheus":      {{path: "/metrics"}, {path: "/metrics", as: "nobody"}},
	"events":          {{path: "events?after=all"}, {path: "events", as: "nobody"}}, // what it streams: TestEvents
	"policy-source":   {{path: "policies/web/source"}, {path: "policies/db/source"}},
	"check-policy": {
		{"POST", "policies/check", "", `{"policy": {"name": "web", "maxReplicas": 0}}`, ""}, {"POST", "policies/check", "viewer", `{"policy": {}}`, ""},
		{"POST", "policies/check", "", `{"policy": [], "save": true}`, ""},
	},
	"policy-revisions": {{path: "policies/web/revisions"}, {path: "policies/web/revisions?limit=0"}},
	"policy-diff":      {{path: "policies/web/diff?from=r0&to=r1"}, {path: "policies/web/diff?from=r1&to=r1"}, {path: "policies/web/diff?from=r0"}},
	"try-policy": {
		{"POST", "policies/web/try", "", `{"policy": {"name": "web", "maxReplicas": 9}, "last": "90m", "metric": "rate", "capacity": 600, "constants": {"memory": 50}}`, ""},
		{"POST", "policies/web/try", "", `{"policy": {}, "last": "31d"}`, ""}, {"POST", "policies/db/try", "", `{"policy": {}}`, ""},
		{"POST", "policies/web/try", "operator", `{"policy": {}}`, ""},
	},
}

func TestGoldens(t *testing.T) {
	for id := range operations(t) {
		if asked[id] == nil {
			t.Errorf("operation %s has no golden", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(asked)) {
		t.Run(id, func(t *testing.T) {
			var got bytes.Buffer
			for _, one := range asked[id] {
				exchanged(t, &got, one.method, one.path, one.as, one.body, one.header)
			}
			file := filepath.Join(goldens, id+".txt")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%v; got\n%s\nwant (go test ./engine/api -update)\n%s", err, &got, want)
			}
		})
	}
}

// operations are all of the document, by id.
func operations(t *testing.T) map[string]bool {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(openAPI, &document); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, methods := range document.Paths {
		for _, op := range methods {
			ids[op.OperationID] = true
		}
	}
	return ids
}

// exchanged writes a request and its answer.
func exchanged(t *testing.T, out *bytes.Buffer, method, path, as, body, header string) {
	t.Helper()
	p := &paper{}
	h, tokens := gated(t, p)
	if as == "socket" {
		h = local(p)
	}
	if as == "" {
		as = "admin"
	}
	if method == "" {
		method = "GET"
	}
	if path[0] != '/' {
		path = root + path
	}
	fmt.Fprintf(out, "%s %s, asked by %s\n", method, path, as)
	var headers []string
	if name, value, given := strings.Cut(header, ": "); given {
		headers = []string{name, value}
		fmt.Fprintln(out, header)
	}
	if body != "" {
		fmt.Fprintln(out, body)
	}
	w := ask(h, method, path, tokens[as], body, headers...)
	fmt.Fprintf(out, "\n%d\n", w.Code)
	for _, name := range []string{"Content-Type", "ETag", "Location", "Retry-After", "WWW-Authenticate"} {
		if value := w.Header().Get(name); value != "" {
			fmt.Fprintf(out, "%s: %s\n", name, value)
		}
	}
	var indented bytes.Buffer
	if json.Indent(&indented, w.Body.Bytes(), "", "  ") != nil {
		indented = *w.Body
	}
	fmt.Fprintf(out, "%s\n\n", strings.TrimSpace(indented.String()))
}
