package dashboard_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/api"
)

// evil is a text that would run, make elements, turn the line around and never end, were it taken for anything but text.
var evil = `<script>hacked=1</script><img src=x onerror="hacked=1"><svg onload=hacked=1>"'>` + "\u202etxet\u202c\u2066 \u200f" + `</bdi><h1 id=hacked>`

// long is evil too, and fills 10 kB without a place to break.
var long = evil + strings.Repeat("Ω", 5000-len(evil)/2)

// plain is evil without what no file of policies may hold.
var plain = regexp.MustCompile("[\u202a-\u202e\u2066-\u2069\u200f]").ReplaceAllString(long, "")

// some is the beginning of a text.
func some(text string, most int) string { return string([]rune(text)[:min(most, len([]rune(text)))]) }

// hostile are policies whose every text was written by somebody who means harm: rules, reasons, comments and queries.
var hostile = strings.NewReplacer("$LONG", strings.ReplaceAll(plain, "\"", "'"), "$SHORT", some(strings.ReplaceAll(plain, "\"", "'"), 400)).Replace(`
// $LONG
config: sources: app: type: "push"
policies: mail: {
	service: "mail", target: driver: "sim", enabled: true // $LONG
	minReplicas: 1, maxReplicas: 2
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", window: "5s"}, {name: "jobs", type: "queue_length", source: "app", query: "$LONG", onMissing: "ignore"}]
	rules: "shop.mail"
	lint: "unused-metric": "$SHORT"
	evaluationInterval: "1s", cooldown: {up: "1h", down: "1h"}
}
`)

var hostileRules = strings.NewReplacer("$LONG", strings.ReplaceAll(plain, "`", "'"), "$MESSAGE", strings.ReplaceAll(some(plain, 900), "`", "'")).Replace("package shop.mail\n\n" +
	"# $LONG\nrecommendation := {\"action\": \"scale_up\", \"replicas\": 2, \"confidence\": 1, \"priority\": \"high\",\n" +
	"\t\"reasons\": [{\"code\": \"Evil\", \"message\": `$MESSAGE`}]} if input.service.replicas.current == 1\n\n" +
	"else := {\"action\": \"hold\", \"replicas\": 2, \"confidence\": 1, \"priority\": \"low\", \"reasons\": [{\"code\": \"Evil\", \"message\": `$MESSAGE`}]}\n")

// What others wrote is text, wherever it comes from: nothing of it runs, no element is made of it, and nothing is pushed aside.
func testHostile(t *testing.T, w *world) {
	s := serve(t, w.binary, hostile, func(s *site) {
		if err := os.WriteFile(filepath.Join(s.policies(), "mail.rego"), []byte(hostileRules), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := s.client(t).Pause(t.Context(), api.PauseAsk{Service: "mail", Seconds: 3600, Reason: some(long, 500), Actor: some(evil, 100)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client(t).CreateToken(t.Context(), api.TokenAsk{Name: some(evil, 60), Role: "viewer", Actor: some(evil, 100)}); err == nil {
		t.Error("a token may be called what can't be printed")
	}
	for _, email := range []string{evil, "<img/src=x/onerror=hacked=1>@example.org"} {
		r, err := http.Post(s.url+"/api/auth/login", "application/json", strings.NewReader(`{"email": `+quoted(email)+`, "password": "`+password+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
	if _, err := s.client(t).Resume(t.Context(), "mail", some(evil, 100)); err != nil {
		t.Fatal(err)
	}
	event := s.event(t, "mail")
	if _, err := s.client(t).Pause(t.Context(), api.PauseAsk{Seconds: 3600, Reason: some(long, 500), Actor: some(evil, 100)}); err != nil {
		t.Fatal(err)
	}

	b := open(t, w.browser, s, person("admin"))
	for _, look := range []size{desk, phone} {
		b.look(look, false)
		for _, path := range []string{"/", "/services/mail", "/policies", "/policies/mail", "/events", "/audit", "/why/event/" + event, "/why/decision/1", "/why/now/mail", "/login?to=" + url.QueryEscape(evil)} {
			b.visit(path)
			if !strings.HasPrefix(path, "/login") {
				b.sees("All services are paused", "<script>")
			}
			b.settles()
			b.unfold()
			b.unharmed(path)
			b.fits(path)
		}
	}
	b.expects("status of 4")
	path, query := url.PathEscape(evil), url.QueryEscape(evil)
	for _, where := range []string{"/services/" + path, "/policies/" + path, "/why/event/" + path, "/events?service=" + query, "/?q=" + query, "/audit?actor=" + query} {
		b.visit(where)
		b.settles()
		b.unharmed(where)
		b.fits(where)
	}
}

// unfold opens all that is folded, and asks for all of what is shortened.
func (b *tab) unfold() {
	b.Helper()
	js[bool](b, `(() => {
		for (const d of document.querySelectorAll("details")) d.open = true;
		for (const l of document.querySelectorAll("button.link[aria-expanded=false]")) l.click();
		return true;
	})()`)
}

// unharmed checks that nothing of what is hostile came to be more than text.
func (b *tab) unharmed(where string) {
	b.Helper()
	if js[bool](b, `"hacked" in globalThis || document.querySelector("#hacked, img[src=x], svg[onload], main script") !== null`) {
		b.Errorf("%s: what is text became more than that", where)
	}
	turned := js[[]string](b, `(() => {
		const turns = /[\u202a-\u202e\u2066-\u2069]/, found = [];
		const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (texts.nextNode()) if (turns.test(texts.currentNode.data)) found.push(texts.currentNode.parentElement.outerHTML);
		for (const e of document.querySelectorAll("[title], [aria-label], [aria-valuetext]"))
			for (const name of ["title", "aria-label", "aria-valuetext"]) if (turns.test(e.getAttribute(name) ?? "")) found.push(name + " of " + e.outerHTML);
		return found.map((f) => f.slice(0, 300));
	})()`)
	if len(turned) > 0 {
		b.Errorf("%s: marks that turn a line around are let through: %q", where, turned)
	}
}
