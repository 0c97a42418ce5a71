package dashboard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// All can be done without a mouse, and one always sees where one is.
func testKeyboard(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, "")
	b.expects("status of 401")
	b.visit("/")
	b.find("textbox", "Email")
	b.becomes("the cursor to be in the email", `document.activeElement.name === "email"`)
	b.insert(person("operator"))
	b.key(kb.Tab)
	b.insert(password)
	b.key(kb.Enter)
	b.sees("desk", "live")

	b.key("/")
	b.becomes("the cursor to be in the filter", `document.activeElement.type === "search"`)
	b.key("desk")
	b.misses("stock")
	b.tabTo("row", "desk")
	b.key(kb.Enter)
	b.at("/services/desk")
	b.find("button", "Pause…")

	b.tabTo("button", "Pause…")
	b.key(kb.Enter)
	b.sees("Pause desk?")
	b.key(kb.Escape)
	b.misses("Pause desk?")
	b.becomes("the cursor to be back where it was", `document.activeElement.textContent === "Pause…"`)
	b.key(kb.Enter)
	b.sees("Pause desk?")
	b.becomes("the cursor to be in the reason", `document.activeElement.required && document.activeElement.type === "text"`)
	b.key("lunch")
	b.key(kb.Enter)
	b.sees("Paused by operator@example.org", "lunch")
	b.tabTo("button", "Resume…")
	b.key(kb.Enter)
	b.sees("Resume desk?")
	b.tabTo("button", "Resume")
	b.key(kb.Enter)
	b.misses("Paused by operator@example.org")
}

// tabTo goes to an element by the Tab key alone. Wherever that leads, it shows.
func (b *tab) tabTo(role, text string) {
	b.Helper()
	var passed []string
	for range 80 {
		b.key(kb.Tab)
		at := js[[]string](b, `(() => {
			const e = document.activeElement, s = getComputedStyle(e);
			const seen = (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
			return [e.getAttribute("role") ?? e.localName, e.getAttribute("aria-label") ?? e.textContent.trim(), seen ? "seen" : ""];
		})()`)
		passed = append(passed, fmt.Sprintf("%s %.40q", at[0], at[1]))
		if at[2] == "" && at[0] != "body" {
			b.Errorf("one does not see that the focus is at %s", passed[len(passed)-1])
		}
		if at[0] == role && strings.HasPrefix(at[1], text) {
			return
		}
	}
	b.Fatalf("the Tab key does not lead to %s %q, but to %v", role, text, passed)
}
