package explain_test

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/explain"
	"github.com/flyball-dev/flyball/engine/guard"
)

var start = time.Date(2026, 1, 5, 6, 50, 0, 0, time.UTC) // a Monday

// rules is a strategy in a few lines: up by one above 70 of any metric, down by one when all are below 25.
type rules func(p engine.Policy, s engine.Snapshot) (to int)

func (r rules) Recommend(_ context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	to := r(p, s)
	return engine.Recommendation{
		Action: engine.Between(s.Service.Replicas.Current, to), Replicas: to, Confidence: 0.5, Priority: engine.Medium,
		Reasons: []engine.Reason{{Code: "Asked", Message: "asked"}},
	}, nil
}

func (r rules) Calculate(context.Context, engine.Policy, string, engine.Snapshot) (*float64, error) {
	return nil, nil
}

func thresholds(p engine.Policy, s engine.Snapshot) int {
	n, fewer := s.Service.Replicas.Current, len(p.Thresholds) > 0
	for _, t := range p.Thresholds {
		r := s.Metrics[t.Metric]
		if r.Status != engine.OK {
			fewer = false
			continue
		}
		if *r.Value > t.ScaleUp {
			return n + 1
		}
		fewer = fewer && *r.Value < t.ScaleDown
	}
	if fewer {
		return n - 1
	}
	return n
}

// web is a policy of two metrics with its world, in which nothing is to be done.
func web(change ...func(*explain.Case)) explain.Case {
	c := explain.Case{
		Policy: engine.Policy{
			Name: "web", Service: "web", Enabled: true, Mode: engine.Live, MinReplicas: 1, MaxReplicas: 5,
			EvaluationInterval: 10 * time.Second,
			Metrics: []engine.Metric{
				{Name: "cpu", Scope: engine.Independent, StaleAfter: 10 * time.Minute, OnMissing: "hold"},
				{Name: "mem", Scope: engine.Independent, StaleAfter: 10 * time.Minute, OnMissing: "hold"},
			},
			Thresholds: []engine.Threshold{
				{Metric: "cpu", ScaleUp: 70, ScaleDown: 25, Comparison: engine.GreaterThan},
				{Metric: "mem", ScaleUp: 80, ScaleDown: 30, Comparison: engine.GreaterThan},
			},
		},
		Snapshot: engine.Snapshot{
			At: start, Policy: "web",
			Service: engine.ServiceView{Name: "web", Replicas: engine.Replicas{Current: 2, Ready: 2}},
			Metrics: map[string]engine.Reading{"cpu": engine.Reads(64), "mem": engine.Reads(20)},
		},
		State: engine.State{Enabled: true},
	}
	for _, one := range change {
		one(&c)
	}
	return c
}

func reads(metric string, v float64) func(*explain.Case) {
	return func(c *explain.Case) { c.Snapshot.Metrics[metric] = engine.Reads(v) }
}

func cooling(d time.Duration) func(*explain.Case) {
	return func(c *explain.Case) {
		until := engine.Deadline{Until: start.Add(d), Wait: d}
		c.State.Cooldown = engine.Deadlines{Up: until, Down: until}
	}
}

