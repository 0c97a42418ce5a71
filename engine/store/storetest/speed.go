package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Benchmark times one durable Record: that of a steady hold, and that of an intent.
func (s Suite) Benchmark(b *testing.B) {
	hold := decided(0, engine.Hold, "Steady")
	hold.Snapshot.Metrics = map[string]engine.Reading{"cpu_usage": engine.Reads(40), "memory_usage": engine.Reads(30)}
	b.Run("hold", func(b *testing.B) {
		s.record(b, func(int) (engine.Record, engine.State) { return hold, engine.State{} })
	})
	b.Run("intent", func(b *testing.B) {
		s.record(b, func(n int) (engine.Record, engine.State) {
			event := opened(start.Add(time.Duration(n)).String(), n)
			r := hold
			r.Decision.Action = engine.ScaleUp
			return r, engine.State{Open: &event}
		})
	})
}

func (s Suite) record(b *testing.B, next func(n int) (engine.Record, engine.State)) {
	ledger := s.fresh(b)
	var took []time.Duration
	for b.Loop() {
		r, state := next(len(took))
		began := time.Now()
		if err := ledger.Record(b.Context(), r, state); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "records/s")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
