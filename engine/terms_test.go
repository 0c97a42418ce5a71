package engine

import "testing"

func TestTerms(t *testing.T) {
	policy := func(names ...string) Policy {
		p := Policy{MinReplicas: 1, MaxReplicas: 4}
		for _, name := range names {
			p.Metrics = append(p.Metrics, Metric{Name: name, OnMissing: "hold"})
			p.Thresholds = append(p.Thresholds, Threshold{Metric: name, ScaleUp: 70, ScaleDown: 20, Comparison: GreaterThan})
		}
		return p
	}
	two := policy("cpu", "queue")
	ignoring := policy("cpu", "queue")
	ignoring.Metrics[1].OnMissing = "ignore"
	falling := policy("idle")
	falling.Thresholds[0] = Threshold{Metric: "idle", ScaleUp: 20, ScaleDown: 70, Comparison: LessThan}
	change := policy("cpu")
	change.Thresholds[0].Comparison = PercentageChange
	rising, baseless := Reads(200), Reads(200)
	before := 100.0
	rising.Previous = &before
	stale := Reading{Status: Stale}
	target := policy("cpu")
	target.Thresholds, target.Targets = nil, []Target{{Metric: "cpu", Value: 60, Tolerance: 0.1}}
	total := policy("rate")
	total.Metrics[0].Scope = Total
	total.Thresholds, total.Targets = nil, []Target{{Metric: "rate", Value: 100, Tolerance: 0.1}}
	step := policy("cpu")
	low, mid, high := 20.0, 70.0, 90.0
	step.Thresholds, step.Bands = nil, []Bands{{Metric: "cpu", Bands: []Band{{Above: &high, Add: 3}, {Above: &mid, Add: 1}, {Below: &low, Remove: 1}}}}
	mixed := policy("queue")
	mixed.Metrics, mixed.Bands = append(mixed.Metrics, step.Metrics...), step.Bands

	tests := []struct {
		name     string
		policy   Policy
		readings map[string]Reading
		load     Load
		alone    string
	}{
		{"no thresholds", policy(), nil, "", ""},
		{"past scaleUp", two, map[string]Reading{"cpu": Reads(71), "queue": Reads(50)}, LoadPast, ""},
		{"at scaleUp", two, map[string]Reading{"cpu": Reads(70), "queue": Reads(50)}, LoadWithin, ""},
		{"past scaleUp beside one that can't be read", two, map[string]Reading{"cpu": stale, "queue": Reads(90)}, LoadPast, ""},
		{"one can't be read", two, map[string]Reading{"cpu": Reads(50), "queue": stale}, LoadUnknown, ""},
		{"one is not there", two, map[string]Reading{"cpu": Reads(50)}, LoadUnknown, ""},
		{"one may be missing", ignoring, map[string]Reading{"cpu": Reads(50), "queue": stale}, LoadWithin, ""},
		{"all that is needed may be missing", ignoring, map[string]Reading{"cpu": stale, "queue": stale}, LoadUnknown, ""},
		{"all past scaleDown", two, map[string]Reading{"cpu": Reads(5), "queue": Reads(5)}, LoadWithin, ""},
		{"all but one past scaleDown", two, map[string]Reading{"cpu": Reads(20), "queue": Reads(5)}, LoadWithin, "cpu"},
		{"all but one that can't be read", two, map[string]Reading{"cpu": stale, "queue": Reads(5)}, LoadUnknown, "cpu"},
		{"the only one is not alone among others", policy("cpu"), map[string]Reading{"cpu": Reads(50)}, LoadWithin, ""},
		{"one that falls under load", falling, map[string]Reading{"idle": Reads(19)}, LoadPast, ""},
		{"one that falls under load, in calm", falling, map[string]Reading{"idle": Reads(80)}, LoadWithin, ""},
		{"a change in percent", change, map[string]Reading{"cpu": rising}, LoadPast, ""},
		{"past a target and its tolerance", target, map[string]Reading{"cpu": Reads(66.1)}, LoadPast, ""},
		{"within the tolerance", target, map[string]Reading{"cpu": Reads(66)}, LoadWithin, ""},
		{"a target that can't be read", target, map[string]Reading{"cpu": stale}, LoadUnknown, ""},
		{"the share of two replicas", total, map[string]Reading{"rate": Reads(220)}, LoadWithin, ""},
		{"more than the share of two replicas", total, map[string]Reading{"rate": Reads(221)}, LoadPast, ""},
		{"above a band", step, map[string]Reading{"cpu": Reads(71)}, LoadPast, ""},
		{"between the bands", step, map[string]Reading{"cpu": Reads(70)}, LoadWithin, ""},
		{"a band beside a threshold", mixed, map[string]Reading{"cpu": Reads(19), "queue": Reads(50)}, LoadWithin, "queue"},
		{"a change from nothing", change, map[string]Reading{"cpu": baseless}, LoadUnknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.policy.Terms(Snapshot{Metrics: tt.readings, Service: ServiceView{Replicas: Replicas{Current: 2}}})
			if want := (Terms{Min: 1, Max: 4, Load: tt.load, Alone: tt.alone}); got != want {
				t.Errorf("terms are %+v, want %+v", got, want)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	p := Policy{MinReplicas: 2, MaxReplicas: 8}
	for _, tt := range []struct {
		name      string
		schedule  *Scheduled
		low, high int
	}{
		{"no schedule", nil, 2, 8},
		{"no window holds", &Scheduled{}, 2, 8},
		{"a window", &Scheduled{MinReplicas: 4, MaxReplicas: 6}, 4, 6},
		{"a maximum below the policy's minimum", &Scheduled{MaxReplicas: 1}, 1, 1},
	} {
		if low, high := p.Bounds(tt.schedule); low != tt.low || high != tt.high {
			t.Errorf("%s: %d to %d, want %d to %d", tt.name, low, high, tt.low, tt.high)
		}
	}
}
