package dashboard_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// A pause has a reason and an end, is asked for once more, and ends.
func testPause(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, person("operator"))
	b.visit("/services/stock")
	b.click("button", "Pause…")
	b.sees("Pause stock?")
	b.key(kb.Escape)
	b.misses("Pause stock?")
	b.click("button", "Pause…")
	b.click("button", "15m")
	b.fill("textbox", "Reason", "the warehouse is closed")
	b.click("button", "Pause")
	b.sees("Paused by operator@example.org", "the warehouse is closed", "paused")

	other := open(t, w.browser, w.site, person("viewer"))
	other.visit("/?q=stock")
	other.sees("the warehouse is closed")

	b.click("button", "Resume…")
	b.sees("Resume stock?")
	b.click("button", "Resume")
	b.misses("Paused by operator@example.org")
	other.misses("the warehouse is closed")
	b.visit("/audit?service=stock")
	b.sees("the warehouse is closed")
}

// Scaling by hand is asked for once more, and keeps to the bounds of the policy.
func testByHand(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, person("operator"))
	b.visit("/services/depot")
	b.click("button", "Scale…")
	b.fill("spinbutton", "Replicas", "2")
	b.click("button", "Scale 1 → 2")
	b.misses("Scale depot?")
	b.sees("1 → 2", "succeeded", person("operator"))
	b.click("button", "Roll back…")
	b.click("button", "Roll back")
	b.misses("Roll depot back?")
	b.sees("2 → 1")
	if b.has("checkbox", "Beyond the bounds") {
		t.Error("an operator is offered to go beyond the bounds")
	}
}

// Who may only look is offered nothing else, and is told so where they try.
func testViewer(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, person("viewer"))
	b.expects("status of 403")
	for path, about := range map[string]string{"/": "stock", "/services/stock": "stock", "/policies": "stock", "/policies/stock": "Source", "/events": "Events"} {
		b.visit(path)
		b.sees(about, "viewer@example.org · viewer")
		b.settles()
		for _, deed := range []string{"Pause", "Resume", "Scale", "Roll back", "Turn o", "Edit", "Try", "Delete", "Disable", "Enable", "Save"} {
			if b.has("button", deed) {
				t.Errorf("%s offers a viewer to %s", path, deed)
			}
		}
		if b.has("link", "Audit") || b.has("link", "New policy") {
			t.Errorf("%s leads a viewer to where they may not be", path)
		}
	}
	b.visit("/audit")
	b.sees("The audit log is not for everybody")
	b.visit("/policies?new")
	b.sees("may not add policies")
}

// Autoscaling as a whole is turned off and on, and everybody is told. It has a daemon of its own: it would stop the others' tests.
func testSwitch(t *testing.T, w *world) {
	s := serve(t, w.binary, quiet)
	b := open(t, w.browser, s, person("operator"))
	other := open(t, w.browser, s, person("viewer"))
	other.visit("/")
	other.sees("live", "quiet")
	b.visit("/")
	b.click("button", "Turn off")
	b.sees("Turn autoscaling off?")
	b.click("button", "Cancel")
	b.misses("Turn autoscaling off?")
	b.click("button", "Turn off")
	b.find("dialog", "Turn autoscaling off?")
	b.click("button", "Turn off")
	b.sees("Autoscaling is off")
	other.sees("Autoscaling is off")
	b.click("button", "Turn on")
	b.find("dialog", "Turn autoscaling on?")
	b.click("button", "Turn on")
	b.misses("Autoscaling is off")
	other.misses("Autoscaling is off")
}
