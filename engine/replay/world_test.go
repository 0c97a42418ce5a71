package replay

import (
	"context"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/rego"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// world is what a cycle needs, with what it records.
type world struct {
	snapshot engine.Snapshot
	state    engine.State
	others   int // replicas of other services
	recorded []engine.Record
	conflict bool // the next change finds that somebody was faster
}

func (w *world) Observe(_ context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error) {
	s := w.snapshot
	s.At, s.History, s.Schedule = at, guard.History(st, at), control.Scheduled(p.Schedule, at)
	readings := map[string]engine.Reading{}
	for name, r := range w.snapshot.Metrics {
		readings[name] = r
	}
	s.Metrics = readings
	return s, nil
}

func (w *world) State(context.Context, engine.Policy) (engine.State, error) { return w.state, nil }

func (w *world) Record(_ context.Context, r engine.Record, s engine.State) error {
	w.recorded, w.state = append(w.recorded, r), s
	return nil
}

func (w *world) Close(_ context.Context, _ engine.Event, _ engine.Policy, s engine.State) error {
	w.state = s
	return nil
}

func (w *world) Scale(_ context.Context, o engine.Order) engine.Outcome {
	if w.conflict {
		w.conflict = false
		return engine.Outcome{Result: engine.Failed, Reached: o.From, Ended: w.snapshot.At.Add(time.Second), Conflict: true}
	}
	w.snapshot.Service.Replicas = engine.Replicas{Current: o.To, Ready: o.To}
	return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: w.snapshot.At.Add(time.Second)}
}

func (w *world) Settle(context.Context, engine.Policy, engine.Event) error { return nil }

// own are the author's rules: one that decides, one that breaks now and then, and one that computes.
const own = `package shop.checkout

recommendation := {"action": "scale_up", "replicas": n + 2, "confidence": 0.6, "priority": "high", "reasons": reasons} if {
	n := input.service.replicas.current
	input.metrics.a.value > 60
} else := {"action": "hold", "replicas": n, "confidence": 1, "priority": "low", "reasons": []} if {
	n := input.service.replicas.current
	input.metrics.a.value > 10
}

reasons contains {"code": "Busy", "message": sprintf("at %v", [input.at]), "value": input.metrics.a.value / 3}

load := input.metrics.a.value / (input.service.replicas.ready - 3)
`

var strategies = []string{"threshold", "target_tracking", "step", "schedule", "predictive", "shop.checkout"}

