package dashboard_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// late is a policy that comes while nobody listens.
const late = `{"name": "late", "service": "late", "target": {"driver": "sim"}, "enabled": true, "minReplicas": 2, "maxReplicas": 4,
	"strategy": "schedule", "schedule": [{"from": "00:00", "to": "24:00", "minReplicas": 2, "maxReplicas": 3}], "evaluationInterval": "1s"}`

// quiet is a policy that only does what it is told by hand.
const quiet = `policies: quiet: {
	service: "quiet", target: driver: "sim", enabled: true, minReplicas: 1, maxReplicas: 4
	strategy: "schedule", schedule: [{from: "00:00", to: "24:00", minReplicas: 1, maxReplicas: 4}]
	evaluationInterval: "1s"
}
`

// A daemon that goes away is told of at once, and when it is back so is what happened meanwhile: without a reload.
func testRestart(t *testing.T, w *world) {
	s := serve(t, w.binary, quiet)
	b := open(t, w.browser, s, person("admin"))
	b.expects("net::ERR_") // there is nobody to answer for a while
	b.visit("/audit")
	b.sees("live")
	b.stays(func() {
		s.restart(t, func() {
			b.sees("disconnected", "has not been heard")
			file := filepath.Join(s.dir, "late.json")
			if err := os.WriteFile(file, []byte(late), 0o600); err != nil {
				t.Fatal(err)
			}
			s.flyball(t, "", "policies", "put", file, "--store", s.store())
		})
		b.sees("live")
		b.misses("has not been heard")
		b.sees("late")
	})
}

// A daemon that hangs keeps its connections: that it is silent is noticed all the same.
func testHang(t *testing.T, w *world) {
	s := serve(t, w.binary, quiet)
	b := open(t, w.browser, s, person("viewer"))
	b.expects("net::ERR_")
	b.visit("/")
	b.sees("live")
	b.stays(func() {
		s.signal(t, syscall.SIGSTOP)
		b.sees("disconnected", "has not been heard")
		s.signal(t, syscall.SIGCONT)
		b.sees("live")
		b.misses("has not been heard")
	})
}

// A session that has ended leads to the login, and from there back to where one was.
func testSessionEnds(t *testing.T, w *world) {
	w.site.flyball(t, password, "user", "add", "guest@example.org", "--role", "viewer")
	b := open(t, w.browser, w.site, "guest@example.org")
	b.expects("status of 401")
	b.expects("net::ERR_")
	b.visit("/services/web")
	b.sees("live")
	w.site.flyball(t, password, "user", "passwd", "guest@example.org")
	b.at("/login?to=%2Fservices%2Fweb")
	b.fill("textbox", "Email", "guest@example.org")
	b.fill("textbox", "Password", password)
	b.click("button", "Log in")
	b.at("/services/web")
	b.sees("live", "guest@example.org")
}

// stays does something during which the page may not be loaded anew.
func (b *tab) stays(f func()) {
	b.Helper()
	js[chromedp.Void](b, "globalThis.loaded = 'once'")
	f()
	if !js[bool](b, "globalThis.loaded === 'once'") {
		b.Error("the page was loaded anew")
	}
}
