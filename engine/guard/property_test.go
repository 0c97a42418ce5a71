package guard

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// drawn is one arbitrary input of Decide.
type drawn struct {
	p  engine.Policy
	s  engine.Snapshot
	r  engine.Recommendation
	st engine.State
}

func seconds(t *rapid.T, label string, most int) time.Duration {
	return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Second
}

func draw(t *rapid.T) drawn {
	low := rapid.IntRange(1, 8).Draw(t, "min")
	p := engine.Policy{
		Name: "p", Service: "web", Mode: engine.Live,
		Enabled:            rapid.IntRange(0, 9).Draw(t, "enabled") > 0,
		MinReplicas:        low,
		MaxReplicas:        low + rapid.IntRange(0, 8).Draw(t, "span"),
		MaxStep:            rapid.IntRange(0, 4).Draw(t, "maxStep"),
		MinConfidence:      rapid.SampledFrom([]float64{0, 0.3, 0.9}).Draw(t, "minConfidence"),
		EvaluationInterval: time.Second + seconds(t, "interval", 60),
		Cooldown:           engine.UpDown{Up: seconds(t, "cooldown.up", 600), Down: seconds(t, "cooldown.down", 600)},
		Stabilization:      engine.UpDown{Up: seconds(t, "stabilization.up", 120), Down: seconds(t, "stabilization.down", 120)},
	}
	s := engine.Snapshot{At: start, Metrics: map[string]engine.Reading{}}
	s.Service.Replicas.Current = rapid.IntRange(0, 20).Draw(t, "current")
	s.Service.Replicas.Ready = rapid.IntRange(0, s.Service.Replicas.Current).Draw(t, "ready")
	for _, name := range []string{"a", "b"} {
		p.Metrics = append(p.Metrics, engine.Metric{
			Name:      name,
			Scope:     rapid.SampledFrom([]engine.Scope{engine.PerReplica, engine.Total}).Draw(t, "scope"),
			OnMissing: rapid.SampledFrom([]string{"hold", "ignore"}).Draw(t, "onMissing"),
			Floor:     rapid.SampledFrom([]int{0, 0, 3, 30}).Draw(t, "floor"),
		})
		p.Thresholds = append(p.Thresholds, engine.Threshold{
			Metric: name, ScaleUp: 70, ScaleDown: 20,
			Comparison: rapid.SampledFrom([]engine.Comparison{engine.GreaterThan, engine.LessThan, engine.PercentageChange}).Draw(t, "comparison"),
		})
		if rapid.Bool().Draw(t, "tracked") {
			p.Targets = append(p.Targets, engine.Target{Metric: name, Value: 60, Tolerance: rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(t, "tolerance")})
		}
		if rapid.Bool().Draw(t, "banded") {
			p.Bands = append(p.Bands, engine.Bands{Metric: name, Bands: []engine.Band{{Above: new(70.0), Add: 2}, {Below: new(20.0), Remove: 1}}[rapid.IntRange(0, 1).Draw(t, "bands"):]})
		}
		r := engine.Reads(rapid.OneOf(rapid.Float64(), rapid.Float64Range(0, 100)).Draw(t, "value"))
		if status := rapid.SampledFrom([]engine.Status{engine.OK, engine.OK, engine.Stale, engine.Missing}).Draw(t, "status"); status != engine.OK {
			r = engine.Reading{Status: status}
		}
		s.Metrics[name] = r
	}
	p.Rates = engine.Rates{Up: pace(t, "up"), Down: pace(t, "down")}
	if rapid.Bool().Draw(t, "scheduled") {
		s.Schedule = &engine.Scheduled{
			Windows:     []string{"office"},
			MinReplicas: rapid.IntRange(0, 20).Draw(t, "window's min"),
			MaxReplicas: rapid.SampledFrom([]int{0, 0, 1, 5, 20}).Draw(t, "window's max"),
			Prewarming:  rapid.Bool().Draw(t, "prewarming"),
			Pause:       rapid.SampledFrom([]string{"", "", "", "sale"}).Draw(t, "window's pause"),
		}
	}
	wish := rapid.SampledFrom([]int{0, 1, s.Service.Replicas.Current, s.Service.Replicas.Current + 1, 7, 1000, math.MaxInt, math.MinInt}).Draw(t, "wish")
	r := engine.Recommendation{
		Action: engine.Between(s.Service.Replicas.Current, wish), Replicas: wish,
		Confidence: rapid.SampledFrom([]float64{0, 0.5, 1, math.NaN()}).Draw(t, "confidence"),
	}
	if rapid.IntRange(0, 9).Draw(t, "lies") == 0 {
		r.Action = rapid.SampledFrom([]engine.Action{engine.ScaleUp, engine.ScaleDown, engine.Hold}).Draw(t, "action")
	}
	if rapid.IntRange(0, 4).Draw(t, "broken") == 0 {
		r = engine.Recommendation{Action: engine.Hold, Replicas: s.Service.Replicas.Current, Error: "no usable answer"}
	}
	st := engine.State{
		Enabled: rapid.IntRange(0, 9).Draw(t, "switch") > 0,
		Budget: engine.Budget{
			MaxReplicas: rapid.IntRange(0, 30).Draw(t, "budget"), Others: rapid.IntRange(0, 20).Draw(t, "others"),
			Available: rapid.Int64Range(0, 4<<30).Draw(t, "available"), MinMemory: 1 << 30, PerReplica: rapid.Int64Range(0, 1<<30).Draw(t, "each"),
		},
	}
	for _, d := range []*engine.Deadline{&st.Cooldown.Up, &st.Cooldown.Down, &st.Backoff.Deadline} {
		if rapid.Bool().Draw(t, "deadline") {
			*d = engine.Deadline{Until: start.Add(seconds(t, "until", 120) - time.Minute), Wait: time.Minute}
		}
	}
	for i := rapid.IntRange(0, 20).Draw(t, "wishes"); i > 0; i-- {
		st.Wishes = append(st.Wishes, engine.Wish{At: start.Add(-p.EvaluationInterval * time.Duration(i)), Replicas: rapid.IntRange(0, 20).Draw(t, "earlier")})
	}
	for i := rapid.IntRange(0, 4).Draw(t, "changes"); i > 0; i-- {
		st.Changes = append(st.Changes, engine.Change{At: start.Add(-time.Duration(i) * 20 * time.Second), By: rapid.IntRange(-5, 5).Draw(t, "by")})
	}
	if rapid.Bool().Draw(t, "known") {
		st.Known = engine.Count{Replicas: rapid.IntRange(1, 20).Draw(t, "known replicas"), At: start.Add(-seconds(t, "known at", 2*3600))}
	}
	if rapid.Bool().Draw(t, "restored") {
		st.Restored = start.Add(-seconds(t, "restored at", 600))
	}
	s.Service.Touched = start.Add(-seconds(t, "touched", 20))
	if rapid.IntRange(0, 4).Draw(t, "paused") == 0 {
		p := engine.Pause{Actor: "ana", Reason: "sale"}
		if rapid.Bool().Draw(t, "ends") {
			p.Until = start.Add(seconds(t, "pause until", 120) - time.Minute)
		}
		st.Pauses = []engine.Pause{p}
	}
	st.Conditions = conditions(t, start)
	if rapid.IntRange(0, 9).Draw(t, "open") == 0 {
		st.Open = &engine.Event{Started: start}
	}
	return drawn{p, s, r, st}
}

