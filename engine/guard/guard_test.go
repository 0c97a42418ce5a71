package guard

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// a policy with one cpu threshold, two ready replicas reading 50, and nothing in the way.
func calm() drawn {
	return drawn{
		p: engine.Policy{
			Name: "web", Service: "web", Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: 5,
			EvaluationInterval: time.Minute,
			Metrics:            []engine.Metric{{Name: "cpu", Scope: engine.PerReplica, OnMissing: "hold"}},
			Thresholds:         []engine.Threshold{{Metric: "cpu", ScaleUp: 70, ScaleDown: 25, Comparison: engine.GreaterThan}},
			Cooldown:           engine.UpDown{Up: 5 * time.Minute, Down: 5 * time.Minute},
		},
		s: engine.Snapshot{
			At:      start,
			Service: engine.ServiceView{Name: "web", Replicas: engine.Replicas{Current: 2, Ready: 2}},
			Metrics: map[string]engine.Reading{"cpu": engine.Reads(50)},
		},
		st: engine.State{Enabled: true},
	}
}

func (in *drawn) wish(n int) {
	in.r = engine.Recommendation{
		Action: engine.Between(in.s.Service.Replicas.Current, n), Replicas: n, Confidence: 0.8,
		Reasons: []engine.Reason{{Code: "RuleSaidSo", Message: "the rule said so"}},
	}
}

