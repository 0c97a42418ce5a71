package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// condition is one that has been so for so many minutes.
func condition(kind string, so bool, minutes int, reason, message string) engine.Condition {
	return engine.Condition{Type: kind, Status: so, Reason: reason, Message: message, Since: noon.Add(-time.Duration(minutes) * time.Minute)}
}

// backend is a policy at work, of which all is as one wishes.
func backend() api.PolicyStatus {
	at := noon.Add(-3 * time.Second)
	return api.PolicyStatus{
		Name: "backend", Service: "backend", Enabled: true, Mode: engine.Live, CurrentReplicas: 2, ReadyReplicas: 2,
		MinReplicas: 1, MaxReplicas: 5, LastEvaluation: &at, Action: engine.Hold, Reason: "WithinBounds", Message: "cpu is 50",
		Metrics:    map[string]engine.Reading{"cpu": engine.Reads(50)},
		Conditions: []engine.Condition{condition("Able", true, 90, "NothingInTheWay", ""), condition("Limited", false, 90, "WithinLimits", "")},
	}
}

func TestStatusTable(t *testing.T) {
	until := noon.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		with func(s *api.Status, p *api.PolicyStatus)
		row  string
		head string // the second line, where it is of interest
		rest []string
	}{
		"as one wishes": {func(*api.Status, *api.PolicyStatus) {},
			"backend  backend  active  2         1-5      cpu 50   3s ago         WithinBounds: cpu is 50", "", nil},
		"somebody turned the switch": {func(s *api.Status, _ *api.PolicyStatus) {
			s.Switched = &api.Switched{At: noon.Local(), Actor: "ana@example.com"}
		}, "autoscaling: on, set by ana@example.com at " + noon.Local().Format(time.DateTime), "", nil},
		"not as one wishes": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "AtMaximum", "wished for 9, the maximum is 5"
			p.Conditions = []engine.Condition{
				condition("Able", true, 90, "NothingInTheWay", ""), condition("Informed", false, 12, "MetricStale", "mem is stale (3m old)"),
				condition("Limited", true, 185, "AtMaximum", "wished for 9, the maximum is 5"), condition("Vetoes", true, 60, "NotPastScaleDown", "cpu is 50"),
			}
		}, "backend  backend  blocked  2         1-5      cpu 50   3s ago         AtMaximum", "", []string{
			"  not informed for 12m: MetricStale: mem is stale (3m old)",
			"  limited for 3h5m: AtMaximum: wished for 9, the maximum is 5",
		}},
		"a reason too long for the row": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Message = strings.TrimSpace(strings.Repeat("cpu is 50 ", 20))
		},
			"backend  backend  active  2         1-5      cpu 50   3s ago", "", []string{
				"  WithinBounds: cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu",
				"    is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50 cpu is 50",
				"    cpu is 50 cpu is 50",
			}},
		"the service is paused": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "Paused", "paused by ana until 2026-01-01T14:00:00Z: a sale"
			p.Pause = &api.Pause{Service: "backend", Actor: "ana", Reason: "a sale", Until: &until, Seconds: 7199.2}
			p.Conditions[0] = condition("Able", false, 1, "Paused", p.Message)
		}, "backend  backend  paused 2h  2         1-5      cpu 50   3s ago         Paused", "", []string{"  paused by ana, 2h left: a sale"}},
		"all are paused": {func(s *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "Paused", "all services are paused by ana until resumed: a sale"
			p.Conditions[0] = condition("Able", false, 1, "Paused", p.Message)
			s.Pause = &api.Pause{Actor: "ana", Reason: "a sale"}
		}, "backend  backend  paused  2         1-5      cpu 50   3s ago         Paused", "paused: all services, by ana, until resumed: a sale", nil},
		"autoscaling is off": {func(s *api.Status, p *api.PolicyStatus) {
			s.Enabled = false
			p.Reason, p.Message = "Disabled", "autoscaling is off"
			p.Conditions[0] = condition("Able", false, 1, "Disabled", p.Message)
		}, "backend  backend  off    2         1-5      cpu 50   3s ago         Disabled: autoscaling is off", "", nil},
		"it was turned on since": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "Disabled", "autoscaling is off"
			p.Conditions[0] = condition("Able", false, 1, "Disabled", p.Message)
		}, "backend  backend  active  2         1-5      cpu 50   3s ago         Disabled, which has ended", "", nil},
		"its policy was turned on since": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "PolicyDisabled", "the policy says enabled: false"
			p.Conditions[0] = condition("Able", false, 1, "PolicyDisabled", p.Message)
		}, "backend  backend  active  2         1-5      cpu 50   3s ago         PolicyDisabled, which has ended", "", nil},
		"the pause has ended since": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "Paused", "paused by ana"
			p.Conditions[0] = condition("Able", false, 1, "Paused", p.Message)
		}, "backend  backend  active  2         1-5      cpu 50   3s ago         Paused, which has ended", "", nil},
		"the change has ended since": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "RolloutInProgress", "1 → 2, begun 3s ago, has not ended"
			p.Conditions[0] = condition("Able", false, 1, "RolloutInProgress", p.Message)
			p.LastScaling, p.LastResult = &noon, engine.Succeeded
		}, "backend  backend  active  2         1-5      cpu 50   3s ago", "", []string{
			"  RolloutInProgress, which has ended",
		}},
		"somebody else's change goes on": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Reason, p.Message = "RolloutInProgress", "docker compose up is at it"
			p.Conditions[0] = condition("Able", false, 1, "RolloutInProgress", p.Message)
			before := noon.Add(-time.Minute)
			p.LastScaling = &before
		}, "backend  backend  blocked  2         1-5      cpu 50   3s ago         RolloutInProgress", "", []string{
			"  not able for 1m: RolloutInProgress: docker compose up is at it",
		}},
		"after a change that failed": {func(_ *api.Status, p *api.PolicyStatus) {
			p.LastResult = engine.RolledBack
			p.Reason, p.Message = "BackoffActive", "scaling up waits 30s more"
			p.Conditions[0] = condition("Able", false, 1, "BackoffActive", p.Message)
		}, "backend  backend  blocked  2         1-5      cpu 50   3s ago", "", []string{
			"  BackoffActive (the last change ended rolled_back: flyball history backend)",
			"  not able for 1m: BackoffActive: scaling up waits 30s more",
		}},
		"a cooldown runs": {func(_ *api.Status, p *api.PolicyStatus) { p.Cooldown = &api.Cooldown{UpSeconds: 20, DownSeconds: 290} },
			"backend  backend  cooling 4m50s  2         1-5      cpu 50   3s ago         WithinBounds: cpu is 50", "", nil},
		"a change is carried out": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Open = &engine.Event{Action: engine.ScaleUp, From: 2, To: 3}
		}, "backend  backend  scale_up to 3  2         1-5      cpu 50   3s ago         WithinBounds: cpu is 50", "", nil},
		"raises wait after failed ones": {func(_ *api.Status, p *api.PolicyStatus) {
			p.Backoff = &api.Backoff{Failures: 2, Seconds: 29.7, Error: "exit 1"}
		},
			"backend  backend  backing off 30s (2 failed)  2         1-5      cpu 50   3s ago", "", []string{"  WithinBounds: cpu is 50", "  WithinBounds: cpu is 50"}}, // of the other policy too
		"nothing is decided": {func(_ *api.Status, p *api.PolicyStatus) { p.Error = "observe backend: it is gone" },
			"backend  backend  failing  2         1-5      cpu 50   3s ago         observe backend: it is gone", "", nil},
		"one metric keeps it up": {func(_ *api.Status, p *api.PolicyStatus) {
			veto := condition("Vetoes", true, 26*60, "NotPastScaleDown", "mem is 62, scaleDown is 40")
			veto.Metric = "mem"
			p.Veto = &veto
		}, "backend  backend  active  2         1-5      cpu 50   3s ago         WithinBounds: cpu is 50", "", []string{
			"  mem alone keeps it from going down, and has been against it for 26h: mem is 62, scaleDown is 40",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := backend()
			s := api.Status{Enabled: true}
			c.with(&s, &p)
			other := backend()
			s.Policies = []api.PolicyStatus{p, other}
			var out strings.Builder
			if err := printStatus(&out, s, noon); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > width {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			for _, want := range append([]string{c.row, c.head}, c.rest...) {
				if want != "" && !strings.Contains(out.String(), want+"\n") {
					t.Errorf("no line\n%s\nin\n%s", want, out.String())
				}
			}
			const head = 4 // autoscaling, daemon, the columns and the other policy
			if c.head != "" {
				c.rest = append(c.rest, c.head)
			}
			if got, want := len(lines), head+1+len(c.rest); got != want {
				t.Errorf("%d lines, want %d:\n%s", got, want, out.String())
			}
		})
	}
}

