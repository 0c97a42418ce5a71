package dashboard_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// finding is what axe-core has to say against a page.
type finding struct {
	ID     string
	Impact string
	Help   string
	Nodes  []struct {
		HTML    string
		Summary string `json:"failureSummary"`
	}
}

func (f finding) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s, %s: %s", f.Impact, f.ID, f.Help)
	for i, n := range f.Nodes {
		if i == 5 {
			fmt.Fprintf(&s, "\n  and %d more", len(f.Nodes)-i)
			break
		}
		fmt.Fprintf(&s, "\n  %.200s\n    %s", n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n    "))
	}
	return s.String()
}

// Every page can be used by who does not see it, or sees little: by light and by night, on a desk and on a phone.
func testAccessible(t *testing.T, w *world) {
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		missing(t, "axe-core is not installed: npm ci in engine/api/dashboard")
	}
	b := open(t, w.browser, w.site, person("admin"))
	for path, about := range w.everywhere(t) {
		for _, look := range looks {
			b.look(look.window, look.dark)
			b.visit(path)
			b.sees(about)
			b.settles()
			js[chromedp.Void](b, string(axe)+";undefined")
			for _, f := range b.findings() {
				if f.Impact == "serious" || f.Impact == "critical" {
					t.Errorf("%s, %s: %s", path, look.name, f)
				} else {
					t.Logf("%s, %s: %s", path, look.name, f)
				}
			}
			b.fits(path + ", " + look.name)
		}
	}
}

// looks are the ways in which pages are looked at.
var looks = []struct {
	name   string
	window size
	dark   bool
}{{"light", desk, false}, {"dark", desk, true}, {"phone", phone, false}}

func (b *tab) findings() []finding {
	b.Helper()
	text := js[string](b, `axe.run(document, {resultTypes: ["violations"], preload: false}).then((r) => JSON.stringify(r.violations))`)
	var all []finding
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		b.Fatal(err)
	}
	return all
}

// settles waits until nothing is loading any more.
func (b *tab) settles() {
	b.Helper()
	b.becomes("what is loading to have come", `document.getElementById("main") && !document.querySelector("[aria-busy=true]")`)
}

// fits checks that the page does not scroll sideways.
func (b *tab) fits(where string) {
	b.Helper()
	if wide := js[int](b, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
		b.Errorf("%s: the page is %d pixels wider than the window", where, wide)
	}
}