// compiled are the rules for all policies that are drawn.
func compiled(t interface{ Fatal(...any) }, text string) *rego.Rules {
	p := engine.Policy{Name: "p", Strategies: strategies, Metrics: []engine.Metric{{Name: "ruled", Rule: "shop.checkout.load"}}}
	rules, problems := rego.Compile(context.Background(), []rego.File{{Path: "shop.rego", Text: []byte(text)}}, []engine.Policy{p}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	return rules.Patient()
}

func seconds(t *rapid.T, label string, most int) time.Duration {
	return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Second
}

// drawn is any policy.
func drawn(t *rapid.T) engine.Policy {
	low := rapid.IntRange(1, 4).Draw(t, "min")
	p := engine.Policy{
		Name: "p", Service: "web", Enabled: rapid.IntRange(0, 9).Draw(t, "enabled") > 0, Revision: "r1", File: "p.cue:1",
		Mode:        rapid.SampledFrom([]engine.Mode{engine.Live, engine.Live, engine.Shadow}).Draw(t, "mode"),
		MinReplicas: low, MaxReplicas: low + rapid.IntRange(0, 8).Draw(t, "span"),
		ScaleUpBy: 1, ScaleDownBy: 2, MaxStep: rapid.IntRange(0, 3).Draw(t, "maxStep"),
		MinConfidence:      rapid.SampledFrom([]float64{0, 0.3}).Draw(t, "minConfidence"),
		EvaluationInterval: time.Second + seconds(t, "interval", 60),
		Cooldown:           engine.UpDown{Up: seconds(t, "cooldown.up", 100), Down: seconds(t, "cooldown.down", 100)},
		Stabilization:      engine.UpDown{Up: seconds(t, "stabilization.up", 60), Down: seconds(t, "stabilization.down", 60)},
		Strategies:         rapid.Permutation(strategies).Draw(t, "strategies")[:rapid.IntRange(1, 3).Draw(t, "how many")],
	}
	for _, name := range []string{"a", "b"} {
		p.Metrics = append(p.Metrics, engine.Metric{
			Name: name, Service: "web", Weight: rapid.Float64Range(0, 1).Draw(t, "weight"), Aggregation: "avg", StaleAfter: time.Minute,
			Scope:     rapid.SampledFrom([]engine.Scope{engine.PerReplica, engine.Total, engine.Independent}).Draw(t, "scope"),
			OnMissing: rapid.SampledFrom([]string{"hold", "ignore"}).Draw(t, "onMissing"),
			Floor:     rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "floor"),
		})
		p.Thresholds = append(p.Thresholds, engine.Threshold{Metric: name, ScaleUp: 70, ScaleDown: 20,
			Comparison: rapid.SampledFrom([]engine.Comparison{engine.GreaterThan, engine.PercentageChange}).Draw(t, "comparison")})
		p.Targets = append(p.Targets, engine.Target{Metric: name, Value: 60, Tolerance: 0.1})
		p.Bands = append(p.Bands, engine.Bands{Metric: name, Bands: []engine.Band{{Above: new(80.0), Add: 2}, {Below: new(15.0), Remove: 1}}})
	}
	if rapid.Bool().Draw(t, "computed") {
		p.Metrics = append(p.Metrics,
			engine.Metric{Name: "both", Service: "web", Expr: "a / (b - 50)", StaleAfter: time.Minute, Weight: 1, OnMissing: "hold"},
			engine.Metric{Name: "ruled", Service: "web", Rule: "shop.checkout.load", StaleAfter: time.Minute, Weight: 1, OnMissing: "ignore"})
		p.Thresholds = append(p.Thresholds, engine.Threshold{Metric: "ruled", ScaleUp: 9, ScaleDown: 1, Comparison: engine.GreaterThan})
	}
	if rapid.Bool().Draw(t, "scheduled") {
		zone, err := engine.ParseZone(rapid.SampledFrom([]string{"UTC", "Europe/Prague", "America/St_Johns"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		p.Schedule = []engine.Window{
			{Name: "noon", From: 12 * time.Hour, To: 13 * time.Hour, Zone: zone, MinReplicas: rapid.IntRange(0, 6).Draw(t, "window's min"), Prewarm: time.Hour},
			{Name: "days", Days: []time.Weekday{time.Sunday}, Zone: zone, Pause: rapid.SampledFrom([]string{"", "", "sale"}).Draw(t, "window's pause")},
		}
	}
	if rapid.Bool().Draw(t, "paced") {
		p.Rates = engine.Rates{Up: engine.Pace{Limits: []engine.Rate{{Percent: 50, Period: time.Minute}, {Replicas: 1, Period: 20 * time.Second}}}}
	}
	return p
}

// looked is any look at a policy's world, and any memory of it.
func looked(t *rapid.T, p engine.Policy) *world {
	current := rapid.IntRange(0, 9).Draw(t, "current")
	ready := rapid.OneOf(rapid.Just(current), rapid.IntRange(0, current)).Draw(t, "ready")
	w := &world{others: rapid.IntRange(0, 20).Draw(t, "others"), conflict: rapid.Bool().Draw(t, "conflict")}
	w.snapshot = engine.Snapshot{At: start, Policy: p.Name, Metrics: map[string]engine.Reading{}, Service: engine.ServiceView{
		Name: "web", Replicas: engine.Replicas{Current: current, Ready: ready, Starting: current - ready},
		Rollout: rapid.SampledFrom([]string{"", "", "", "an update"}).Draw(t, "rollout"), Touched: start.Add(-seconds(t, "touched", 20)),
	}}
	number := rapid.OneOf(rapid.Float64Range(-10, 200), rapid.Float64(), rapid.Map(rapid.IntRange(0, 100), func(i int) float64 { return float64(i) }))
	for _, name := range []string{"a", "b"} {
		r := engine.Reads(number.Draw(t, "value"))
		if r.Status == engine.OK {
			r.Previous, r.SlopePerMinute, r.Expected = new(number.Draw(t, "previous")), new(number.Draw(t, "slope")), new(number.Draw(t, "expected"))
			r.AgeSeconds, r.Samples, r.Reporting = rapid.Float64Range(0, 100).Draw(t, "age"), 5, rapid.IntRange(0, ready).Draw(t, "reporting")
		}
		if rapid.IntRange(0, 5).Draw(t, "in doubt") == 0 {
			r = engine.Reading{Status: rapid.SampledFrom([]engine.Status{engine.Stale, engine.Missing, engine.Invalid}).Draw(t, "status"), Detail: "no \"answer\" <yet> \u2028"}
		}
		w.snapshot.Metrics[name] = r
	}
	st := &w.state
	st.Enabled = rapid.IntRange(0, 9).Draw(t, "switch") > 0
	for _, d := range []*engine.Deadline{&st.Cooldown.Up, &st.Cooldown.Down, &st.Backoff.Deadline} {
		if rapid.Bool().Draw(t, "deadline") {
			*d = engine.Deadline{Until: start.Add(seconds(t, "until", 100) - time.Minute + 987654321), Wait: time.Minute}
		}
	}
	for i := rapid.IntRange(0, 6).Draw(t, "wishes"); i > 0; i-- {
		st.Wishes = append(st.Wishes, engine.Wish{At: start.Add(-p.EvaluationInterval * time.Duration(i)), Replicas: rapid.IntRange(0, 9).Draw(t, "earlier")})
	}
	if rapid.Bool().Draw(t, "known") {
		st.Known = engine.Count{Replicas: rapid.IntRange(1, 9).Draw(t, "known replicas"), At: start.Add(-seconds(t, "known at", 30))}
	}
	if p.Mode == engine.Shadow {
		st.Virtual = rapid.IntRange(0, 9).Draw(t, "virtual")
	}
	st.Changes = []engine.Change{{At: start.Add(-seconds(t, "changed", 80)), By: rapid.IntRange(-2, 2).Draw(t, "by")}}
	st.Past = []engine.Past{{At: start.Add(-seconds(t, "scaled", 80)), Action: engine.ScaleUp, From: 1, To: 2, Result: engine.Failed}}
	if rapid.IntRange(0, 5).Draw(t, "paused") == 0 {
		st.Pauses = []engine.Pause{{Service: "web", Actor: "ana", Reason: "a sale", Until: start.Add(seconds(t, "pause until", 100) - time.Minute)}}
	}
	return w
}

// cycle is one that records in the world.
func (w *world) cycle(rules control.Recommender) *control.Cycle {
	budget := &control.Budget{MaxReplicas: 20, MinMemory: 512 << 20,
		Available:  func(engine.Policy) int64 { return 1 << 30 },
		PerReplica: func(engine.Policy) int64 { return 100 << 20 },
	}
	if w.others > 0 {
		other := engine.Policy{Name: "other", Service: "other", Mode: engine.Live, Strategies: []string{"schedule"}, MinReplicas: 1, MaxReplicas: 20}
		budget.Watch([]engine.Policy{other})
		beside := &world{snapshot: engine.Snapshot{Service: engine.ServiceView{Name: "other", Replicas: engine.Replicas{Current: w.others}}}}
		c := control.Cycle{World: beside, Rules: rules, Ledger: beside, Actor: beside, Budget: budget}
		if _, _, err := c.Run(context.Background(), other, control.Moment{At: start}); err != nil {
			panic(err)
		}
	}
	return &control.Cycle{World: w, Rules: rules, Ledger: w, Actor: w, Budget: budget}
}
