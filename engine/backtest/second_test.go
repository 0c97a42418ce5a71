package backtest

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/rego"
)

// hours is a trace with a wave every hour.
func hours(n int) Trace {
	t := Trace{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for minute := range 60 * n {
		t.Rows = append(t.Rows, Row{Seconds: 60, Demand: 40 + 30*math.Sin(float64(minute)*math.Pi/30)})
	}
	return t
}

// A policy that is asked beside itself decides what it decides, fault or not, and that it is asked changes nothing.
func TestAskedBesideItself(t *testing.T) {
	settings := Settings{Seed: 1, Noise: 5, Faults: []Fault{{NoStart, time.Hour, 20 * time.Minute}, {NoMetrics, 2 * time.Hour, 10 * time.Minute}, {Crash, 150 * time.Minute, time.Second}}}
	settings.Capacity, settings.StartDelay = 600, 30*time.Second
	policies := Shipped(600)
	rules, problems := rego.Compile(t.Context(), nil, policies, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	for _, p := range policies {
		p.Rates.Up = engine.Pace{Limits: []engine.Rate{{Replicas: 2, Period: time.Minute}}}
		t.Run(p.Name, func(t *testing.T) {
			asked := 0
			second := &Second{Policy: p, Rules: rules, Told: func(first, second engine.Record) {
				asked++
				if !reflect.DeepEqual(first.Decision, second.Decision) {
					t.Errorf("%s: %+v, asked beside itself %+v", first.At, first.Decision, second.Decision)
				}
				if first.State.Cooldown != second.State.Cooldown || !reflect.DeepEqual(first.State.Wishes, second.State.Wishes) {
					t.Errorf("%s: remembers %+v, asked beside itself %+v", first.At, first.State, second.State)
				}
			}}
			b := Backtest{Trace: hours(3), Settings: settings, Entries: []Entry{
				{Name: "alone", Policy: p, Rules: rules}, {Name: "asked", Policy: p, Rules: rules, Second: second},
			}}
			result, err := Do(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			alone, beside := result.Runs[0], result.Runs[1]
			if asked != beside.Decisions || asked == 0 || alone.Changes == 0 {
				t.Errorf("asked %d times at %d decisions, with %d changes", asked, beside.Decisions, alone.Changes)
			}
			if alone.Figures != beside.Figures {
				t.Errorf("alone %+v, asked %+v", alone.Figures, beside.Figures)
			}
		})
	}
}

// The one that is asked rests by its own cooldown after what the first one does.
func TestAskedRestsByItsOwnCooldown(t *testing.T) {
	settings := Settings{}
	settings.Capacity, settings.StartDelay = 600, 30*time.Second
	p := Shipped(600)[0]
	rules, problems := rego.Compile(t.Context(), nil, []engine.Policy{p}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	p.EvaluationInterval = time.Minute
	eager := p
	eager.Cooldown.Up = 0
	sooner := 0
	_, err := Do(t.Context(), Backtest{Trace: hours(3), Settings: settings, Entries: []Entry{{Name: "p", Policy: p, Rules: rules, Second: &Second{
		Policy: eager, Rules: rules, Told: func(first, second engine.Record) {
			if second.Decision.Action == engine.ScaleUp && first.Decision.Reason == "CooldownActive" {
				sooner++
			} else if !reflect.DeepEqual(first.Decision, second.Decision) {
				t.Errorf("%s: %+v and %+v", first.At, first.Decision, second.Decision)
			}
		},
	}}}})
	if err != nil || sooner == 0 {
		t.Errorf("it raises sooner %d times; %v", sooner, err)
	}
}

// One that would decide more often is asked when the first one decides, which is no gap to its stabilization.
func TestAskedAtAnotherPace(t *testing.T) {
	settings := Settings{}
	settings.Capacity, settings.StartDelay = 600, 30*time.Second
	p := Shipped(600)[2]
	rules, problems := rego.Compile(t.Context(), nil, []engine.Policy{p}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	p.EvaluationInterval = 2 * time.Minute
	swift := p
	swift.EvaluationInterval = 5 * time.Second
	lowered := 0
	_, err := Do(t.Context(), Backtest{Trace: hours(3), Settings: settings, Entries: []Entry{{Name: "p", Policy: p, Rules: rules, Second: &Second{
		Policy: swift, Rules: rules, Told: func(first, second engine.Record) {
			if first.Decision.Action == engine.ScaleDown {
				lowered++
			}
			if !reflect.DeepEqual(first.Decision, second.Decision) {
				t.Errorf("%s: %+v and %+v", first.At, first.Decision, second.Decision)
			}
		},
	}}}})
	if err != nil || lowered == 0 {
		t.Errorf("it lowers %d times; %v", lowered, err)
	}
}
