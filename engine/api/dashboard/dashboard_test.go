package dashboard_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/api/dashboard"
)

// places are paths of the client's own, one of each kind.
var places = []string{
	"/", "/login", "/login?to=%2Fevents", "/services/web", "/why/decision/1", "/why/event/evt-1", "/policies", "/policies/web", "/events", "/audit",
}

// most is what all scripts and styles may weigh together, each packed by gzip.
const most = 100_000

// pages are those that were built. A test that needs them is skipped without; with CI=true that is a failure.
func pages(t *testing.T) fs.FS {
	t.Helper()
	built := dashboard.Pages()
	if built == nil {
		missing(t, "the dashboard is not built: make dashboard")
	}
	return built
}

// missing skips a test, and says what it lacks.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func get(pages fs.FS, path string) *http.Response {
	mux := http.NewServeMux()
	dashboard.Serve(mux, pages)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryPathAnswersThePage(t *testing.T) {
	built := pages(t)
	index, err := fs.ReadFile(built, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		r := get(built, p)
		if text := body(t, r); r.StatusCode != http.StatusOK || text != string(index) {
			t.Errorf("%s answers %d and %q, want the page", p, r.StatusCode, text)
		}
		if kind := r.Header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
			t.Errorf("%s is %s", p, kind)
		}
		if age := r.Header.Get("Cache-Control"); age != "no-cache" {
			t.Errorf("%s may be kept: %s", p, age)
		}
	}
	if r := get(built, "/nowhere"); r.StatusCode != http.StatusNotFound {
		t.Errorf("/nowhere answers %d, want 404", r.StatusCode)
	}
}

// What a page may run and load is said by the policy of its contents, and the page needs nothing beyond.
func TestThePageHoldsToItsPolicy(t *testing.T) {
	built := pages(t)
	for _, p := range append(assets(t, built), places...) {
		csp := get(built, p).Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "script-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s has the policy %q", p, csp)
		}
		for _, loose := range []string{"unsafe", "*", "http", "data:", "blob:"} {
			if strings.Contains(csp, loose) {
				t.Errorf("%s: %q in the policy %q", p, loose, csp)
			}
		}
	}
	text := body(t, get(built, "/"))
	for what, pattern := range map[string]string{
		"a style":                  `(?i)<style|\sstyle=`,
		"a script in the page":     `(?i)<script[^>]*>[^<]`,
		"a script without a src":   `(?i)<script(?:\s+(?:type|crossorigin)(?:="[^"]*")?)*\s*>`,
		"an event":                 `(?i)\son[a-z]+=`,
		"something from elsewhere": `(?i)(?:src|href)="(?:https?:)?//`,
	} {
		if found := regexp.MustCompile(pattern).FindString(text); found != "" {
			t.Errorf("index.html has %s: %q", what, found)
		}
	}
}

func TestAssetsNeverChange(t *testing.T) {
	built := pages(t)
	for _, p := range assets(t, built) {
		r := get(built, p)
		if age := r.Header.Get("Cache-Control"); r.StatusCode != http.StatusOK || !strings.Contains(age, "immutable") {
			t.Errorf("%s answers %d, to be kept %q", p, r.StatusCode, age)
		}
		if !regexp.MustCompile(`-[\w-]{8}\.(js|css)$`).MatchString(p) {
			t.Errorf("%s is not named by its content, yet it is kept for ever", p)
		}
	}
	r := get(built, "/assets/index-00000000.js")
	if text := body(t, r); r.StatusCode != http.StatusNotFound || !strings.Contains(text, "load the page again") || strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("an asset of another version answers %d: %s", r.StatusCode, text)
	}
}

// Whoever takes what is packed gets the same in fewer bytes.
func TestAssetsArePacked(t *testing.T) {
	built := pages(t)
	mux := http.NewServeMux()
	dashboard.Serve(mux, built)
	for _, p := range assets(t, built) {
		w := httptest.NewRecorder()
		ask := httptest.NewRequest("GET", p, nil)
		ask.Header.Set("Accept-Encoding", "gzip, deflate, br")
		mux.ServeHTTP(w, ask)
		if got := w.Result().Header.Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("%s is encoded as %q", p, got)
		}
		unpacked, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(unpacked)
		plain := get(built, p)
		if err != nil || string(text) != body(t, plain) {
			t.Errorf("%s is another file where it is packed: %v", p, err)
		}
		if packed, kind := w.Result().Header.Get("Content-Type"), plain.Header.Get("Content-Type"); packed != kind {
			t.Errorf("%s is %s where it is packed, and %s else", p, packed, kind)
		}
	}
}

func TestItStaysSmall(t *testing.T) {
	built := pages(t)
	sum := 0
	for _, p := range assets(t, built) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write([]byte(body(t, get(built, p)))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%6d %s", packed.Len(), p)
		sum += packed.Len()
	}
	if sum > most {
		t.Errorf("scripts and styles weigh %d bytes, want %d at most: go test -v -run %s lists them", sum, most, t.Name())
	}
}

// assets are the paths of all scripts and styles, of which there are some.
func assets(t *testing.T, built fs.FS) []string {
	t.Helper()
	names, err := fs.Glob(built, "assets/*[js]s") // not what is packed
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 2 {
		t.Fatalf("the dashboard has the assets %q, want a script and a style at least", names)
	}
	for i, name := range names {
		names[i] = path.Join("/", name)
	}
	return names
}

func TestWithoutPagesItSaysHowToBuildThem(t *testing.T) {
	for _, p := range append([]string{"/favicon.svg", "/assets/index.js"}, places...) {
		r := get(nil, p)
		if text := body(t, r); r.StatusCode != http.StatusNotFound || !strings.Contains(text, "make build") || !strings.Contains(text, "/api/docs") {
			t.Errorf("%s answers %d and %q, want how to build the dashboard", p, r.StatusCode, text)
		}
	}
}
