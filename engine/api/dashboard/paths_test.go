package dashboard_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/flyball-dev/flyball/engine/api/dashboard"
)

// small is a dashboard of a few files.
func small() http.Handler {
	mux := http.NewServeMux()
	dashboard.Serve(mux, fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html>page")},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"secret.txt":          {Data: []byte("not linked")},
		"assets/app-a1b2.js":  {Data: []byte("script")},
		"assets/app-a1b2.css": {Data: []byte("style")},
	})
	return mux
}

func TestNoPathLeadsElsewhere(t *testing.T) {
	const lasting, page = "public, max-age=31536000, immutable", "no-cache"
	for _, tt := range []struct {
		name, method, path string
		status             int
		body, kind, age    string
	}{
		{"the overview", "GET", "/", 200, "<!doctype html>page", "text/html; charset=utf-8", page},
		{"a service", "GET", "/services/web", 200, "<!doctype html>page", "text/html; charset=utf-8", page},
		{"a decision", "GET", "/why/decision/7", 200, "<!doctype html>page", "text/html; charset=utf-8", page},
		{"the login, with where to go on", "GET", "/login?to=//evil.example", 200, "<!doctype html>page", "text/html; charset=utf-8", page},
		{"a hostile name", "GET", "/services/%3Cscript%3E", 200, "<!doctype html>page", "text/html; charset=utf-8", page},
		{"nothing but the head", "HEAD", "/policies", 200, "", "text/html; charset=utf-8", page},
		{"a script", "GET", "/assets/app-a1b2.js", 200, "script", "text/javascript; charset=utf-8", lasting},
		{"a style", "GET", "/assets/app-a1b2.css", 200, "style", "text/css; charset=utf-8", lasting},
		{"the icon", "GET", "/favicon.svg", 200, "<svg/>", "image/svg+xml", "public, max-age=86400"},
		{"an asset of before", "GET", "/assets/app-0000.js", 404, "another version", "text/plain; charset=utf-8", ""},
		{"what stands beside the assets", "GET", "/assets/..%2fsecret.txt", 404, "another version", "text/plain; charset=utf-8", ""},
		{"what is above all", "GET", "/assets/..%2f..%2fdashboard.go", 404, "another version", "text/plain; charset=utf-8", ""},
		{"no name", "GET", "/assets/%2f", 404, "", "text/plain; charset=utf-8", ""},
		{"the folder of assets", "GET", "/assets/%2e", 404, "another version", "text/plain; charset=utf-8", ""},
		{"an end of text", "GET", "/assets/app-a1b2.js%00", 404, "another version", "text/plain; charset=utf-8", ""},
		{"nothing to be posted to", "POST", "/login", 405, "", "text/plain; charset=utf-8", ""},
		{"no page", "GET", "/nowhere", 404, "", "text/plain; charset=utf-8", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			small().ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			h := w.Header()
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) || h.Get("Content-Type") != tt.kind || h.Get("Cache-Control") != tt.age {
				t.Errorf("%d %q %v", w.Code, w.Body, h)
			}
			if says := h.Get("Content-Security-Policy"); strings.Contains(says, "script-src 'self'") != (tt.status == 200) {
				t.Errorf("the policy of content is %q", says)
			}
		})
	}
}
