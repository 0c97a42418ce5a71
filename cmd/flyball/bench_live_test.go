package main

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// BenchmarkLiveReaction measures, with the built daemon on a real engine, the time from a load that crosses the threshold
// until that is decided, until the new replica runs, and until it is ready. What is waited for by policy is part of it: here samples each
// second, 3 of them before a metric is believed, a cycle each second, and a replica that is ready once it has run 1 s.
func BenchmarkLiveReaction(b *testing.B) {
	s := open(b, dockertest.Start(b), plainFile, policyHead+"minReplicas: 1, rollout: minReady: \"1s\"\n}\n")
	s.run()
	var decided, running, ready time.Duration
	for b.Loop() {
		b.StopTimer()
		s.until("rest, with every sample of the load gone", func() bool {
			p := s.policy("web")
			cpu := p.Metrics["cpu_usage"].Value
			return p.CurrentReplicas == 1 && p.Cooldown == nil && cpu != nil && *cpu < 10
		})
		events := len(s.ended())
		b.StartTimer()
		crossed := time.Now()
		s.burn()
		s.until("a clone runs", func() bool { return len(s.clones()) > 0 })
		running += time.Since(crossed)
		s.until("it is ready", func() bool { return len(s.ended()) > events })
		ready += time.Since(crossed)
		b.StopTimer()
		history := s.history()
		decided += history[len(history)-1].Started.Sub(crossed)
		s.rest()
		b.StartTimer()
	}
	b.ReportMetric(0, "ns/op") // that of the loop says nothing
	for unit, sum := range map[string]time.Duration{"ms/decided": decided, "ms/running": running, "ms/ready": ready} {
		b.ReportMetric(float64(sum.Milliseconds())/float64(b.N), unit)
	}
}
