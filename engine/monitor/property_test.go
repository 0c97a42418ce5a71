package monitor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// hostile texts would move the cursor, turn lines around, or are wider or narrower than they look.
var hostile = []string{
	"web", "\x1b[2J\x1b[31mred", "\x1b]0;title\a", "a\nb\r\nc\td", "\x9b31m", "\u202etxet", "\u2066iso\u2069", "e\u0301\u0301\u0301\u0301\u0301\u0301", "\u0301start",
	"日本語のサービス", "👩‍👩‍👧‍👦 family", "🇩🇪🇫🇷", "3\ufe0f\u20e3", "☺️", "\x00\x01\x7f", "한국어", "ﷺﷺﷺ", "\xff\xfe", "a\u200bb\u200d", strings.Repeat("x", 10_000), strings.Repeat("長い", 3000),
	"<script>alert(1)</script>", "", " ", "נדב", strings.Repeat("a b ", 500), "\u00ad\u034f", "\U000e0041", "ก็็็็็็็็็",
}

var colouring = regexp.MustCompile("\x1b\\[[0-9;]*m")

// fits checks that a screen is as large as its window, and that nothing in it steers the terminal but colours.
func fits(t interface {
	Helper()
	Fatalf(string, ...any)
}, lines []string, width, height int, colors bool) {
	t.Helper()
	if len(lines) != height {
		t.Fatalf("%d lines in a window of %d", len(lines), height)
	}
	for i, line := range lines {
		bare := line
		if colors {
			bare = colouring.ReplaceAllString(line, "")
		}
		if n := max(ansi.StringWidth(bare), ansi.StringWidthWc(bare)); n > width {
			t.Fatalf("line %d takes %d columns of %d: %q", i, n, width, line)
		}
		for _, r := range bare {
			if !unicode.IsPrint(r) {
				t.Fatalf("line %d has %U: %q", i, r, line)
			}
		}
	}
}

// Whatever the window, the texts and the keys are: the screen is just as large as the window.
func TestAnyWindowAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(label string) string {
			return rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()).Draw(t, label)
		}
		colors := rapid.Bool().Draw(t, "colors")
		daemon := &paper{status: api.Status{Enabled: true, Fleet: api.Fleet{MaxTotalReplicas: rapid.IntRange(0, 1e6).Draw(t, "budget")}}}
		for i := range rapid.IntRange(0, 30).Draw(t, "policies") {
			daemon.status.Policies = append(daemon.status.Policies, drawn(t, text, fmt.Sprint(i)))
		}
		if rapid.Bool().Draw(t, "led") {
			daemon.status.Daemon = &api.Daemon{DryRun: true, Problem: text("problem"), Store: text("store"), Leader: &api.Leader{Name: text("leader")}}
		}
		daemon.trends = shopTrends
		daemon.explain = func(of string) api.Explanation {
			e := shopExplains(of)
			e.Record.Service, e.Record.Decision.Message, e.File = text("service"), text("message"), text("file")
			e.Metrics[0].Metric, e.Alternatives[0].Message = text("metric"), text("alternative")
			return e
		}
		daemon.fail = rapid.SampledFrom([]error{nil, nil, errors.New(text("failure"))}).Draw(t, "fail")
		s := &stage{New(context.Background(), Options{Daemon: daemon, Colors: colors}, noon, time.UTC), daemon}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				s.play(tea.WindowSizeMsg{Width: rapid.IntRange(0, 200).Draw(t, "width"), Height: rapid.IntRange(0, 60).Draw(t, "height")})
			case 1:
				s.play(heard{{Status: &daemon.status}})
			case 2:
				s.play(heard{{Entry: &store.Entry{At: noon, Actor: text("actor"), Kind: store.OfTrouble, Service: text("service"), Policy: text("policy"), Message: text("message")}}})
			case 3:
				s.play(heard{{Lost: errors.New(text("lost"))}})
			case 4:
				s.play(tea.PasteMsg{Content: text("pasted")})
			case 5:
				s.play(tick(s.now.Add(time.Duration(rapid.IntRange(-100, 10_000).Draw(t, "later")) * time.Second)))
			default:
				s.keys(rapid.SampledFrom([]string{
					"enter", "tab", "esc", "up", "down", "pgup", "pgdown", "home", "end", "backspace", "/", "p", "s", "r", "b", "?", "y", "5", "x", "ctrl+u",
				}).Draw(t, "key"))
			}
			fits(t, s.frame(), max(0, s.width), s.seen(), colors)
		}
	})
}

// seen is how many lines there are to be.
func (s *stage) seen() int {
	if s.width <= 0 {
		return 0
	}
	return max(0, s.height)
}

func drawn(t *rapid.T, text func(string) string, name string) api.PolicyStatus {
	p := api.PolicyStatus{
		Name: name + text("name"), Service: text("service"), Enabled: true, State: api.State{Name: text("state"), Why: text("why"), Seconds: rapid.Float64Range(0, 1e7).Draw(t, "seconds")},
		CurrentReplicas: rapid.IntRange(0, 1000).Draw(t, "current"), ReadyReplicas: rapid.IntRange(0, 1000).Draw(t, "ready"),
		MinReplicas: rapid.IntRange(0, 1000).Draw(t, "min"), MaxReplicas: rapid.IntRange(0, 1000).Draw(t, "max"), Error: text("error"),
	}
	if rapid.Bool().Draw(t, "evaluated") {
		p.LastEvaluation = &noon
		p.Metrics = map[string]engine.Reading{text("metric"): engine.Reads(rapid.Float64().Draw(t, "value")), "cpu_usage": {Status: engine.Status(text("status"))}}
	}
	if rapid.Bool().Draw(t, "scaled") {
		p.LastEvent = &api.LastEvent{From: 1, To: 2, Result: engine.Result(text("result")), Started: noon, Ended: noon}
	}
	return p
}

// What somebody else wrote never reaches the terminal but as text.
func FuzzText(f *testing.F) {
	for _, seed := range hostile {
		for _, columns := range []int{0, 1, 2, 7, 40} {
			f.Add(seed, columns)
		}
	}
	f.Fuzz(func(t *testing.T, text string, columns int) {
		columns = min(max(columns, 0), 300)
		said := clean(text)
		if again := clean(said); again != said {
			t.Fatalf("%q is cleaned to %q, and that to %q", text, said, again)
		}
		one := cut(said, columns)
		fits(t, []string{one}, columns, 1, false)
		if !strings.HasPrefix(said, strings.TrimSuffix(one, "…")) {
			t.Fatalf("%q is cut to %q", said, one)
		}
		if got := pad(said, columns); width(got) != columns {
			t.Fatalf("%q is padded to %q, which takes %d columns of %d", said, got, width(got), columns)
		}
		lines := wrap("> ", "  ", said, columns)
		fits(t, lines, columns, len(lines), false)
		entry := store.Entry{At: noon, Actor: text, Service: text, Policy: text, Message: text}
		fits(t, (&Lines{Zone: time.UTC}).Of(api.Happening{Entry: &entry}, noon), endless, 1, false)
	})
}
