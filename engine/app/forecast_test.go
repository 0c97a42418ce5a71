package app

import (
	"context"
	"log/slog"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// nobody has one replica of every service.
type nobody struct{ control.Target }

func (nobody) Observe(_ context.Context, p engine.Policy) (engine.Service, error) {
	return engine.Service{Name: p.Service, Replicas: []engine.Replica{{ID: "a", Ready: true}}}, nil
}

// says is a source of one value.
type says float64

func (v says) Sample(_ context.Context, ms []engine.Metric, _ engine.Service) ([]engine.Sample, error) {
	return []engine.Sample{{Metric: ms[0].Name, At: time.Now(), Value: float64(v)}}, nil
}

// A daemon that was just started expects what the days before had at this hour, out of its ledger.
func TestForecastOutOfTheLedger(t *testing.T) {
	for name, keep := range map[string]time.Duration{"of samples": days(30), "of their rollups": 6 * time.Hour} {
		t.Run(name, func(t *testing.T) { forecastOutOfTheLedger(t, keep) })
	}
}

func forecastOutOfTheLedger(t *testing.T, keep time.Duration) {
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "flyball.db"), sqlite.Options{Log: slog.New(slog.DiscardHandler), KeepSamples: keep, KeepRollups: days(30)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Shutdown() }()
	m := engine.Metric{Name: "request_rate", Type: "request_rate", Source: "app", Service: "web", Scope: engine.Total, Window: 10 * time.Minute, Aggregation: "avg", StaleAfter: time.Hour}
	p := engine.Policy{
		Name: "web", Service: "web", Mode: engine.Live, Metrics: []engine.Metric{m}, EvaluationInterval: time.Minute,
		Targets:  []engine.Target{{Metric: m.Name, Value: 100}},
		Forecast: engine.Forecast{Season: 24 * time.Hour, Horizon: 10 * time.Minute},
	}
	now := time.Now()
	daily := func(at time.Time) float64 { // highest ten minutes from now
		return 500 + 400*math.Cos(2*math.Pi*at.Sub(now.Add(10*time.Minute)).Hours()/24)
	}
	kept := engine.Series{Subject: p.Subject(), Metric: m.Name, Signal: m.Signal()}
	for at := now.Add(-3 * 24 * time.Hour); at.Before(now); at = at.Add(time.Minute) {
		kept.Points = append(kept.Points, engine.Point{At: at.Truncate(time.Millisecond), Value: daily(at)})
	}
	store.Keep([]engine.Series{kept})
	for _, at := range []time.Time{now, now.Add(2 * time.Hour)} { // the second drops what is past its retention
		if err := store.Flush(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	live := &control.Live{
		Targets: map[string]control.Target{"": nobody{}}, Sources: map[string]control.Feed{"app": {Source: says(daily(now)), Whole: true}},
		NewWindows: func(p engine.Policy) control.Windows { return metrics.For(p) }, History: store, Deadline: time.Minute, Budget: &control.Budget{},
	}
	if err := live.Sample(t.Context(), p, control.Parts(p)[0]); err != nil {
		t.Fatal(err)
	}
	s, err := live.Observe(t.Context(), p, engine.State{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r := s.Metrics[m.Name]
	if r.Expected == nil || math.Abs(*r.Expected-900) > 10 {
		t.Fatalf("expected %v of %+v, want some 900", r.Expected, r)
	}
}
