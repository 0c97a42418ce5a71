package notify

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

var at = time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)

func number(v float64) *float64 { return &v }

// raise is an event of web from 2 to 3 that ended after 12 s.
func raise(result engine.Result, reached int, failed string) engine.Event {
	return engine.Event{
		ID: "web-1", Policy: "front", Service: "web", Mode: engine.Live, Action: engine.ScaleUp, From: 2, To: 3, Reached: reached,
		Started: at, Ended: at.Add(12 * time.Second), Result: result, Error: failed, Actor: "policy front",
		Reasons: []engine.Reason{{Code: "ScaleUpCrossed", Metric: "cpu_usage", Value: number(85), Threshold: number(70), Message: "cpu_usage is 85, above scaleUp 70"}},
	}
}

func TestWhatIsTold(t *testing.T) {
	shadow, seen := raise(engine.Succeeded, 3, ""), raise(engine.Seen, 3, "")
	shadow.Mode = engine.Shadow
	byHand := raise(engine.Succeeded, 3, "")
	byHand.Reasons = []engine.Reason{{Code: "Requested", Message: "3 replicas asked for by ana"}, {Code: "Requested", Message: "3 replicas asked for by ana"}}
	tests := []struct {
		name  string
		entry store.Entry
		event engine.Event
		kind  Kind
		text  string
	}{
		{"began", store.Entry{Kind: store.OfDecision, Event: "web-1"}, raise("", 0, ""), Started, "web 2 → 3: cpu_usage is 85, above scaleUp 70"},
		{"succeeded", store.Entry{Kind: store.OfEvent, Event: "web-1"}, raise(engine.Succeeded, 3, ""), Succeeded,
			"web 2 → 3 done in 12s: cpu_usage is 85, above scaleUp 70"},
		{"failed", store.Entry{Kind: store.OfEvent, Event: "web-1"}, raise(engine.Failed, 2, "no such\nimage"), Failed,
			"web 2 → 3 failed after 12s, 2 run: no such image; wanted because cpu_usage is 85, above scaleUp 70"},
		{"rolled back", store.Entry{Kind: store.OfEvent, Event: "web-1"}, raise(engine.RolledBack, 2, "crashed"), RolledBack,
			"web 2 → 3 rolled back after 12s, 2 run: crashed; wanted because cpu_usage is 85, above scaleUp 70"},
		{"in part", store.Entry{Kind: store.OfEvent, Event: "web-1"}, raise(engine.Partial, 2, "crashed"), RolledBack,
			"web 2 → 3 done in part after 12s, 2 run: crashed; wanted because cpu_usage is 85, above scaleUp 70"},
		{"interrupted", store.Entry{Kind: store.OfEvent, Event: "web-1"}, raise(engine.Interrupted, 2, ""), RolledBack,
			"web 2 → 3 interrupted after 12s, 2 run: cpu_usage is 85, above scaleUp 70"},
		{"by hand, said twice", store.Entry{Kind: store.OfEvent, Event: "web-1"}, byHand, Succeeded, "web 2 → 3 done in 12s: 3 replicas asked for by ana"},
		{"trouble of a service", store.Entry{Kind: store.OfTrouble, Service: "web", Reason: Unobservable, Message: "observe web: no such service"}, engine.Event{},
			Unavailable, "web: observe web: no such service"},
		{"trouble of all", store.Entry{Kind: store.OfTrouble, Reason: PoliciesUnusable, Message: "they can't be used"}, engine.Event{}, PolicyError, "they can't be used"},
		{"trouble of another version", store.Entry{Kind: store.OfTrouble, Reason: "Odd", Message: "odd"}, engine.Event{}, PolicyError, "odd"},
		{"recovery", store.Entry{Kind: store.OfRecovery, Service: "web", Reason: BudgetExhausted, Message: "it may, after 3m0s"}, engine.Event{}, Recovered, "web: it may, after 3m0s"},
		{"a shadow began", store.Entry{Kind: store.OfDecision, Event: "web-1"}, shadow, "", ""},
		{"a shadow ended", store.Entry{Kind: store.OfEvent, Event: "web-1"}, shadow, "", ""},
		{"somebody else's", store.Entry{Kind: store.OfEvent, Event: "web-1"}, seen, "", ""},
		{"an event that is past its retention", store.Entry{Kind: store.OfEvent, Event: "web-1"}, engine.Event{}, "", ""},
		{"refused by hand", store.Entry{Kind: store.OfDecision, Service: "web", Message: "scale to 9, refused"}, engine.Event{}, "", ""},
		{"a pause", store.Entry{Kind: store.OfPause, Message: "all services are paused"}, engine.Event{}, "", ""},
		{"a login", store.Entry{Kind: store.OfAccess, Message: "ana logged in"}, engine.Event{}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.entry.Number, tt.entry.At = 7, at
			n, tells := Of(tt.entry, tt.event)
			if tells != (tt.kind != "") || tells && (n.Kind != tt.kind || n.Text != tt.text) {
				t.Errorf("tells %v: %s %q\nwant %s %q", tells, n.Kind, n.Text, tt.kind, tt.text)
			}
			if tells && (n.ID == "" || !n.At.Equal(at)) {
				t.Errorf("id %q at %s", n.ID, n.At)
			}
		})
	}
}

func TestFieldsOfANotification(t *testing.T) {
	n, _ := Of(store.Entry{Number: 9, At: at, Kind: store.OfEvent, Event: "web-1", Policy: "front", Service: "web", Actor: "policy front"}, raise(engine.Partial, 0, "crashed"))
	if n.From != 2 || n.To != 3 || n.Reached == nil || *n.Reached != 0 || n.Result != engine.Partial || n.Error != "crashed" ||
		!maps.Equal(n.Metrics, map[string]float64{"cpu_usage": 85}) || n.Policy != "front" || n.Actor != "policy front" || n.Event != "web-1" {
		t.Errorf("%+v", n)
	}
	again, _ := Of(store.Entry{Number: 9, At: at.Add(time.Second), Kind: store.OfEvent, Event: "web-1"}, raise(engine.Partial, 0, "crashed"))
	if n.ID == again.ID {
		t.Errorf("an entry of another store has the same id, %s", n.ID)
	}
}

// Whatever an author's rules or a container say, a notification stays small and on one line.
func TestNotificationsStaySmall(t *testing.T) {
	e := raise(engine.Failed, 2, strings.Repeat("a\r\n\x1b[31m\u202e", 10_000))
	for range 1000 {
		e.Reasons = append(e.Reasons, engine.Reason{Message: strings.Repeat("wide\n", 1000)})
	}
	n, _ := Of(store.Entry{At: at, Kind: store.OfEvent, Event: "web-1", Actor: strings.Repeat("x", 5000)}, e)
	for _, text := range []string{n.Text, n.Error, n.Actor} {
		if len([]rune(text)) > longestText || strings.ContainsAny(text, "\r\n\x1b\u202e") {
			t.Errorf("%d characters: %.100q", len([]rune(text)), text)
		}
	}
	if len(n.Reasons) > mostReasons || len([]rune(n.Reasons[1].Message)) > longestReason {
		t.Errorf("%d reasons, of up to %d characters", len(n.Reasons), len(n.Reasons[1].Message))
	}
}
