package backtest_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/engine/sim"
	"github.com/flyball-dev/flyball/rego"
)

const capacity = 60 // requests a minute of one replica

// waves is a demand that rises and falls every day, in rows of 5 minutes, up to a peak (requests a minute).
func waves(days int, peak float64) backtest.Trace {
	trace := backtest.Trace{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for i := range days * 288 {
		part := (1 - math.Cos(2*math.Pi*float64(i)/288)) / 2
		trace.Rows = append(trace.Rows, backtest.Row{Seconds: 300, Demand: peak * (0.1 + 0.9*part) / 60})
	}
	return trace
}

func world() backtest.Settings {
	return backtest.Settings{Settings: sim.Settings{Capacity: capacity, StartDelay: sim.StartDelay}}
}

// entry is a policy with the rules that ship.
func entry(t testing.TB, p engine.Policy) backtest.Entry {
	t.Helper()
	rules, problems := rego.Compile(context.Background(), nil, []engine.Policy{p}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	return backtest.Entry{Name: p.Name, Kind: backtest.Strategy, Policy: p, Rules: rules}
}

// strategy is one of those that ship.
func strategy(t testing.TB, name string) engine.Policy {
	t.Helper()
	for _, p := range backtest.Shipped(capacity) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no strategy %s", name)
	return engine.Policy{}
}

// BenchmarkYear is a year of one policy that decides every minute: 525,599 decisions with the rules and the guard, in a loop
// with 31,536,000 seconds of the model.
func BenchmarkYear(b *testing.B) {
	p := strategy(b, "target_tracking")
	p.EvaluationInterval = time.Minute
	bench(b, waves(365, 1200), []backtest.Entry{entry(b, p)})
}

// BenchmarkCycle is the same with rules that cost nothing: what all but Rego takes.
func BenchmarkCycle(b *testing.B) {
	p := strategy(b, "target_tracking")
	p.EvaluationInterval = time.Minute
	bench(b, waves(30, 1200), []backtest.Entry{{Name: p.Name, Policy: p, Rules: tracking{}}})
}

// BenchmarkModel is a month of the model alone: of a policy that never gets to decide.
func BenchmarkModel(b *testing.B) {
	p := strategy(b, "target_tracking")
	p.EvaluationInterval = 365 * 24 * time.Hour
	bench(b, waves(30, 1200), []backtest.Entry{{Name: p.Name, Policy: p, Rules: tracking{}}})
}

func bench(b *testing.B, trace backtest.Trace, entries []backtest.Entry) {
	b.ReportAllocs()
	decisions, seconds := 0, 0
	for b.Loop() {
		result, err := backtest.Do(b.Context(), backtest.Backtest{Trace: trace, Settings: world(), Entries: entries})
		if err != nil {
			b.Fatal(err)
		}
		decisions += result.Runs[0].Decisions
		seconds += result.Runs[0].Seconds
	}
	b.ReportMetric(float64(decisions)/b.Elapsed().Seconds(), "decisions/s")
	b.ReportMetric(float64(seconds)/b.Elapsed().Seconds()/1e6, "Mseconds/s")
}

// tracking asks for what target_tracking would, in Go.
type tracking struct{}

func (tracking) Recommend(_ context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	current := s.Service.Replicas.Current
	r := engine.Recommendation{Action: engine.Hold, Replicas: current, Confidence: 1, Priority: engine.Low}
	for _, t := range p.Targets {
		if v := s.Metrics[t.Metric].Value; v != nil && math.Abs(*v/t.Value-float64(current)) > t.Tolerance*float64(current) {
			r.Replicas = int(math.Ceil(*v / t.Value))
		}
	}
	r.Action = engine.Between(current, r.Replicas)
	return r, nil
}

func (tracking) Calculate(context.Context, engine.Policy, string, engine.Snapshot) (*float64, error) {
	return nil, nil
}
