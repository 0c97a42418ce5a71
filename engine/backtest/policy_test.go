package backtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/engine/sim"
)

// diary is tracking that keeps what it saw and said.
type diary struct {
	tracking
	snapshots []engine.Snapshot
	said      []engine.Recommendation
}

func (d *diary) Recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	r, err := d.tracking.Recommend(ctx, p, s)
	d.snapshots, d.said = append(d.snapshots, s), append(d.said, r)
	return r, err
}

// does runs one policy with rules of Go.
func does(t testing.TB, p engine.Policy, trace backtest.Trace, s backtest.Settings) (backtest.Run, *diary) {
	t.Helper()
	d := &diary{}
	result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: trace, Settings: s, Entries: []backtest.Entry{{Name: p.Name, Policy: p, Rules: d}}})
	if err != nil {
		t.Fatal(err)
	}
	return result.Runs[0], d
}

func flat(minutes ...float64) backtest.Trace { // requests a minute, by the minute
	trace := backtest.Trace{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, rpm := range minutes {
		trace.Rows = append(trace.Rows, backtest.Row{Seconds: 60, Demand: rpm / 60})
	}
	return trace
}

func TestPolicyDecidesAtItsIntervalOnWhatWasMeasured(t *testing.T) {
	p := strategy(t, "target_tracking")
	run, d := does(t, p, flat(60, 60, 240, 240, 240, 240), world())
	if run.Decisions != len(d.said) {
		t.Errorf("%d decisions, %d were asked for", run.Decisions, len(d.said))
	}
	start := d.snapshots[0].At.Add(-p.EvaluationInterval)
	if !start.Equal(flat(0).Start) {
		t.Errorf("the first decision is at %s, want an interval after the beginning", d.snapshots[0].At)
	}
	raised := false
	for i, s := range d.snapshots {
		second := int(s.At.Sub(start).Seconds())
		if second%15 != 0 {
			t.Errorf("a decision at second %d", second)
		}
		if i > 0 && !raised && second <= 120 && *s.Metrics["request_rate"].Value != 60 {
			t.Errorf("at second %d it reads %v, which was not measured yet", second, *s.Metrics["request_rate"].Value)
		}
		if d.said[i].Action == engine.ScaleUp && !raised {
			raised = true
			if next := d.snapshots[i+1]; next.At.Sub(s.At) < sim.StartDelay {
				t.Errorf("it decides again %s after a raise, before the replicas have started", next.At.Sub(s.At))
			}
		}
	}
	if !raised || run.Changes == 0 || run.MostReplicas < 5 {
		t.Errorf("four times the load: %+v", run.Figures)
	}
}

// What is not measured is no reason to take replicas away.
func TestMissingMetricsNeverScaleDown(t *testing.T) {
	p := strategy(t, "target_tracking")
	p.Stabilization = engine.UpDown{}
	s := world()
	s.Faults = []backtest.Fault{{Kind: backtest.NoMetrics, From: 3 * time.Minute, For: 20 * time.Minute}}
	trace := flat(600, 600, 600, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10)
	for _, rules := range map[string]backtest.Entry{
		"the rules that ship": entry(t, p),
		"rules that want to":  {Name: "eager", Policy: p, Rules: eager{from: trace.Start.Add(195 * time.Second)}},
	} {
		result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: trace, Settings: s, Entries: []backtest.Entry{rules}, Baselines: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range result.Runs {
			before := run.Series.Last[179]
			for second, ready := range run.Series.Low[180:1380] {
				if ready < before {
					t.Errorf("%s: %d replicas at second %d, %d when metrics went missing", run.Name, ready, 180+second, before)
					break
				}
			}
		}
		if last := result.Runs[3].Series.Last; last[len(last)-1] >= last[1379] {
			t.Errorf("%s: still %d replicas after metrics came back", rules.Name, last[len(last)-1])
		}
	}
}

// eager wants to be rid of all replicas but one from some instant on.
type eager struct {
	tracking
	from time.Time
}

func (e eager) Recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	if s.At.Before(e.from) {
		return e.tracking.Recommend(ctx, p, s)
	}
	return engine.Recommendation{Action: engine.Between(s.Service.Replicas.Current, 1), Replicas: 1, Confidence: 1, Priority: engine.Low}, nil
}

