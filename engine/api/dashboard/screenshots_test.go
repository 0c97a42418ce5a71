package dashboard_test

import (
	"bytes"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/flyball-dev/flyball/engine/api"
)

// shop is what pictures are taken of: services in many a state.
const shop = `
config: sources: app: type: "push"

_cpu: {
	target: driver: "sim"
	minReplicas: 1
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", aggregation: "avg", window: "5s"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 70, scaleDown: 25}]
	evaluationInterval: "2s", cooldown: {up: "20s", down: "4s"}
	...
}
policies: web:      _cpu & {service: "web", enabled: true, maxReplicas: 4}
policies: checkout: _cpu & {service: "checkout", enabled: true, maxReplicas: 4}
policies: search:   _cpu & {service: "search", enabled: true, maxReplicas: 4, mode: "shadow"}
policies: reports:  _cpu & {service: "reports", maxReplicas: 2}
policies: worker: {
	service: "worker", target: driver: "sim", enabled: true
	minReplicas: 1, maxReplicas: 8
	metrics: [{name: "queue_length", type: "queue_length", source: "app", aggregation: "avg", window: "10s"}]
	thresholds: [{metric: "queue_length", scaleUp: 100, scaleDown: 10}]
	evaluationInterval: "2s", cooldown: {up: "10s", down: "10s"}
}
policies: mail: {
	service: "mail", target: driver: "sim", enabled: true
	minReplicas: 1, maxReplicas: 4
	metrics: [{name: "jobs", type: "queue_length", source: "app"}]
	thresholds: [{metric: "jobs", scaleUp: 50, scaleDown: 5}]
	evaluationInterval: "2s", cooldownPeriod: "1m"
}
`

// view is a page in the state in which a picture is taken of it.
type view struct {
	name, path string
	sees       []string
	prepare    func(b *tab)
	whole      bool // beyond what fits into the window
}

// everyPicture takes one of every view, by light, by night and on a phone, of a daemon that has much to tell.
func everyPicture(t *testing.T, w *world, folder string) {
	s := serve(t, w.binary, shop, func(s *site) {
		past(t, s.store(), "web", 24*time.Hour, 0)
		past(t, s.store(), "checkout", 24*time.Hour, 2*time.Hour)
	})
	if _, err := s.client(t).Pause(t.Context(), api.PauseAsk{Service: "checkout", Seconds: 3000, Reason: "the payment provider is being moved", Actor: "anna@example.org"}); err != nil {
		t.Fatal(err)
	}
	event := s.story(t)
	b := open(t, w.browser, s, person("admin"))
	b.expects("status of 404")
	for _, v := range []view{
		{name: "overview", path: "/", sees: []string{"policies", "live", "checkout"}, prepare: func(b *tab) {
			b.becomes("what was recorded of the metrics", `performance.getEntriesByType("resource").some((e) => e.name.includes("/trends?"))`)
		}},
		{name: "service", path: "/services/web?last=24h", sees: []string{"cpu_usage", "As a table"}, whole: true},
		{name: "impact", path: "/services/web?last=15m", sees: []string{"cpu_usage", "Impact"}, whole: true, prepare: func(b *tab) {
			b.click("button", "Impact")
			b.sees("Performance impact")
		}},
		{name: "pause", path: "/services/worker", sees: []string{"queue_length"}, prepare: func(b *tab) {
			b.click("button", "Pause…")
			b.fill("textbox", "Reason", "the broker is being upgraded")
		}},
		{name: "why", path: "/why/event/" + event, sees: []string{"What would change this"}, whole: true},
		{name: "policies", path: "/policies", sees: []string{"worker"}},
		{name: "policy", path: "/policies/web", sees: []string{"Revisions"}, whole: true},
		{name: "try", path: "/policies/web", sees: []string{"Revisions"}, whole: true, prepare: trying},
		{name: "events", path: "/events", sees: []string{"web", "succeeded"}},
		{name: "audit", path: "/audit", sees: []string{"entries, the newest first"}},
		{name: "login", path: "/login", sees: []string{"Password"}},
		{name: "nowhere", path: "/policies/nothing", sees: []string{"It is not there"}},
	} {
		pictures(b, folder, v)
	}
}

