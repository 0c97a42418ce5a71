package telemetry

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

var (
	web = engine.Policy{Name: "web", Service: "front", Mode: engine.Live}
	job = engine.Policy{Name: "job", Service: "worker", Mode: engine.Shadow}
)

// page is what a scrape answers.
func page(t testing.TB, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// has says which lines a page lacks, and which it has though it should not.
func has(t *testing.T, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		line, not := strings.CutPrefix(line, "!")
		if strings.Contains("\n"+page, "\n"+line) == not {
			t.Errorf("%q is there: %t, in\n%s", line, !not, grep(page, line))
		}
	}
}

func grep(page, like string) string {
	name, _, _ := strings.Cut(like, "{")
	var found []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, name) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

func empty() State { return State{} }

func TestWhatHappensIsCounted(t *testing.T) {
	m := New(empty)
	m.Keep([]engine.Policy{web, job}, []string{"system"})
	m.Decided(web, engine.Decision{Action: engine.ScaleUp, From: 1, To: 2, Reason: "BudgetExhausted", Trace: []engine.Step{
		{Stage: "bounds", From: 4, To: 4}, {Stage: "step", From: 4, To: 3}, {Stage: "budget", From: 3, To: 2},
	}}, 30*time.Millisecond)
	m.Decided(job, engine.Decision{Action: engine.Hold, From: 1, To: 1, Reason: "Paused"}, time.Millisecond)
	m.Ended(web, engine.Event{Action: engine.ScaleUp, Result: engine.RolledBack, Error: "why it was is nobody's label"})
	m.Ran(web, nil)
	m.Ran(web, errors.New("nothing"))
	m.Sampled("system", nil)
	m.Sampled("system", errors.New("nothing"))
	m.Observed("compose", 20*time.Millisecond, errors.New("nothing"))
	m.Scaled("compose", engine.ScaleUp, engine.Failed, 7*time.Second)
	m.Reloaded(true)
	m.Reloaded(false)
	m.Reloaded(false)
	m.StoreFailed("record")
	m.Answered("get-status", 200, time.Millisecond)
	m.Answered("get-status", 200, time.Millisecond)
	m.Answered("get-status", 503, time.Second)
	has(t, page(t, m),
		`flyball_decisions_total{action="scale_up",mode="live",policy="web",reason="BudgetExhausted",service="front"} 1`,
		`flyball_decisions_total{action="hold",mode="shadow",policy="job",reason="Paused",service="worker"} 1`,
		`flyball_clamps_total{mode="live",policy="web",service="front",stage="step"} 1`,
		`flyball_clamps_total{mode="live",policy="web",service="front",stage="budget"} 1`,
		`!flyball_clamps_total{mode="live",policy="web",service="front",stage="bounds"}`,
		`flyball_events_total{action="scale_up",mode="live",policy="web",result="rolled_back",service="front"} 1`,
		`flyball_evaluation_errors_total{mode="live",policy="web",service="front"} 1`,
		`flyball_evaluation_errors_total{mode="shadow",policy="job",service="worker"} 0`,
		`flyball_evaluation_duration_seconds_bucket{le="0.001"} 1`,
		`flyball_evaluation_duration_seconds_count 2`,
		`flyball_samplings_total{source="system"} 2`,
		`flyball_sampling_errors_total{source="system"} 1`,
		`flyball_observe_duration_seconds_count{driver="compose",result="error"} 1`,
		`flyball_scale_duration_seconds_bucket{action="scale_up",driver="compose",result="failed",le="10"} 1`,
		`flyball_reloads_total{result="success"} 1`,
		`flyball_reloads_total{result="failure"} 2`,
		`flyball_store_errors_total{operation="record"} 1`,
		`flyball_store_errors_total{operation="audit"} 0`,
		`flyball_api_requests_total{code="200",operation="get-status"} 2`,
		`flyball_api_requests_total{code="503",operation="get-status"} 1`,
		`flyball_api_request_duration_seconds_count{operation="get-status"} 3`,
		`go_goroutines `, `process_start_time_seconds `,
	)
}