func pace(t *rapid.T, direction string) engine.Pace {
	p := engine.Pace{Least: rapid.Bool().Draw(t, direction+" least")}
	for range rapid.IntRange(0, 2).Draw(t, direction+" rates") {
		r := engine.Rate{Period: time.Second + seconds(t, "period", 90)}
		if rapid.Bool().Draw(t, "in percent") {
			r.Percent = rapid.IntRange(1, 200).Draw(t, "percent")
		} else {
			r.Replicas = rapid.IntRange(0, 5).Draw(t, "replicas")
		}
		p.Limits = append(p.Limits, r)
	}
	return p
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := draw(t)
		d, after := Decide(in.p, in.s, in.r, in.st)
		current := in.s.Service.Replicas.Current
		low, high := limits(in.p, in.s)
		clipped := max(low, min(in.r.Replicas, high))

		if d.From != current || d.Action != engine.Between(current, d.To) {
			t.Fatalf("from %d to %d is called %s", d.From, d.To, d.Action)
		}
		if lo, hi := min(current, clipped), max(current, clipped); d.To < lo || d.To > hi {
			t.Fatalf("%d does not lie between current %d and the clipped wish %d", d.To, current, clipped)
		}
		if outside(d.To, low, high) > outside(current, low, high) {
			t.Fatalf("%d → %d moves away from %d..%d", current, d.To, low, high)
		}
		if d.Reason == "" {
			t.Fatalf("no reason: %+v", d)
		}
		if d.To != current {
			applied(t, in, d, low)
		}
		again, afterAgain := Decide(in.p, in.s, in.r, in.st)
		if x, y := bytesOf(t, d)+bytesOf(t, after), bytesOf(t, again)+bytesOf(t, afterAgain); x != y {
			t.Fatalf("the same input gave\n%s\n%s", x, y)
		}
		conditionsFollow(t, in, after.Conditions)
		for _, step := range d.Trace {
			if step.From != step.To && step.Reason == "" {
				t.Fatalf("stage %s moved %d → %d without a reason", step.Stage, step.From, step.To)
			}
		}
		if len(after.Wishes) > len(in.st.Wishes)+1 {
			t.Fatalf("the window grew by more than the wish of now")
		}
	})
}