// story waits until the services have something to tell, and answers the last event of web.
func (s *site) story(t *testing.T) (event string) {
	t.Helper()
	values := time.NewTicker(2 * time.Second)
	defer values.Stop()
	for begun := time.Now(); time.Since(begun) < 75*time.Second; {
		load := 60.0
		if since := time.Since(begun); since > 15*time.Second && since < 50*time.Second {
			load = 240
		}
		if err := s.client(t).Push(t.Context(), "worker", []api.Pushed{{Metric: "queue_length", Value: &load}}); err != nil {
			t.Fatal(err)
		}
		<-values.C
	}
	events, err := s.client(t).History(t.Context(), "web", 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Action == "scale_up" {
			return e.ID
		}
	}
	t.Fatal("web was not scaled up")
	return ""
}

// trying changes a threshold in the draft of a policy, and tries it on a day. The tab keeps the draft for the next look at it.
func trying(b *tab) {
	b.Helper()
	if !b.has("textbox", "The policy") {
		b.click("button", "Try a change")
		b.write(changed(b.draft()))
	}
	b.sees("valid")
	b.click("button", "24h")
	b.click("button", "Try")
	b.finds("slider", "Replicas needed")
}

// testPictures takes few of them, so that it is known how; all of them where FLYBALL_SCREENSHOTS names a folder for them.
func testPictures(t *testing.T, w *world) {
	if folder := os.Getenv("FLYBALL_SCREENSHOTS"); folder != "" {
		everyPicture(t, w, folder)
		return
	}
	folder := t.TempDir()
	b := open(t, w.browser, w.site, person("admin"))
	pictures(b, folder, view{name: "overview", path: "/", sees: []string{"policies", "live"}})
	pictures(b, folder, view{name: "service", path: "/services/till", sees: []string{"cpu_usage", "As a table"}, whole: true})
	for _, name := range []string{"overview.png", "overview-dark.png", "overview-phone.png", "service.png", "service-dark.png", "service-phone.png"} {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
			continue
		}
		picture, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		colours := map[color.Color]bool{}
		for y := range picture.Bounds().Dy() {
			for x := range picture.Bounds().Dx() {
				colours[picture.At(x, y)] = true
			}
		}
		if len(colours) < 10 {
			t.Errorf("%s has %d colours: nothing is on it", name, len(colours))
		}
	}
}

// pictures takes one of a view for each look: NAME.png, NAME-dark.png, NAME-phone.png.
func pictures(b *tab, folder string, v view) {
	b.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.Fatal(err)
	}
	for _, look := range looks {
		b.look(look.window, look.dark)
		b.visit(v.path)
		b.sees(v.sees...)
		if v.prepare != nil {
			v.prepare(b)
		}
		b.settles()
		js[bool](b, "document.fonts.ready.then(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true)))))")
		name := v.name + "-" + look.name
		if look.name == "light" {
			name = v.name
		}
		shot := call(b, page.CaptureScreenshot, b.clip(v.whole))
		if err := os.WriteFile(filepath.Join(folder, name+".png"), shot.Data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// clip is how much of a page is on the picture: the window, or all of it as far as one likes to scroll.
func (b *tab) clip(whole bool) page.CaptureScreenshotParams {
	b.Helper()
	const most = 4000
	if !whole {
		return page.CaptureScreenshotParams{}
	}
	wide, high := js[float64](b, "innerWidth"), min(most, js[float64](b, "document.documentElement.scrollHeight"))
	js[bool](b, "scrollTo(0, 0); true")
	beyond := true
	return page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond, Clip: &page.Viewport{Width: wide, Height: high, Scale: 1}}
}