// What is gone takes its series along, and what still comes of it makes none.
func TestWhatIsGoneIsNotTold(t *testing.T) {
	m := New(empty)
	m.Keep([]engine.Policy{web, job}, []string{"system", "shop"})
	for range 2 {
		for _, p := range []engine.Policy{web, job} {
			m.Decided(p, engine.Decision{Action: engine.Hold, Reason: "AtMinimum", Trace: []engine.Step{{Stage: "bounds", From: 2, To: 1}}}, 0)
			m.Ended(p, engine.Event{Action: engine.ScaleDown, Result: engine.Succeeded})
			m.Ran(p, errors.New("nothing"))
		}
		m.Sampled("system", nil)
		m.Sampled("shop", errors.New("nothing"))
		m.Keep([]engine.Policy{web}, []string{"system"})
	}
	got := page(t, m)
	has(t, got, `flyball_decisions_total{action="hold",mode="live",policy="web",reason="AtMinimum",service="front"} 2`, `flyball_samplings_total{source="system"} 2`)
	for _, gone := range []string{"job", "worker", "shop"} {
		if strings.Contains(got, gone) {
			t.Errorf("%s is still told of", gone)
		}
	}
}

// A rule may give any text as its reason, another one each time.
func TestReasonsAreBounded(t *testing.T) {
	m := New(empty)
	m.Keep([]engine.Policy{web}, nil)
	for n := range 1000 {
		m.Decided(web, engine.Decision{Action: engine.Hold, Reason: fmt.Sprintf("Rule%d", n)}, 0)
		m.Decided(web, engine.Decision{Action: engine.Hold, Reason: fmt.Sprintf("user %d said\nno", n)}, 0)
	}
	for _, reason := range guard.Codes() {
		m.Decided(web, engine.Decision{Action: engine.Hold, Reason: reason}, 0)
	}
	got := page(t, m)
	if n := strings.Count(got, "flyball_decisions_total{"); n > mostCodes+2*len(guard.Codes())+1 {
		t.Errorf("%d series", n)
	}
	if strings.Contains(got, "said") {
		t.Error("a text is a label")
	}
	has(t, got,
		`flyball_decisions_total{action="hold",mode="live",policy="web",reason="Rule0",service="front"} 1`,
		`flyball_decisions_total{action="hold",mode="live",policy="web",reason="CooldownActive",service="front"} 1`,
		`flyball_decisions_total{action="hold",mode="live",policy="web",reason="Other",service="front"} 19`, // hundreds
	)
}

