package notify

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the goldens anew")

// contents are what the goldens show, by name.
func contents(t testing.TB) map[string]Content {
	t.Helper()
	told := func(e store.Entry, event engine.Event) Notification {
		e.At, e.Actor = at, "policy front"
		n, tells := Of(e, event)
		if !tells {
			t.Fatalf("nothing is told of %+v", e)
		}
		return n
	}
	began := told(store.Entry{Number: 7, Kind: store.OfDecision, Event: "web-1", Policy: "front", Service: "web"}, raise("", 0, ""))
	failed := told(store.Entry{Number: 8, Kind: store.OfEvent, Event: "web-1", Policy: "front", Service: "web"}, raise(engine.Failed, 2, "no such image"))
	trouble := told(store.Entry{Number: 9, Kind: store.OfTrouble, Policy: "front", Service: "web", Reason: BudgetExhausted, Message: "wished for 5: 19 replicas of 20 in use"}, engine.Event{})
	recovery := told(store.Entry{Number: 12, Kind: store.OfRecovery, Policy: "front", Service: "web", Reason: BudgetExhausted, Message: "what is wished for may be had again, after 3m0s"}, engine.Event{})
	nasty := began
	nasty.Service, nasty.Text = "<!channel>", "<!channel> @everyone <@123> [a](http://b.example) *b* _c_ `d` & <at>e</at> #f :smile: 2 → 3"
	storm := sum([]Content{{Notification: &began}, {Notification: &failed}, {Notification: &began}, {Notification: &trouble}, {Notification: &nasty}})
	all := map[string]Content{"digest": {Digest: &storm}}
	for name, n := range map[string]Notification{"started": began, "failed": failed, "trouble": trouble, "recovery": recovery, "nasty": nasty} {
		all[name] = Content{Notification: &n}
	}
	return all
}

func TestFormats(t *testing.T) {
	for _, format := range Formats {
		var got strings.Builder
		for _, name := range []string{"started", "failed", "trouble", "recovery", "nasty", "digest"} {
			p, err := Render(format, "ops-7-abc", contents(t)[name])
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := json.Indent(&text, p.Body, "", "  "); err != nil {
				t.Fatalf("%s of %s: %v", format, name, err)
			}
			fmt.Fprintf(&got, "-- %s: %s --\n%s\n", name, p.Type, &text)
		}
		file := filepath.Join("testdata", string(format)+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil || got.String() != string(want) {
			t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", format, err, &got, want)
		}
	}
}

func TestGuess(t *testing.T) {
	for address, want := range map[string]Format{
		"https://hooks.slack.com/services/T/B/x":                             Slack,
		"https://discord.com/api/webhooks/1/x":                               Discord,
		"https://canary.discordapp.com/api/webhooks/1/x":                     Discord,
		"https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers": Teams,
		"https://x.12.environment.api.powerplatform.com/powerautomate/x":     Teams,
		"http://alertmanager:9093/api/v2/alerts":                             Alertmanager,
		"https://hooks.slack.com.evil.example/x":                             JSON,
		"https://notdiscord.com/api/webhooks/1/x":                            JSON,
		"https://discord.com/channels/1":                                     JSON,
		"https://a.example/hook":                                             JSON,
		"%zz":                                                                JSON,
	} {
		if got := Guess(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// The same content under the same id gives the same bytes, in the limits of whoever receives it, whatever it says.
func TestFormatsHoldTheirLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			return line(strings.Repeat(rapid.StringN(0, 40, -1).Draw(t, label), rapid.IntRange(1, 200).Draw(t, label+" times")), longestText)
		}
		one := Notification{ID: "1-a", Kind: rapid.SampledFrom(Kinds).Draw(t, "kind"), At: at, Service: text("service"), Reason: "Odd", Actor: "a", Text: text("text")}
		c := Content{Notification: &one}
		if rapid.Bool().Draw(t, "digest") {
			var d Digest
			for i := range rapid.IntRange(1, 200).Draw(t, "services") {
				n := one
				n.Service = fmt.Sprint(n.Service, i)
				d.add(n)
			}
			d = d.bounded()
			c = Content{Digest: &d}
		}
		for _, format := range Formats {
			p, err := Render(format, "a", c)
			again, _ := Render(format, "a", c)
			if err != nil || !json.Valid(p.Body) || !bytes.Equal(p.Body, again.Body) {
				t.Fatalf("%s: %v: %s", format, err, p.Body)
			}
			if most := map[Format]int{Slack: 16_000, Discord: 8_000, Teams: 28_000}[format]; most > 0 && len(p.Body) > most {
				t.Fatalf("%s: %d bytes", format, len(p.Body))
			}
			if format == Discord {
				var body struct{ Content string }
				if err := json.Unmarshal(p.Body, &body); err != nil || len(utf16.Encode([]rune(body.Content))) > 2000 {
					t.Fatalf("%v: %d characters", err, len(utf16.Encode([]rune(body.Content))))
				}
			}
		}
	})
}

func TestRecoveryResolvesItsAlert(t *testing.T) {
	alertsOf := func(name string) alert { return alerts(contents(t)[name])[0] }
	trouble, recovery := alertsOf("trouble"), alertsOf("recovery")
	if fmt.Sprint(trouble.Labels) != fmt.Sprint(recovery.Labels) {
		t.Errorf("the recovery has labels %v, its trouble %v", recovery.Labels, trouble.Labels)
	}
	if !trouble.EndsAt.After(at.Add(24*time.Hour)) || recovery.EndsAt.After(at) || recovery.StartsAt != nil {
		t.Errorf("the trouble ends at %s, the recovery begins at %v and ends at %s", trouble.EndsAt, recovery.StartsAt, recovery.EndsAt)
	}
}

func TestDigestStaysSmall(t *testing.T) {
	var d Digest
	for i := range 10_000 {
		n := Notification{Kind: Started, At: at.Add(time.Duration(i) * time.Second), Service: fmt.Sprintf("s%d", i%500), Text: strings.Repeat("x", longestText)}
		if i%100 == 0 {
			n.Kind, n.Reason, n.Policy = Unavailable, NoneReady, fmt.Sprint(i)
		}
		d.add(n)
		if i%1000 == 999 {
			d = d.bounded()
		}
	}
	text, err := json.Marshal(d)
	if err != nil || len(text) > 100_000 || len(d.Services) > mostServices || len(d.Troubles) > mostTroubles {
		t.Errorf("%v: %d bytes, %d services, %d troubles", err, len(text), len(d.Services), len(d.Troubles))
	}
	counted := d.Others
	for _, s := range d.Services {
		counted += total(s.Counts)
	}
	if total(d.Counts) != 10_000 || counted != 10_000 || d.Counts[Unavailable] != 100 {
		t.Errorf("%d in all, %d by service, %v", total(d.Counts), counted, d.Counts)
	}
	if !d.From.Equal(at) || !d.To.Equal(at.Add(9999*time.Second)) {
		t.Errorf("from %s to %s", d.From, d.To)
	}
}