// applied holds what must be true of a decision that changes something.
func applied(t *rapid.T, in drawn, d engine.Decision, low int) {
	if !in.st.Enabled || !in.p.Enabled || in.st.Open != nil || d.From == 0 {
		t.Fatalf("%d → %d through a closed gate", d.From, d.To)
	}
	if said := in.s.Schedule; said != nil && said.Pause != "" {
		t.Fatalf("%d → %d while the schedule pauses", d.From, d.To)
	}
	if p := Paused(in.st.Pauses, start); p != nil {
		t.Fatalf("%d → %d in a pause until %s", d.From, d.To, p.Until)
	}
	if _, drifted := Drifted(in.p, in.s, in.st); drifted && !quiet(in.s) {
		t.Fatalf("%d → %d while somebody else is changing the service", d.From, d.To)
	}
	if d.Action == engine.ScaleUp {
		b := in.st.Budget
		if b.MaxReplicas > 0 && d.To+b.Others+b.Claims > b.MaxReplicas {
			t.Fatalf("%d → %d with %d elsewhere is over %d", d.From, d.To, b.Others, b.MaxReplicas)
		}
		if spare := b.Available - b.MinMemory; b.Available > 0 && int64(d.To-d.From)*b.PerReplica > max(0, spare) {
			t.Fatalf("%d → %d needs more memory than %d", d.From, d.To, spare)
		}
		if left(in.st.Backoff.Deadline, start) > 0 {
			t.Fatalf("raised during back-off")
		}
		if d.To <= low {
			return // a raise to the minimum answers to budget and back-off alone
		}
		if left(in.st.Cooldown.Up, start) > 0 {
			t.Fatalf("%d → %d inside the cooldown", d.From, d.To)
		}
	} else {
		if left(in.st.Cooldown.Down, start) > 0 {
			t.Fatalf("%d → %d inside the cooldown", d.From, d.To)
		}
		if in.r.Error != "" {
			t.Fatalf("%d → %d though the rule gave no answer", d.From, d.To)
		}
		for _, m := range in.p.Metrics {
			if in.s.Metrics[m.Name].Status != engine.OK && m.OnMissing != "ignore" {
				t.Fatalf("%d → %d with %s in doubt", d.From, d.To, m.Name)
			}
		}
	}
	if in.p.MaxStep > 0 && d.Action == engine.ScaleDown && d.From-d.To > in.p.MaxStep {
		t.Fatalf("%d → %d is more than maxStep %d", d.From, d.To, in.p.MaxStep)
	}
	if in.p.MaxStep > 0 && d.Action == engine.ScaleUp && d.To > max(low, d.From+in.p.MaxStep) {
		t.Fatalf("%d → %d is more than maxStep %d", d.From, d.To, in.p.MaxStep)
	}
	if d.Action == engine.ScaleUp && d.To > max(low, d.From+slowest(in, in.p.Rates.Up, 1)) {
		t.Fatalf("%d → %d is faster than %+v after %+v", d.From, d.To, in.p.Rates.Up, in.st.Changes)
	}
	if d.Action == engine.ScaleDown && d.From-d.To > slowest(in, in.p.Rates.Down, -1) {
		t.Fatalf("%d → %d is faster than %+v after %+v", d.From, d.To, in.p.Rates.Down, in.st.Changes)
	}
	if in.r.Action == d.Action && !(in.r.Confidence >= in.p.MinConfidence) {
		t.Fatalf("%d → %d on a confidence of %v", d.From, d.To, in.r.Confidence)
	}
}