func TestFaults(t *testing.T) {
	p := strategy(t, "target_tracking")
	calm := flat(300, 300, 300, 300, 300, 300, 300, 300, 300, 300)
	busier := flat(300, 300, 300, 900, 900, 900, 900, 900, 900, 900)
	t.Run("crash", func(t *testing.T) {
		s := world()
		s.Faults = []backtest.Fault{{Kind: backtest.Crash, From: 5 * time.Minute, For: time.Second}}
		run, _ := does(t, p, calm, s)
		without, _ := does(t, p, calm, world())
		before := run.Series.Last[299]
		if got := run.Series.Last[300]; got != before-(before+1)/2 {
			t.Errorf("%d of %d replicas are ready after half of them crashed", got, before)
		}
		if run.Series.Last[329] > before-(before+1)/2 || run.Series.Last[330] < before {
			t.Errorf("%d are ready 29 s after it and %d 30 s after, want them back then", run.Series.Last[329], run.Series.Last[330])
		}
		if run.ViolationSeconds == 0 || without.ViolationSeconds != 0 {
			t.Errorf("violations: %d with the crash, %d without", run.ViolationSeconds, without.ViolationSeconds)
		}
	})
	t.Run("start", func(t *testing.T) {
		s := world()
		s.Faults = []backtest.Fault{{Kind: backtest.NoStart, From: 2 * time.Minute, For: 4 * time.Minute}}
		run, _ := does(t, p, busier, s)
		for second := 120; second < 360; second++ {
			if run.Series.High[second] > run.Series.Last[119] {
				t.Fatalf("%d replicas at second %d, though none starts", run.Series.High[second], second)
			}
		}
		if last := run.Series.Last[599]; last < 15 {
			t.Errorf("%d replicas in the end, 15 are needed and start again", last)
		}
		result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: busier, Settings: s, Baselines: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range result.Runs[:2] {
			for second := 150; second < 360; second++ {
				if run.Series.High[second] > run.Series.Last[149] {
					t.Fatalf("%s: %d replicas at second %d, though none starts", run.Name, run.Series.High[second], second)
				}
			}
		}
	})
}

func TestSeeds(t *testing.T) {
	p := strategy(t, "target_tracking")
	trace := waves(1, 900)
	text := func(noise float64, seed uint64, atOnce int) string {
		s := world()
		s.Noise, s.Seed = noise, seed
		entries := []backtest.Entry{{Name: "a", Policy: p, Rules: tracking{}}, {Name: "b", Policy: p, Rules: tracking{}}}
		result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: trace, Settings: s, Entries: entries, Baselines: true, AtOnce: atOnce})
		if err != nil {
			t.Fatal(err)
		}
		written, err := json.Marshal(struct {
			backtest.Result
			Series []backtest.Series
		}{result, []backtest.Series{result.Runs[0].Series, result.Runs[3].Series}})
		if err != nil {
			t.Fatal(err)
		}
		return string(written)
	}
	if text(5, 7, 1) != text(5, 7, 4) {
		t.Error("the same seed gave other figures")
	}
	if text(5, 7, 1) == text(5, 8, 1) {
		t.Error("another seed gave the same noise")
	}
	if text(0, 7, 1) != text(0, 8, 4) {
		t.Error("without noise the seed matters")
	}
}

