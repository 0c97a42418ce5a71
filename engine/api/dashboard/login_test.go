package dashboard_test

import (
	"testing"
)

// Who is not known logs in, and gets to where they wanted to.
func testLogin(t *testing.T, w *world) {
	b := open(t, w.browser, w.site, "")
	b.expects("status of 401")
	b.visit("/events?service=web")
	b.at("/login?to=%2Fevents%3Fservice%3Dweb")
	b.fill("textbox", "Email", person("operator"))
	b.fill("textbox", "Password", "wrong horse battery")
	b.click("button", "Log in")
	b.sees("wrong email or password")
	b.fill("textbox", "Password", password)
	b.click("button", "Log in")
	b.at("/events?service=web")
	b.sees(person("operator"), "live")

	b.click("button", "Log out")
	b.find("textbox", "Email")
	b.visit("/policies")
	b.at("/login?to=%2Fpolicies")
}