// slowest is how many replicas the rates of a direction (1 up, -1 down) still let go or come.
func slowest(in drawn, pace engine.Pace, direction int) int {
	if len(pace.Limits) == 0 {
		return math.MaxInt32
	}
	var left []int
	for _, r := range pace.Limits {
		begun := in.s.Service.Replicas.Current
		for _, c := range in.st.Changes {
			if in.s.At.Sub(c.At) < r.Period {
				begun -= c.By
			}
		}
		by := r.Replicas
		if r.Percent > 0 {
			by = (max(0, begun)*r.Percent + 99) / 100
		}
		left = append(left, max(0, by-direction*(in.s.Service.Replicas.Current-begun)))
	}
	if pace.Least {
		return slices.Min(left)
	}
	return slices.Max(left)
}

func outside(n, low, high int) int { return max(0, low-n, n-high) }

func bytesOf(t *rapid.T, value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A series of decisions, each applied at once, never acts twice in one direction within that direction's cooldown, also
// when the state was written out and read again in between.
func TestCooldownOverTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := draw(t)
		in.p.Enabled, in.st = true, engine.State{Enabled: true}
		current := in.p.MinReplicas
		var lastUp, lastDown time.Time
		for i := range 60 {
			at := start.Add(time.Duration(i) * in.p.EvaluationInterval)
			in.s.At = at
			in.s.Service.Replicas = engine.Replicas{Current: current, Ready: current}
			in.r.Replicas = rapid.IntRange(0, 20).Draw(t, "wish")
			in.r.Action = engine.Between(current, in.r.Replicas)
			d, st := Decide(in.p, in.s, in.r, in.st)
			if d.Action != engine.Hold {
				low, _ := limits(in.p, in.s)
				if d.Action == engine.ScaleUp && d.To > low && !lastUp.IsZero() && at.Sub(lastUp) < in.p.Cooldown.Up {
					t.Fatalf("up %s after an up, cooldown %s", at.Sub(lastUp), in.p.Cooldown.Up)
				}
				newest := lastUp
				if lastDown.After(newest) {
					newest = lastDown
				}
				if d.Action == engine.ScaleDown && !newest.IsZero() && at.Sub(newest) < in.p.Cooldown.Down {
					t.Fatalf("down %s after the last change, cooldown %s", at.Sub(newest), in.p.Cooldown.Down)
				}
				e := engine.Event{Action: d.Action, From: d.From, To: d.To, Started: at, Ended: at, Reached: d.To, Result: engine.Succeeded}
				st = End(Begin(st, in.p, e), in.p, e)
				current = d.To
				if d.Action == engine.ScaleUp {
					lastUp = at
				} else {
					lastDown = at
				}
			}
			b, err := json.Marshal(st)
			if err != nil {
				t.Fatal(err)
			}
			in.st = engine.State{}
			if err := json.Unmarshal(b, &in.st); err != nil {
				t.Fatal(err)
			}
		}
	})
}