func TestProgressAndErrors(t *testing.T) {
	p := strategy(t, "target_tracking")
	var shares []float64
	_, err := backtest.Do(t.Context(), backtest.Backtest{
		Trace: waves(1, 100), Settings: world(), Baselines: true, AtOnce: 2, Told: func(share float64) { shares = append(shares, share) },
	})
	if err != nil || len(shares) < 6 || shares[len(shares)-1] != 1 {
		t.Errorf("told %v, %v; want shares up to 1", shares, err)
	}
	for i := 1; i < len(shares); i++ {
		if shares[i] < shares[i-1] {
			t.Errorf("progress went back: %v", shares)
		}
	}

	blind := p
	blind.Name, blind.Metrics = "blind", []engine.Metric{{Name: "request_rate", Type: "disk", Service: "service"}}
	_, err = backtest.Do(t.Context(), backtest.Backtest{Trace: flat(1, 1), Settings: world(), Entries: []backtest.Entry{
		{Name: "one", Policy: blind, Rules: tracking{}}, {Name: "two", Policy: p, Rules: tracking{}}, {Name: "three", Policy: blind, Rules: tracking{}},
	}})
	if err == nil || !strings.Contains(err.Error(), "one: policy blind has nothing left") || !strings.Contains(err.Error(), "three: ") || strings.Contains(err.Error(), "two: ") {
		t.Errorf("error %v; want one that names the two entries that can't be run", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backtest.Do(ctx, backtest.Backtest{Trace: waves(2, 100), Settings: world(), Baselines: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after it was called off", err)
	}
}

// What holds of any run on any trace.
func TestFiguresHangTogether(t *testing.T) {
	p := strategy(t, "target_tracking")
	rapid.Check(t, func(t *rapid.T) {
		m, trace := traces(t)
		s := backtest.Settings{
			Settings: sim.Settings{Capacity: float64(m.capacity), StartDelay: time.Duration(m.delay) * time.Second},
			Noise:    rapid.SampledFrom([]float64{0, 0, 10}).Draw(t, "noise"), Seed: rapid.Uint64().Draw(t, "seed"),
		}
		p.Targets[0].Value = 0.8 * float64(m.capacity)
		result, err := backtest.Do(t.Context(), backtest.Backtest{
			Trace: trace, Settings: s, Baselines: true, Entries: []backtest.Entry{{Name: p.Name, Policy: p, Rules: tracking{}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		needed := 0
		for _, demand := range m.demand {
			needed += m.needed(demand)
		}
		for _, r := range result.Runs {
			for name, share := range map[string]float64{"tau_u": r.TauU, "tau_o": r.TauO, "tau_u + tau_o": r.TauU + r.TauO, "instability": r.Instability, "theta_u": r.ThetaU} {
				if share < 0 || share > 100+1e-9 {
					t.Errorf("%s of %s is %v", name, r.Name, share)
				}
			}
			if (r.TauU == 0) != (r.ThetaU == 0) || (r.TauO == 0) != (r.ThetaO == 0) {
				t.Errorf("%s: %+v", r.Name, r.Figures)
			}
			if r.TauU == 0 && r.ReplicaHours < float64(needed)/3600-1e-9 {
				t.Errorf("%s never lacks a replica, with %v replica-hours of the %v needed", r.Name, r.ReplicaHours, float64(needed)/3600)
			}
			if r.TauU == 0 && r.ViolationSeconds > 0 {
				t.Errorf("%s never lacks a replica, and violates for %d s", r.Name, r.ViolationSeconds)
			}
			if r.Flaps > max(0, r.Changes-1) || r.ViolationSeconds > r.Seconds || r.Seconds != len(m.demand) {
				t.Errorf("%s: %+v", r.Name, r.Figures)
			}
			if r.MeanReplicas > float64(r.MostReplicas) || r.ReplicaHours*3600 < float64(r.Seconds)-1e-6 {
				t.Errorf("%s: %+v", r.Name, r.Figures)
			}
		}
		if static := result.Runs[2]; static.ViolationSeconds != 0 || static.ThetaU != 0 || static.Changes != 0 {
			t.Errorf("static at the peak: %+v", static.Figures)
		}
	})
}

// A day that repeats itself: what looks ahead has its replicas before they are needed, and takes none away for a forecast.
func TestPredictiveRaisesBeforeTheDailyPeak(t *testing.T) {
	trace := backtest.Trace{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	const morning = 8 * 3600
	for range 3 { // quiet, a rush from 8 to 18 h that comes at once, quiet
		trace.Rows = append(trace.Rows, backtest.Row{Seconds: morning, Demand: 2}, backtest.Row{Seconds: 10 * 3600, Demand: 20}, backtest.Row{Seconds: 6 * 3600, Demand: 2})
	}
	var entries []backtest.Entry
	for _, name := range []string{"target_tracking", "predictive"} {
		p := strategy(t, name)
		p.EvaluationInterval = time.Minute
		entries = append(entries, entry(t, p))
	}
	result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: trace, Settings: world(), Entries: entries, AtOnce: 2})
	if err != nil {
		t.Fatal(err)
	}
	tracking, predictive := result.Runs[0], result.Runs[1]
	every := trace.Need(world()).Every
	for day := range 3 {
		rush := (day*24*3600 + morning) / every
		follows, ahead := tracking.Series.Last[rush-1], predictive.Series.Last[rush-1]
		switch {
		case follows != 3:
			t.Errorf("day %d: target_tracking has %d replicas before the rush, want 3", day+1, follows)
		case day == 0 && ahead != 3:
			t.Errorf("predictive has %d replicas before the first rush, of which it can't know", ahead)
		case day > 0 && ahead < 20:
			t.Errorf("day %d: predictive has %d replicas before the rush, 20 are needed in it", day+1, ahead)
		}
		quiet := (day*24*3600 + 18*3600) / every
		for i := rush + 1; i < quiet; i++ { // the quiet evening is foreseen, and no reason to go before it is there
			if predictive.Series.Low[i] < 20 && i > rush+2 {
				t.Fatalf("day %d: predictive has %d replicas at second %d, while 20 are needed", day+1, predictive.Series.Low[i], i*every)
			}
		}
	}
	if predictive.ViolationSeconds >= tracking.ViolationSeconds {
		t.Errorf("violations: predictive %d s, target_tracking %d s", predictive.ViolationSeconds, tracking.ViolationSeconds)
	}
}

// Rules that give no answer hold; that this is why nothing happened is noted.
func TestRulesThatFailAreNoted(t *testing.T) {
	result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: flat(60, 300, 300), Settings: world(), Entries: []backtest.Entry{
		{Name: "broken", Policy: strategy(t, "target_tracking"), Rules: broken{}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	run := result.Runs[0]
	if run.Changes != 0 || len(run.Notes) != 1 || run.Notes[0] != "the rules gave no answer for 11 of 11 decisions, first because: out of order" {
		t.Errorf("%d changes, notes %q", run.Changes, run.Notes)
	}
}

type broken struct{ tracking }

func (broken) Recommend(context.Context, engine.Policy, engine.Snapshot) (engine.Recommendation, error) {
	return engine.Recommendation{}, errors.New("out of order")
}

// A rule that has no answer in time would have one on another machine: there is no figure to be had.
func TestRulesThatAreLateEndTheRun(t *testing.T) {
	_, err := backtest.Do(t.Context(), backtest.Backtest{Trace: flat(60, 300, 300), Settings: world(), Entries: []backtest.Entry{
		{Name: "slow", Policy: strategy(t, "target_tracking"), Rules: late{}},
	}})
	if err == nil || !strings.HasPrefix(err.Error(), "slow: second ") || !strings.HasSuffix(err.Error(), ": not yet") {
		t.Errorf("error is %v", err)
	}
}

type late struct{ tracking }

func (late) Recommend(context.Context, engine.Policy, engine.Snapshot) (engine.Recommendation, error) {
	return engine.Recommendation{}, notYet{}
}

type notYet struct{}

func (notYet) Error() string  { return "not yet" }
func (notYet) Reason() string { return "RuleTimeout" }

// A row may be years, in which a person wants to see that something goes on, and to be able to end it.
func TestProgressWithinARow(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	b := backtest.Backtest{
		Trace: backtest.Trace{Start: flat(0).Start, Rows: []backtest.Row{{Seconds: 7 * 24 * 3600, Demand: 1}}}, Settings: world(), Baselines: true,
		Told: func(float64) {
			if told++; told == 3 {
				cancel()
			}
		},
	}
	if _, err := backtest.Do(ctx, b); !errors.Is(err, context.Canceled) || told != 3 {
		t.Errorf("told %d times, %v; want an end at the third time", told, err)
	}
}