func TestDecide(t *testing.T) {
	soon := engine.Deadline{Until: start.Add(90 * time.Second), Wait: 5 * time.Minute}
	tests := []struct {
		name    string
		wish    int
		with    func(in *drawn)
		to      int
		reason  string
		message string
	}{
		{"a raise passes", 3, nil, 3, "RuleSaidSo", "the rule said so"},
		{"nothing to do", 2, nil, 2, "RuleSaidSo", ""},
		{"the switch is off", 3, func(in *drawn) { in.st.Enabled = false }, 2, "Disabled", "flyball enable"},
		{"the policy is off", 3, func(in *drawn) { in.p.Enabled = false }, 2, "PolicyDisabled", ""},
		{"paused for good", 3, func(in *drawn) { in.st.Pauses = []engine.Pause{{Service: "web", Actor: "ana", Reason: "sale"}} }, 2, "Paused", "paused by ana until resumed: sale"},
		{"paused for a while", 3, func(in *drawn) {
			in.st.Pauses = []engine.Pause{{Until: start.Add(time.Hour), Actor: "ana", Reason: "sale"}}
		}, 2, "Paused", "all services are paused by ana until 2026-01-01T01:00:00Z: sale"},
		{"a pause that is over", 3, func(in *drawn) { in.st.Pauses = []engine.Pause{{Until: start}} }, 3, "RuleSaidSo", ""},
		{"stopped stays stopped", 3, func(in *drawn) { in.s.Service.Replicas = engine.Replicas{} }, 0, "Stopped", ""},
		{"an open event", 3, func(in *drawn) { in.st.Open = &engine.Event{From: 1, To: 2, Started: start.Add(-time.Minute)} }, 2, "RolloutInProgress", "1 → 2, begun 1m0s ago"},
		{"the target is busy", 3, func(in *drawn) { in.s.Service.Rollout = "compose recreates web" }, 2, "RolloutInProgress", "compose recreates web"},
		{"above the maximum", 9, nil, 5, "AtMaximum", "the maximum is 5"},
		{"at the maximum", 3, func(in *drawn) { in.p.MaxReplicas = 2 }, 2, "AtMaximum", ""},
		{"under the minimum", 0, func(in *drawn) { in.s.Metrics["cpu"] = engine.Reads(10) }, 1, "AtMinimum", ""},
		{"raised to the minimum", 2, func(in *drawn) { in.p.MinReplicas = 4 }, 4, "BelowMinimum", "below the minimum of 4"},
		{"raised to the minimum in a cooldown", 2, func(in *drawn) { in.p.MinReplicas = 4; in.st.Cooldown.Up = soon }, 4, "BelowMinimum", ""},
		{"raised further than the minimum in a cooldown", 5, func(in *drawn) { in.p.MinReplicas = 4; in.st.Cooldown.Up = soon }, 4, "CooldownActive", "but the minimum holds"},
		{"no raise to the minimum in a back-off", 2, func(in *drawn) {
			in.p.MinReplicas = 4
			in.st.Backoff = engine.Backoff{Failures: 3, Deadline: soon, Error: "no space left"}
		}, 2, "BackoffActive", "1m30s more after 3 failed in a row; the last: no space left"},
		{"lowered to the maximum", 7, func(in *drawn) {
			in.s.Service.Replicas = engine.Replicas{Current: 7, Ready: 7}
			in.s.Metrics["cpu"] = engine.Reads(10)
		}, 5, "AboveMaximum", ""},
		{"no metric is ok", 3, func(in *drawn) { in.s.Metrics["cpu"] = engine.Reading{Status: engine.Missing, Detail: "no samples"} }, 2, "NoMetrics", "cpu is missing (no samples)"},
		{"a stale metric may not lower", 1, func(in *drawn) { in.s.Metrics["cpu"] = engine.Reading{Status: engine.Stale}; also(in, "mem") }, 2, "MetricStale", "cpu is stale"},
		{"one replica does not report", 1, func(in *drawn) { report(in, 1) }, 2, "MetricPartial", "cpu: 1 replica of 2 ready do not report"},
		{"one replica does not report, which may raise", 3, func(in *drawn) { report(in, 1) }, 3, "RuleSaidSo", ""},
		{"all replicas report", 1, func(in *drawn) { report(in, 2) }, 1, "RuleSaidSo", ""},
		{"a stale metric lets the other raise", 3, func(in *drawn) { in.s.Metrics["cpu"] = engine.Reading{Status: engine.Stale}; also(in, "mem") }, 3, "RuleSaidSo", ""},
		{"an ignored metric may be missing", 1, func(in *drawn) {
			in.s.Metrics["cpu"] = engine.Reading{Status: engine.Missing}
			in.p.Metrics[0].OnMissing = "ignore"
			also(in, "mem")
		}, 1, "RuleSaidSo", ""},
		{"a floor stands in for a missing metric", 2, func(in *drawn) {
			in.s.Metrics["cpu"] = engine.Reading{Status: engine.Missing}
			in.p.Metrics[0].Floor = 3
		}, 3, "BelowMinimum", "below the minimum of 3"},
		{"no baseline for a percentage", 1, func(in *drawn) { in.p.Thresholds[0].Comparison = engine.PercentageChange }, 2, "NoBaseline", "nothing to be a percentage of"},
		{"unsure", 3, func(in *drawn) { in.p.MinConfidence = 0.9 }, 2, "LowConfidence", "confidence 0.80, the policy asks for 0.90"},
		{"going down would flap", 1, nil, 2, "AnticipatedFlap", "cpu would read 100 on 1 replica, past scaleUp 70"},
		{"going down as far as is safe", 1, func(in *drawn) {
			in.s.Service.Replicas = engine.Replicas{Current: 5, Ready: 5}
			in.s.Metrics["cpu"] = engine.Reads(24)
		}, 2, "AnticipatedFlap", "would read 120 on 1 replica"},
		{"a total metric does not flap", 1, func(in *drawn) { in.p.Metrics[0].Scope = engine.Total }, 1, "RuleSaidSo", ""},
		{"falling metrics flap too", 1, func(in *drawn) {
			in.p.Thresholds[0] = engine.Threshold{Metric: "cpu", ScaleUp: 30, ScaleDown: 45, Comparison: engine.LessThan}
		}, 2, "AnticipatedFlap", "would read 25 on 1 replica"},
		{"one step at a time", 5, func(in *drawn) { in.p.MaxStep = 2 }, 4, "StepLimited", "maxStep is 2"},
		{"up in a cooldown", 3, func(in *drawn) { in.st.Cooldown.Up = soon }, 2, "CooldownActive", "scaling up waits 1m30s more"},
		{"up in the other direction's cooldown", 3, func(in *drawn) { in.st.Cooldown.Down = soon }, 3, "RuleSaidSo", ""},
		{"the budget cuts", 5, func(in *drawn) { in.st.Budget = engine.Budget{MaxReplicas: 10, Others: 7} }, 3, "BudgetExhausted", "7 replicas of 10"},
		{"claims count", 5, func(in *drawn) { in.st.Budget = engine.Budget{MaxReplicas: 10, Others: 4, Claims: 3} }, 3, "BudgetExhausted", ""},
		{"the budget is overdrawn", 5, func(in *drawn) { in.st.Budget = engine.Budget{MaxReplicas: 10, Others: 70} }, 2, "BudgetExhausted", ""},
		{"memory fits one", 5, func(in *drawn) {
			in.st.Budget = engine.Budget{Available: 1000 << 20, MinMemory: 512 << 20, PerReplica: 300 << 20}
		}, 3, "BudgetExhausted", "1000 MB of memory available"},
		{"memory is short, the size unknown", 3, func(in *drawn) {
			in.st.Budget = engine.Budget{Available: 100 << 20, MinMemory: 512 << 20}
		}, 2, "BudgetExhausted", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := calm()
			if tt.with != nil {
				tt.with(&in)
			}
			in.wish(tt.wish)
			d, _ := Decide(in.p, in.s, in.r, in.st)
			if d.To != tt.to || d.Reason != tt.reason || !strings.Contains(d.Message, tt.message) {
				t.Errorf("got %d (%s: %s), want %d (%s: …%s…)", d.To, d.Reason, d.Message, tt.to, tt.reason, tt.message)
			}
		})
	}
}