func TestAlternatives(t *testing.T) {
	for name, c := range map[string]struct {
		of    explain.Case
		rules rules
		want  []string
	}{
		"between the bounds": {of: web(), want: []string{
			"scales up to 3 when cpu rises above 70; now 64",
			"scales down to 1 when cpu falls below 25; now 64",
			"scales up to 3 when mem rises above 80; now 20",
		}},
		"the last metric that keeps it, during a cooldown": {of: web(cooling(3*time.Minute + 12*time.Second)), want: []string{
			"scales up to 3 when cpu rises above 70; now 64, once the cooldown is over (in 3m12s)",
			"scales down to 1 when cpu falls below 25; now 64, once the cooldown is over (in 3m12s)",
			"scales up to 3 when mem rises above 80; now 20, once the cooldown is over (in 3m12s)",
		}},
		"two that keep it": {of: web(reads("mem", 50)), want: []string{
			"scales up to 3 when cpu rises above 70; now 64",
			"scales up to 3 when mem rises above 80; now 50",
			"scales down to 1 when cpu falls below 25 (now 64) and mem falls below 30 (now 50)",
		}},
		"above the maximum, and down already": {
			of: web(reads("cpu", 90), reads("mem", 50), func(c *explain.Case) {
				c.Policy.MaxReplicas, c.Snapshot.Service.Replicas = 3, engine.Replicas{Current: 4, Ready: 4}
			}),
			want: []string{"without AboveMaximum it would scale up to 5 (maxReplicas)"},
		},
		"only the cooldown holds": {of: web(reads("cpu", 90), cooling(time.Minute)), want: []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90, once the cooldown is over (in 1m0s)",
			"in 1m0s it would scale up to 3: the cooldown ends",
			"without CooldownActive it would scale up to 3 (cooldown.up)",
		}},
		"it acts": {of: web(reads("cpu", 90)), want: []string{
			"stays at 2 when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90",
		}},
		"a metric that is not ok": {of: web(func(c *explain.Case) { c.Snapshot.Metrics["cpu"] = engine.Reading{Status: engine.Stale} }), want: []string{
			"scales up to 3 when cpu is ok again and above 70; now stale",
			"scales down to 1 when cpu is ok again and below 25; now stale",
			"scales up to 3 when mem rises above 80; now 20",
		}},
		"at the maximum, with a step": {
			of: web(reads("cpu", 90), func(c *explain.Case) {
				c.Policy.MaxReplicas, c.Policy.MaxStep = 2, 1
			}),
			rules: func(engine.Policy, engine.Snapshot) int { return 4 },
			want: []string{
				"without AtMaximum it would scale up to 3 (maxReplicas)",
			},
		},
		"what is not confident": {of: web(reads("cpu", 90), func(c *explain.Case) { c.Policy.MinConfidence = 0.8 }), want: []string{
			"without LowConfidence it would scale up to 3 (minConfidence)",
		}},
		"off": {of: web(reads("cpu", 90), func(c *explain.Case) { c.State.Enabled = false }), want: []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90, once autoscaling is on",
			"without Disabled it would scale up to 3 (flyball enable)",
		}},
		"disabled": {of: web(reads("cpu", 90), func(c *explain.Case) { c.Policy.Enabled = false }), want: []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90, once the policy says enabled: true",
			"if it were enabled it would scale up to 3",
		}},
		"disabled, and there is nothing to do": {of: web(func(c *explain.Case) { c.Policy.Enabled, c.Policy.Thresholds = false, nil }), want: []string{
			"if it were enabled it would hold at 2 too: Asked",
		}},
		"paused for a while": {of: web(reads("cpu", 90), func(c *explain.Case) {
			c.State.Pauses = []engine.Pause{{Until: start.Add(time.Hour), Actor: "ana", Reason: "sale"}}
		}), want: []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90, once the pause is over (in 1h0m0s)",
			"in 1h0m0s it would scale up to 3: the pause ends",
			"in 10m0s cpu is stale if no new sample comes, and it would stay at 2",
			"without Paused it would scale up to 3 (flyball resume)",
		}},
		"stabilizing": {of: web(reads("cpu", 90), func(c *explain.Case) {
			c.Policy.Stabilization.Up = 2 * time.Minute
			for i := 6; i > 0; i-- {
				c.State.Wishes = append(c.State.Wishes, engine.Wish{At: start.Add(-time.Duration(i) * 10 * time.Second), Replicas: 3})
			}
		}), want: []string{
			"would no longer scale up when cpu falls to 70; now 90",
			"scales down to 1 when cpu falls below 25; now 90",
			"in 1m0s it would scale up to 3: stabilization is over",
			"without Stabilizing it would scale up to 3 (stabilization.up)",
		}},
		"a window opens": {of: web(func(c *explain.Case) {
			zone, err := engine.ParseZone("Europe/Prague")
			if err != nil {
				panic(err)
			}
			c.Policy.Schedule = []engine.Window{{Name: "office", From: 8 * time.Hour, To: 18 * time.Hour, Zone: zone, MinReplicas: 4}}
			c.Snapshot.Schedule = &engine.Scheduled{}
		}), want: []string{
			"scales up to 3 when cpu rises above 70; now 64",
			"scales down to 1 when cpu falls below 25; now 64",
			"scales up to 3 when mem rises above 80; now 20",
			"in 10m0s it would scale up to 4: at 08:00 Europe/Prague window office opens",
		}},
		"rules with bounds of their own": {
			of: web(func(c *explain.Case) { c.Policy.Thresholds = nil }),
			rules: func(_ engine.Policy, s engine.Snapshot) int {
				switch v := *s.Metrics["cpu"].Value; {
				case v > 77.5:
					return 3
				case v <= 12:
					return 1
				}
				return 2
			},
			want: []string{
				"scales up to 3 when cpu rises above 77.5; now 64",
				"scales down to 1 when cpu falls to 12; now 64",
			},
		},
		"asked for by a person": {of: web(func(c *explain.Case) {
			c.Request = &engine.Request{Kind: engine.Scale, Replicas: 9, Actor: "ana"}
		}), want: []string{
			"without AtMaximum it would scale up to 9 (maxReplicas)",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			ask := rules(thresholds)
			if c.rules != nil {
				ask = c.rules
			}
			var got []string
			for _, a := range explain.Alternatives(t.Context(), ask, c.of, start) {
				got = append(got, a.Message)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("alternatives are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// What is stated is true: the cycle, asked anew with just that changed, gives just that outcome, and at a bound that is
// exact the outcome is another one.
func TestAlternativesAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := web()
		value := rapid.Map(rapid.IntRange(0, 1000), func(i int) float64 { return float64(i) / 10 })
		for _, name := range []string{"cpu", "mem"} {
			c.Snapshot.Metrics[name] = engine.Reads(value.Draw(t, name))
			if rapid.IntRange(0, 5).Draw(t, "not ok") == 0 {
				c.Snapshot.Metrics[name] = engine.Reading{Status: engine.Missing}
			}
		}
		n := rapid.IntRange(1, 6).Draw(t, "current")
		c.Snapshot.Service.Replicas = engine.Replicas{Current: n, Ready: n}
		c.Policy.MinConfidence = rapid.SampledFrom([]float64{0, 0, 0.9}).Draw(t, "minConfidence")
		c.Policy.MaxStep = rapid.IntRange(0, 2).Draw(t, "maxStep")
		if rapid.Bool().Draw(t, "perReplica") {
			c.Policy.Metrics[0].Scope = engine.PerReplica
		}
		if rapid.Bool().Draw(t, "cooling") {
			cooling(time.Duration(rapid.IntRange(1, 600).Draw(t, "cooldown")) * time.Second)(&c)
		}
		if rapid.Bool().Draw(t, "budget") {
			c.State.Budget = engine.Budget{MaxReplicas: 6, Others: rapid.IntRange(0, 6).Draw(t, "others")}
		}
		c.State.Enabled = rapid.IntRange(0, 5).Draw(t, "enabled") > 0
		c.Policy.Enabled = rapid.IntRange(0, 5).Draw(t, "policy enabled") > 0
		base := decide(t, c)
		before := clone(c)
		all := explain.Alternatives(context.Background(), rules(thresholds), c, start)
		if again := explain.Alternatives(context.Background(), rules(thresholds), c, start); !reflect.DeepEqual(all, again) {
			t.Fatalf("twice asked, two answers:\n%+v\n%+v", all, again)
		}
		if !reflect.DeepEqual(before, c) {
			t.Fatal("the case was changed")
		}
		for _, a := range all {
			to := clone(c)
			switch a.Kind {
			case engine.ByMetric:
				for _, m := range a.Metrics {
					to.Snapshot.Metrics[m.Metric] = engine.Reads(m.Value)
				}
			case engine.ByTime:
				if to.Snapshot.At = a.At; strings.Contains(a.Message, "stale") {
					continue
				}
				to.State.Known.At = a.At
			case engine.ByGuard:
				lift(&to, a.Reason)
			}
			for _, w := range a.Once {
				lift(&to, w.Reason)
			}
			if got := decide(t, to); got.Action != a.Action || got.To != a.To {
				t.Fatalf("%q gives %s to %d (%s)\nof %s to %d (%s)", a.Message, got.Action, got.To, got.Reason, base.Action, base.To, base.Reason)
			}
			if a.Kind != engine.ByMetric || len(a.Metrics) != 1 || a.Metrics[0].Within > 0 || a.Metrics[0].Status != engine.OK {
				continue
			}
			// On the other side of the bound it is not so.
			m := a.Metrics[0]
			across := m.Bound
			if m.Side == engine.AtLeast || m.Side == engine.AtMost {
				across += math.Copysign(1e-4*max(1, m.Bound), *m.Now-m.Bound)
			}
			to.Snapshot.Metrics[m.Metric] = engine.Reads(across)
			lift(&to, "CooldownActive")
			lift(&to, "Disabled")
			lift(&to, "PolicyDisabled")
			if got := decide(t, to); got.Action == a.Action && got.To == a.To {
				t.Fatalf("%q, but %v gives it too", a.Message, across)
			}
		}
	})
}

func decide(t *rapid.T, c explain.Case) engine.Decision {
	r, err := rules(thresholds).Recommend(context.Background(), c.Policy, c.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := guard.Decide(c.Policy, c.Snapshot, r, c.State)
	return d
}

func clone(c explain.Case) explain.Case {
	metrics := map[string]engine.Reading{}
	for name, r := range c.Snapshot.Metrics {
		metrics[name] = r
	}
	c.Snapshot.Metrics = metrics
	c.Policy.Metrics = slices.Clone(c.Policy.Metrics)
	return c
}

// lift does by hand what makes a stage have nothing to say.
func lift(c *explain.Case, reason string) {
	switch reason {
	case "CooldownActive":
		c.State.Cooldown = engine.Deadlines{}
	case "Disabled":
		c.State.Enabled = true
	case "PolicyDisabled":
		c.Policy.Enabled = true
	case "AtMaximum", "AboveMaximum":
		c.Policy.MaxReplicas = 100
	case "BudgetExhausted":
		c.State.Budget = engine.Budget{}
	case "LowConfidence":
		c.Policy.MinConfidence = 0
	case "StepLimited":
		c.Policy.MaxStep = 0
	case "AnticipatedFlap":
		c.Policy.Metrics[0].Scope = engine.Independent
	case "MetricMissing":
		for i := range c.Policy.Metrics {
			c.Policy.Metrics[i].OnMissing = "ignore"
		}
	case "AtMinimum", "BelowMinimum":
		c.Policy.MinReplicas = 1
	}
}
