package metrics

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func BenchmarkRead(b *testing.B) {
	for _, how := range []string{"avg", "p95", "rate"} {
		for _, replicas := range []int{1, 20} {
			b.Run(fmt.Sprintf("%s of %d replicas, two windows of 20 samples", how, replicas), func(b *testing.B) {
				var w Windows
				var names []string
				for i := range replicas {
					names = append(names, fmt.Sprint(i))
					for s := range 40 {
						w.Add(said(names[i], float64(15*s), float64(s%7)))
					}
				}
				m := cpu(how)
				m.Window = 5 * time.Minute
				live := lives(names...)
				b.ReportAllocs()
				for b.Loop() {
					w.Read(everyMinute, m, live, time.Time{}, at(600))
				}
			})
		}
	}
}

// BenchmarkCycle is a day in the life of a policy with 3 metrics of 10 replicas: each turn adds a sample of each, the
// twentieth of its window, and reads them all.
func BenchmarkCycle(b *testing.B) {
	const replicas, every = 10, 15 * time.Second
	metrics := []engine.Metric{cpu("avg"), cpu("p95"), cpu("rate")}
	for i, name := range []string{"cpu", "latency", "requests"} {
		metrics[i].Name, metrics[i].Window, metrics[i].Scope = name, 20*every, engine.Independent
	}
	var names []string
	for i := range replicas {
		names = append(names, fmt.Sprint(i))
	}
	live := lives(names...)
	turn := func(i int) (time.Time, []engine.Sample) {
		now := start.Add(time.Duration(i) * every)
		var samples []engine.Sample
		for _, m := range metrics {
			for _, id := range names {
				samples = append(samples, engine.Sample{Metric: m.Name, Replica: id, At: now, Value: float64(i * 7 % 100)})
			}
		}
		return now, samples
	}
	b.Run("windows", func(b *testing.B) {
		var w Windows
		for i := range 40 {
			_, samples := turn(i)
			w.Add(samples)
		}
		b.ReportAllocs()
		for i := 40; b.Loop(); i++ {
			now, samples := turn(i)
			w.Add(samples)
			for _, m := range metrics {
				if r := w.Read(everyMinute, m, live, time.Time{}, now); r.Status != engine.OK {
					b.Fatal(show(r))
				}
			}
		}
		kept := 0
		for _, of := range w.metrics {
			for _, s := range of.series {
				kept += cap(s.points)
			}
		}
		b.ReportMetric(float64(kept), "samples-kept")
	})
	b.Run("naive", func(b *testing.B) {
		var all []engine.Sample
		for i := range 40 {
			_, samples := turn(i)
			all = append(all, samples...)
		}
		b.ReportAllocs()
		for i := 40; b.Loop(); i++ {
			now, samples := turn(i)
			all = append(all, samples...)
			all = slices.DeleteFunc(all, func(s engine.Sample) bool { return now.Sub(s.At) > 40*every })
			for _, m := range metrics {
				if r := naive(everyMinute, m, all, live, time.Time{}, now); r.Status != engine.OK {
					b.Fatal(show(r))
				}
			}
		}
	})
}