func TestAPICanBeOpened(t *testing.T) {
	for listens, want := range map[string]string{
		"http://[::]:5001":           "http://127.0.0.1:5001 (on all addresses)",
		"https://0.0.0.0:5001":       "https://127.0.0.1:5001 (on all addresses)",
		"http://127.0.0.1:5001":      "http://127.0.0.1:5001",
		"http://[::1]:5001":          "http://[::1]:5001",
		"http://192.0.2.7:5001":      "http://192.0.2.7:5001",
		"http://scaler.example:5001": "http://scaler.example:5001",
	} {
		if got := opened(listens); got != want {
			t.Errorf("%s is opened as %s, want %s", listens, got, want)
		}
	}
}

func TestHistoryNamesEvents(t *testing.T) {
	events := []engine.Event{{ID: "web-1767268800000", Policy: "web", Service: "web", Action: engine.ScaleUp, From: 1, To: 2, Reached: 2,
		Result: engine.Succeeded, Started: noon, Ended: noon.Add(2 * time.Second), Reasons: []engine.Reason{{Message: "cpu is 85"}}}}
	var out strings.Builder
	if err := printHistory(&out, events); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if !strings.HasSuffix(lines[0], "TOOK  EVENT              WHY") || !strings.HasSuffix(lines[1], "2s    web-1767268800000  cpu is 85") {
		t.Errorf("the history reads\n%s", out.String())
	}
}