// Several strategies may see one thing, and it is told once.
func TestReasonsAreToldOnce(t *testing.T) {
	in := calm()
	in.wish(3)
	in.r.Reasons = append(in.r.Reasons, in.r.Reasons[0], engine.Reason{Code: "RuleSaidSo", Message: "and more"})
	if d, _ := Decide(in.p, in.s, in.r, in.st); d.Message != "the rule said so; and more" {
		t.Errorf("said %q", d.Message)
	}
}

func TestContradictionHolds(t *testing.T) {
	in := calm()
	in.wish(3)
	in.r.Action = engine.ScaleDown
	if d, _ := Decide(in.p, in.s, in.r, in.st); d.Action != engine.Hold {
		t.Errorf("a wish for 3 called scale_down gave %s to %d", d.Action, d.To)
	}
}

// report lets so many replicas report a calm cpu.
func report(in *drawn, replicas int) {
	r := engine.Reads(10)
	r.Reporting = replicas
	in.p.Metrics[0].Service, in.s.Metrics["cpu"] = "web", r
}

func also(in *drawn, metric string) {
	in.p.Metrics = append(in.p.Metrics, engine.Metric{Name: metric, Scope: engine.Independent})
	in.s.Metrics[metric] = engine.Reads(10)
}

func TestStabilization(t *testing.T) {
	minute := func(ago, replicas int) engine.Wish {
		return engine.Wish{At: start.Add(-time.Duration(ago) * time.Minute), Replicas: replicas}
	}
	tests := []struct {
		name    string
		earlier []engine.Wish
		to      int
	}{
		{"wished for all along", []engine.Wish{minute(3, 1), minute(2, 1), minute(1, 1)}, 1},
		{"one wish to stay", []engine.Wish{minute(3, 1), minute(2, 3), minute(1, 1)}, 3},
		{"a wish for more does not raise", []engine.Wish{minute(3, 1), minute(2, 5), minute(1, 1)}, 3},
		{"the highest of the window", []engine.Wish{minute(3, 1), minute(2, 2), minute(1, 1)}, 2},
		{"not long enough", []engine.Wish{minute(2, 1), minute(1, 1)}, 3},
		{"a gap", []engine.Wish{minute(9, 1), minute(1, 1)}, 3},
		{"just started", nil, 3},
		{"older than the window", []engine.Wish{minute(4, 5), minute(3, 1), minute(2, 1), minute(1, 1)}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := calm()
			in.s.Service.Replicas = engine.Replicas{Current: 3, Ready: 3}
			in.s.Metrics["cpu"] = engine.Reads(5)
			in.p.Stabilization.Down = 3 * time.Minute
			in.st.Wishes = tt.earlier
			in.wish(1)
			d, after := Decide(in.p, in.s, in.r, in.st)
			if d.To != tt.to {
				t.Errorf("got %d (%s), want %d", d.To, d.Message, tt.to)
			}
			if n := len(after.Wishes); after.Wishes[n-1] != (engine.Wish{At: start, Replicas: 1}) {
				t.Errorf("the window keeps %v last, want the wish that entered", after.Wishes[n-1])
			}
		})
	}
}

