package dashboard_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// A raise arrives on the overview by itself, and its story opens: from the metric to what was done.
func testScaleUp(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, person("operator"))
	b.visit("/?q=orders")
	b.sees("1 of", "orders")
	b.misses("web")
	b.stays(func() {
		w.site.push(t, "orders", "jobs", 500)
		b.find("link", "1 → 2: why")
		b.sees("succeeded")
		b.click("link", "1 → 2: why")
		b.sees("orders scales up from 1 to 2", "jobs", "500", "above scaleUp 100", "What was done", "What would change this")
		for _, chapter := range []string{"What was seen", "What the rules said", "What the guard did", "What was done", "What would change this"} {
			b.find("heading", chapter)
		}
	})

	// A link to it can be shared.
	place := js[string](b, "location.pathname")
	other := open(t, w.browser, w.site, person("viewer"))
	other.visit(place)
	other.sees("orders scales up from 1 to 2")

	b.visit("/events?service=orders")
	b.sees("1 → 2", "succeeded")
	b.visit("/services/orders")
	b.finds("heading", "orders")
	b.click("button", "Impact")
	b.sees("Performance impact", "Before", "After")
	b.click("link", "Why")
	b.at(place)
}

// Going back and forth stays within the page.
func testBackAndForth(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, person("viewer"))
	b.visit("/")
	b.sees("live", "stock")
	b.stays(func() {
		b.click("link", "Events")
		b.at("/events")
		b.click("link", "Policies")
		b.at("/policies")
		b.click("link", "stock")
		b.at("/policies/stock")
		js[chromedp.Void](b, "history.back()")
		b.at("/policies")
		b.find("link", "stock")
	})
}
