package dashboard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/flyball-dev/flyball/engine/api"
)

// thousand are as many policies, each of a service of its own.
func thousand() string {
	var s strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&s, `policies: "svc-%03d": {service: "svc-%03d", target: driver: "sim", enabled: true, minReplicas: 1, maxReplicas: 3, strategy: "schedule", schedule: [{from: "00:00", to: "24:00", minReplicas: 1, maxReplicas: 3}], evaluationInterval: "30s"}`+"\n", i, i)
	}
	return s.String()
}

// Of a thousand services there are as many rows as one sees, and what one of them tells changes that one alone.
func testMany(t *testing.T, w *world) {
	s := serve(t, w.binary, thousand())
	b := open(t, w.browser, s, person("operator"))
	b.visit("/?sort=name")
	b.sees("1000 policies", "svc-000", "live")
	rows := func(when string) {
		t.Helper()
		const most = 60
		all, err := b.elements("row")
		if err != nil {
			t.Fatal(err)
		}
		if n := len(all); n < 3 || n > most {
			t.Errorf("%s there are %d rows, want up to %d", when, n, most)
		}
		if n := js[int](b, "document.querySelectorAll('*').length"); n > 60*most {
			t.Errorf("%s there are %d elements", when, n)
		}
	}
	rows("at the beginning")
	for _, part := range []string{"0.5", "1"} {
		js[chromedp.Void](b, "scrollTo(0, document.documentElement.scrollHeight * "+part+")")
		b.becomes("rows where one scrolled to", `[...document.querySelectorAll("[role=row] a")].some((a) => { const r = a.getBoundingClientRect(); return r.top > innerHeight / 3 && r.bottom < innerHeight })`)
		rows("at " + part)
	}
	b.sees("svc-999")

	// What is told of others changes little, and of one that is seen its row.
	js[chromedp.Void](b, `globalThis.added = 0; new MutationObserver((all) => { for (const m of all) globalThis.added += m.addedNodes.length }).observe(document.querySelector("[role=grid]"), {childList: true, subtree: true})`)
	b.becomes("word of many others", "performance.now() > 0")
	if _, err := s.client(t).Pause(t.Context(), api.PauseAsk{Service: "svc-999", Seconds: 600, Reason: "a word", Actor: "anna"}); err != nil {
		t.Fatal(err)
	}
	b.sees("a word")
	if n := js[int](b, "globalThis.added"); n > 200 {
		t.Errorf("what was told of one policy, and of others that one does not see, made %d nodes", n)
	}
	b.stays(func() {
		b.fill("searchbox", "Filter by the name of a policy or service", "svc-5")
		b.sees("100 of 1000 policies", "svc-500")
		rows("filtered")
	})
}
