package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// BenchmarkTrends is an hour of 40 services with three metrics and three replicas each in 60 points, from SQLite, as it was written minute
// by minute; and 30 days of one in 500.
func BenchmarkTrends(b *testing.B) {
	o, _ := place(b)
	var all strings.Builder
	var services []string
	for i := range 40 {
		services = append(services, fmt.Sprintf("web%d", i))
		fmt.Fprintf(&all, `policies: web%d: {
			service: "web%d", enabled: true, target: driver: "sim", minReplicas: 1, maxReplicas: 4
			metrics: [
				{name: "cpu", type: "cpu", source: "system", window: "1m"},
				{name: "peak", type: "cpu", source: "system", window: "1m", aggregation: "p95"},
				{name: "busy", type: "cpu", source: "system", window: "1m", aggregation: "sum"},
			]
			thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 25}, {metric: "peak", scaleUp: 90, scaleDown: 25}, {metric: "busy", scaleUp: 700, scaleDown: 25}]
		}
		`, i, i)
	}
	say(b, o, all.String())
	a, err := New(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = a.Close() })
	now := time.Now().Truncate(time.Minute)
	const every = 12 * time.Second
	write := func(policies []engine.Policy, from time.Time, length time.Duration) {
		for at := from; at.Before(from.Add(length)); at = at.Add(every) {
			var kept []engine.Series
			for _, p := range policies {
				for _, m := range p.Metrics {
					for r := range 3 {
						kept = append(kept, engine.Series{Subject: p.Subject(), Metric: m.Name, Signal: m.Signal(), Replica: fmt.Sprintf("%064d", r),
							Points: []engine.Point{{At: at, Value: float64(50 + r + int(at.Unix())%40)}}})
					}
				}
			}
			a.store.Keep(kept)
		}
		if err := a.store.Flush(b.Context(), from.Add(length)); err != nil {
			b.Fatal(err)
		}
	}
	policies := a.atWork()
	for day := range 30 {
		write(policies[:1], now.Add(-time.Duration(30-day)*24*time.Hour), 24*time.Hour-time.Hour)
	}
	for minute := range 60 {
		write(policies, now.Add(time.Duration(minute-60)*time.Minute), time.Minute)
	}
	for name, ask := range map[string]api.TrendsAsk{
		"overview": {Services: services, From: now.Add(-time.Hour), To: now, Points: 60},
		"30 days":  {Services: services[:1], From: now.Add(-30 * 24 * time.Hour), To: now, Points: 500},
		"6 hours":  {Services: services[:1], From: now.Add(-6 * time.Hour), To: now, Points: 500},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				t, err := a.Trends(b.Context(), ask)
				if err != nil || t.Trends[0].Metrics[0].Values[len(t.Trends[0].Metrics[0].Values)-1] == nil {
					b.Fatal(err)
				}
			}
		})
	}
}