func TestStates(t *testing.T) {
	age := 2.5
	state := State{
		Version: "1.2.3", Reloaded: time.Unix(1_700_000_000, 0), Reloads: true, Leads: true, Epoch: 7, Listeners: 2, Replicas: 5, MaxReplicas: 20,
		Store:      &Store{Enabled: true, Outbox: &Outbox{Waiting: 3, Dead: 1}},
		Deliveries: []Delivery{{Receiver: "slack", Delivered: 5, Failed: 2, Dead: 1}},
		Policies: []Policy{
			{Name: "web", Service: "front", Mode: engine.Live, Enabled: true, Min: 1, Max: 8, Work: &Work{
				Every: 30 * time.Second, Evaluated: time.Unix(1_700_000_030, 500_000_000), Acting: true,
				Last: &Last{Replicas: 3, Ready: 2, Recommended: 6, Wanted: 4, Confidence: .75, Metrics: []Metric{
					{Name: "cpu", Status: engine.Stale, Age: &age}, {Name: "queue", Status: engine.Missing},
				}},
			}},
			{Name: "new", Service: "new", Mode: engine.Live, Enabled: true, Min: 1, Max: 2, Work: &Work{Every: time.Minute, Evaluated: time.Unix(5, 0), Paused: true}},
			{Name: "off", Service: "off", Mode: engine.Shadow, Min: 1, Max: 2},
		},
	}
	m := New(func() State { return state })
	got := page(t, m)
	has(t, got,
		`flyball_build_info{go_version="go`, `flyball_last_reload_success_timestamp_seconds 1.7e+09`, `flyball_last_reload_successful 1`,
		`flyball_leader 1`, `flyball_leader_epoch 7`, `flyball_store_up 1`, `flyball_autoscaling_enabled 1`, `flyball_paused 0`, `flyball_sse_clients 2`,
		`flyball_outbox_messages{state="waiting"} 3`, `flyball_outbox_messages{state="dead"} 1`,
		`flyball_deliveries_total{receiver="slack",result="delivered"} 5`, `flyball_deliveries_total{receiver="slack",result="failed"} 2`,
		`flyball_deliveries_total{receiver="slack",result="dead"} 1`, `flyball_deliveries_total{receiver="slack",result="folded"} 0`,
		`flyball_budget_replicas 5`, `flyball_budget_replicas_limit 20`,
		`flyball_policies{enabled="true",mode="live"} 2`, `flyball_policies{enabled="false",mode="shadow"} 1`, `flyball_policies{enabled="true",mode="shadow"} 0`,
		`flyball_replicas{mode="live",policy="web",service="front"} 3`, `flyball_replicas_ready{mode="live",policy="web",service="front"} 2`,
		`flyball_replicas_recommended{mode="live",policy="web",service="front"} 6`, `flyball_replicas_wanted{mode="live",policy="web",service="front"} 4`,
		`flyball_replicas_min{mode="live",policy="web",service="front"} 1`, `flyball_replicas_max{mode="live",policy="web",service="front"} 8`,
		`flyball_recommendation_confidence_ratio{mode="live",policy="web",service="front"} 0.75`,
		`flyball_last_evaluation_timestamp_seconds{mode="live",policy="web",service="front"} 1.7000000305e+09`,
		`flyball_evaluation_interval_seconds{mode="live",policy="web",service="front"} 30`,
		`flyball_change_under_way{mode="live",policy="web",service="front"} 1`,
		`flyball_metric_age_seconds{metric="cpu",mode="live",policy="web",service="front"} 2.5`,
		`!flyball_metric_age_seconds{metric="queue"`,
		`flyball_metric_status{metric="queue",mode="live",policy="web",service="front",status="missing"} 1`,
		`flyball_metric_status{metric="queue",mode="live",policy="web",service="front",status="ok"} 0`,
		`flyball_service_paused{mode="live",policy="new",service="new"} 1`, `!flyball_replicas{mode="live",policy="new"`,
		`flyball_replicas_max{mode="shadow",policy="off",service="off"} 2`, `!flyball_evaluation_interval_seconds{mode="shadow"`,
	)

	state = State{Policies: state.Policies[2:]}
	has(t, page(t, m),
		`flyball_store_up 0`, `!flyball_autoscaling_enabled`, `!flyball_paused`, `!flyball_outbox_messages`, `flyball_leader 0`,
		`!flyball_replicas_max{mode="live",policy="web"`,
	)
}

func TestAnswered(t *testing.T) {
	m := New(empty)
	m.Answered("history-of", 200, time.Second)
	m.Answered("history-of", 200, time.Second)
	m.Answered("test", 418, time.Second)
	m.Answered("events", 0, time.Second) // who asked had gone
	has(t, page(t, m),
		`flyball_api_requests_total{code="200",operation="history-of"} 2`,
		`flyball_api_requests_total{code="418",operation="test"} 1`,
		`flyball_api_requests_total{code="none",operation="events"} 1`,
		`flyball_api_request_duration_seconds_count{operation="history-of"} 2`,
	)
}

func BenchmarkDecided(b *testing.B) {
	m := New(empty)
	m.Keep([]engine.Policy{web}, nil)
	d := engine.Decision{Action: engine.Hold, Reason: "CooldownActive", Trace: []engine.Step{
		{Stage: "enabled"}, {Stage: "stopped"}, {Stage: "rollout"}, {Stage: "drift"}, {Stage: "bounds", From: 5, To: 4}, {Stage: "observed", From: 4, To: 4},
		{Stage: "confidence", From: 4, To: 4}, {Stage: "stabilization", From: 4, To: 4}, {Stage: "cooldown", From: 4, To: 2}, {Stage: "budget", From: 2, To: 2},
	}}
	b.ReportAllocs()
	for b.Loop() {
		m.Decided(web, d, time.Millisecond)
	}
}
