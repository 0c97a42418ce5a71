package dashboard_test

import (
	"context"
	"testing"
	"time"
)

// world is the daemon and the browser that tests share. Each has services of its own, and a tab of its own.
type world struct {
	binary  string
	site    *site
	browser context.Context
}

// policies are those of the shared daemon. The load of web repeats every 90 s; most others do what tests tell them.
const policies = `
config: sources: app: type: "push"

_busy: {
	target: driver: "sim"
	enabled: true
	minReplicas: 1, maxReplicas: 4
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", aggregation: "avg", window: "5s"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]
	evaluationInterval: "2s", cooldown: {up: "4s", down: "4s"}
	...
}
policies: web:  _busy & {service: "web"}
policies: till: _busy & {service: "till"}

_calm: {
	target: driver: "sim"
	enabled: true
	minReplicas: 1, maxReplicas: 4
	strategy: "schedule", schedule: [{from: "00:00", to: "24:00", minReplicas: 1, maxReplicas: 4}]
	evaluationInterval: "1s", cooldown: {up: "1s", down: "1s"}
	...
}
policies: stock: _calm & {service: "stock"}
policies: depot: _calm & {service: "depot"}
policies: desk:  _calm & {service: "desk"}

policies: orders: {
	service: "orders", target: driver: "sim", enabled: true
	minReplicas: 1, maxReplicas: 2
	metrics: [{name: "jobs", type: "queue_length", source: "app", aggregation: "max", window: "5m"}]
	thresholds: [{metric: "jobs", scaleUp: 100, scaleDown: 10}]
	evaluationInterval: "1s", cooldown: {up: "5m", down: "5m"}
}
`

// everywhere are the paths of all pages, each with a text that it shows when it is there. One of its own service is among them, with
// what was decided of it.
func (w *world) everywhere(t *testing.T) map[string]string {
	t.Helper()
	event := w.site.event(t, "web")
	return map[string]string{
		"/": "policies", "/login": "Password", "/services/web": "web", "/policies": "web", "/policies/web": "web", "/events": "web", "/audit": "web",
		"/why/event/" + event: "web", "/why/decision/1": "What was seen", "/why/nothing/1": "It is not there",
	}
}

// The dashboard as a person meets it: the program as it is built, and Debian's browser.
func TestBrowser(t *testing.T) {
	w := &world{binary: build(t), browser: chromium(t)}
	w.site = serve(t, w.binary, policies, func(s *site) { past(t, s.store(), "till", 2*time.Hour, 0) })
	for name, test := range map[string]func(*testing.T, *world){
		"Login":       testLogin,
		"Restart":     testRestart,
		"Hang":        testHang,
		"SessionEnds": testSessionEnds,
		"Accessible":  testAccessible,
		"ScaleUp":     testScaleUp,
		"Back":        testBackAndForth,
		"Pause":       testPause,
		"ByHand":      testByHand,
		"Viewer":      testViewer,
		"Switch":      testSwitch,
		"Try":         testTry,
		"Save":        testSave,
		"Hostile":     testHostile,
		"Keyboard":    testKeyboard,
		"Many":        testMany,
		"Pictures":    testPictures,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, w)
		})
	}
}