func TestBackoffGrows(t *testing.T) {
	in := calm()
	st := in.st
	at := start
	for _, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute} {
		e := engine.Event{Action: engine.ScaleUp, Started: at, Ended: at, Result: engine.RolledBack}
		st = End(Begin(st, in.p, e), in.p, e)
		if got := left(st.Backoff.Deadline, at); got != want {
			t.Errorf("after %d failures %s, want %s", st.Backoff.Failures, got, want)
		}
		at = st.Backoff.Deadline.Until
	}
	if got := backoffFor(1000); got != mostBackoff {
		t.Errorf("after 1000 failures %s", got)
	}
	st = End(st, in.p, engine.Event{Action: engine.ScaleUp, Ended: at, Result: engine.Succeeded})
	if st.Backoff.Failures != 0 || left(st.Backoff.Deadline, at) != 0 {
		t.Errorf("a success leaves %+v", st.Backoff)
	}
}

func TestRebase(t *testing.T) {
	booted := engine.Boot{ID: "a", Started: start.Add(-time.Hour)}
	was := engine.State{
		Boot: booted, Cooldown: engine.Deadlines{Up: engine.Deadline{Until: start.Add(2 * time.Minute), Wait: 5 * time.Minute}},
		Past: []engine.Past{{At: start.Add(-time.Minute)}}, Open: &engine.Event{Started: start.Add(-time.Minute)},
	}
	tests := []struct {
		name string
		boot engine.Boot
		at   time.Time
		left time.Duration
	}{
		{"nothing happened", booted, start, 2 * time.Minute},
		{"a restart of the daemon", booted, start.Add(time.Minute), time.Minute},
		{"the clock was set an hour ahead", engine.Boot{ID: "a", Started: start}, start.Add(time.Hour), 2 * time.Minute},
		{"the clock was set an hour back", engine.Boot{ID: "a", Started: start.Add(-2 * time.Hour)}, start.Add(-time.Hour), 2 * time.Minute},
		{"another boot", engine.Boot{ID: "b", Started: start}, start.Add(time.Minute), 5 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := Rebase(was, tt.boot, tt.at)
			if got := left(st.Cooldown.Up, tt.at); got != tt.left {
				t.Errorf("%s left, want %s", got, tt.left)
			}
			ago := tt.at.Sub(was.Past[0].At)
			if tt.boot.ID == booted.ID {
				ago -= tt.boot.Started.Sub(booted.Started)
			}
			if got := *History(st, tt.at).SecondsSinceScale; got != max(0, ago.Seconds()) {
				t.Errorf("scaled %v s ago, want %v", got, ago.Seconds())
			}
			if got := tt.at.Sub(st.Open.Started); got != ago {
				t.Errorf("the open event began %s ago, want %s", got, ago)
			}
			if was.Past[0].At != start.Add(-time.Minute) || was.Open.Started != start.Add(-time.Minute) {
				t.Error("the state before was changed")
			}
			if st.Cooldown.Down != (engine.Deadline{}) {
				t.Errorf("a cooldown that never ran is now %+v", st.Cooldown.Down)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	st := engine.State{}
	if h := History(st, start); h.SuccessRate != 1 || h.LastAction != engine.Hold || h.SecondsSinceScale != nil {
		t.Errorf("with no past: %+v", h)
	}
	for i := range 12 {
		e := engine.Event{Action: engine.ScaleUp, Ended: start.Add(time.Duration(i) * time.Minute), Result: engine.Failed}
		if i%2 == 0 {
			e.Result = engine.Succeeded
		}
		st.Past = remember(st.Past, e)
	}
	if len(st.Past) != pastEvents {
		t.Fatalf("keeps %d events", len(st.Past))
	}
	h := History(st, start.Add(12*time.Minute))
	if h.SuccessRate != 0.5 || *h.SecondsSinceScale != 60 || len(h.Events) != 10 {
		t.Errorf("got %+v", h)
	}
	if h := History(st, start.Add(8*24*time.Hour)); h.SuccessRate != 1 || len(h.Events) != 0 {
		t.Errorf("old failures still count: %+v", h)
	}
}

func BenchmarkDecide(b *testing.B) {
	in := calm()
	in.wish(3)
	b.ReportAllocs()
	for b.Loop() {
		Decide(in.p, in.s, in.r, in.st)
	}
}
