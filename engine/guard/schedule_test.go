package guard

import (
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestDecideBySchedule(t *testing.T) {
	soon := engine.Deadline{Until: start.Add(time.Minute), Wait: 5 * time.Minute}
	said := func(s engine.Scheduled) func(*drawn) { return func(in *drawn) { in.s.Schedule = &s } }
	for name, c := range map[string]struct {
		wish    int
		with    func(in *drawn)
		to      int
		reason  string
		message string
	}{
		"no window holds":               {3, said(engine.Scheduled{}), 3, "RuleSaidSo", ""},
		"paused":                        {3, said(engine.Scheduled{Pause: "no changes during the sale"}), 2, "PausedBySchedule", "no changes during the sale"},
		"paused, and under the minimum": {3, said(engine.Scheduled{Pause: "sale", MinReplicas: 4}), 2, "PausedBySchedule", "sale"},
		"paused, and the policy is off": {3, func(in *drawn) { said(engine.Scheduled{Pause: "sale"})(in); in.p.Enabled = false }, 2, "PolicyDisabled", ""},
		"under the window's minimum":    {2, said(engine.Scheduled{MinReplicas: 4}), 4, "BelowMinimum", "below the minimum of 4"},
		"at once, in a cooldown":        {2, func(in *drawn) { said(engine.Scheduled{MinReplicas: 4})(in); in.st.Cooldown.Up = soon }, 4, "BelowMinimum", ""},
		"at once, whatever the rates": {2, func(in *drawn) {
			said(engine.Scheduled{MinReplicas: 4})(in)
			in.p.Rates.Up.Limits = []engine.Rate{{Replicas: 1, Period: time.Hour}}
		}, 4, "BelowMinimum", ""},
		"at once, though nothing is ok": {2, func(in *drawn) { said(engine.Scheduled{MinReplicas: 4})(in); in.s.Metrics = nil }, 4, "BelowMinimum", ""},
		"warming up":                    {2, said(engine.Scheduled{MinReplicas: 4, Prewarming: true}), 4, "BelowMinimum", ""},
		"warming up past the maximum":   {2, said(engine.Scheduled{MinReplicas: 9, Prewarming: true}), 9, "BelowMinimum", "below the minimum of 9"},
		"warming up past a night's":     {2, said(engine.Scheduled{MinReplicas: 4, MaxReplicas: 3, Prewarming: true}), 4, "BelowMinimum", ""},
		"two windows that disagree":     {2, said(engine.Scheduled{MinReplicas: 4, MaxReplicas: 3}), 3, "BelowMinimum", "below the minimum of 3"},
		"above the policy's maximum":    {9, said(engine.Scheduled{MaxReplicas: 8}), 8, "AtMaximum", "the maximum is 8"},
		"above the window's maximum":    {3, func(in *drawn) { said(engine.Scheduled{MaxReplicas: 1})(in); in.s.Metrics["cpu"] = engine.Reads(10) }, 1, "AboveMaximum", "above the maximum of 1"},
		"above it, on doubt": {3, func(in *drawn) {
			said(engine.Scheduled{MaxReplicas: 1})(in)
			also(in, "mem")
			in.s.Metrics["cpu"] = engine.Reading{Status: engine.Stale}
		}, 2, "MetricStale", ""},
		"above it, where it would flap":  {3, said(engine.Scheduled{MaxReplicas: 1}), 2, "AnticipatedFlap", ""},
		"no further down than a minimum": {1, said(engine.Scheduled{MinReplicas: 2}), 2, "AtMinimum", "at the minimum of 2"},
	} {
		t.Run(name, func(t *testing.T) {
			in := calm()
			c.with(&in)
			in.wish(c.wish)
			d, _ := Decide(in.p, in.s, in.r, in.st)
			if d.To != c.to || d.Reason != c.reason || !strings.Contains(d.Message, c.message) {
				t.Errorf("got %d (%s: %s), want %d (%s: …%s…)", d.To, d.Reason, d.Message, c.to, c.reason, c.message)
			}
		})
	}
}

// A policy that has no metrics goes by its schedule, up and down.
func TestScheduleWithoutMetrics(t *testing.T) {
	for _, wish := range []int{1, 3} {
		in := calm()
		in.p.Metrics, in.p.Thresholds, in.s.Metrics = nil, nil, nil
		in.p.Strategies = []string{"schedule"}
		in.wish(wish)
		if d, _ := Decide(in.p, in.s, in.r, in.st); d.To != wish {
			t.Errorf("wished for %d, got %d (%s: %s)", wish, d.To, d.Reason, d.Message)
		}
		in.r.Error = "no usable answer"
		if d, _ := Decide(in.p, in.s, in.r, in.st); d.To < 2 {
			t.Errorf("down to %d though the rule gave no answer", d.To)
		}
	}
}

func TestAnticipateTargetsAndBands(t *testing.T) {
	for name, c := range map[string]struct {
		with    func(p *engine.Policy)
		wish    int
		to      int
		message string
	}{
		"a target would be passed": {func(p *engine.Policy) { p.Targets = []engine.Target{{Metric: "cpu", Value: 60, Tolerance: 0.1}} }, 1, 3,
			"cpu would read 80 on 2 replicas, past target 60 and its tolerance"},
		"a target would be reached":    {func(p *engine.Policy) { p.Targets = []engine.Target{{Metric: "cpu", Value: 80}} }, 2, 2, ""},
		"a target's tolerance is room": {func(p *engine.Policy) { p.Targets = []engine.Target{{Metric: "cpu", Value: 75, Tolerance: 0.1}} }, 2, 2, ""},
		"a band would be entered":      {func(p *engine.Policy) { p.Bands = upAbove(90, 70) }, 1, 3, "cpu would read 80 on 2 replicas, past the band above 70"},
		"the edge of a band":           {func(p *engine.Policy) { p.Bands = upAbove(90, 80) }, 2, 2, ""},
		"bands that only remove": {func(p *engine.Policy) {
			p.Bands = []engine.Bands{{Metric: "cpu", Bands: []engine.Band{{Below: new(50.0), Remove: 3}}}}
		}, 1, 1, ""},
		"a target of the whole service's": {func(p *engine.Policy) { p.Targets = []engine.Target{{Metric: "rate", Value: 1}} }, 1, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := calm()
			in.p.Thresholds = nil
			in.p.Metrics = append(in.p.Metrics, engine.Metric{Name: "rate", Scope: engine.Total})
			in.s.Metrics = map[string]engine.Reading{"cpu": engine.Reads(40), "rate": engine.Reads(100)}
			in.s.Service.Replicas = engine.Replicas{Current: 4, Ready: 4}
			c.with(&in.p)
			in.wish(c.wish)
			d, _ := Decide(in.p, in.s, in.r, in.st)
			if d.To != c.to || !strings.Contains(d.Message, c.message) {
				t.Errorf("got %d (%s: %s), want %d (…%s…)", d.To, d.Reason, d.Message, c.to, c.message)
			}
		})
	}
}

func upAbove(bounds ...float64) []engine.Bands {
	b := engine.Bands{Metric: "cpu"}
	for _, bound := range bounds {
		b.Bands = append(b.Bands, engine.Band{Above: new(bound), Add: 1})
	}
	return []engine.Bands{b}
}
