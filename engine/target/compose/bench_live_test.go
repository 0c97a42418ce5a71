package compose

import (
	"fmt"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// BenchmarkLive measures what one order takes beside what docker compose takes for the same, on one stack: to add replicas
// until all are ready, and to remove them. Without a health check both are done once the replicas run; with one, once
// they are healthy, which compose waits for with --wait. The replicas end as soon as they are told to.
//
//	go test ./engine/target/compose -run '^$' -bench Live -benchtime 10x
func BenchmarkLive(b *testing.B) {
	up := func(s *stack, n int, more ...string) {
		s.Helper()
		s.compose(append([]string{"up", "-d", "--no-recreate", "--scale", fmt.Sprintf("web=%d", n)}, more...)...)
	}
	ways := []struct {
		name  string
		scale func(s *stack, from, to int, wait ...string)
	}{
		{"flyball", func(s *stack, from, to int, _ ...string) { s.scale(from, to, engine.Succeeded, to) }},
		{"compose", func(s *stack, _, to int, wait ...string) { up(s, to, wait...) }},
		{"compose-cli", func(s *stack, from, to int, _ ...string) {
			s.driver = cliDriver
			s.scale(from, to, engine.Succeeded, to)
		}},
	}
	for _, stack := range []struct {
		name, file string
		wait       []string
	}{{"plain", plainFile, nil}, {"healthy", withHealth, []string{"--wait"}}} {
		for _, step := range []struct{ from, to int }{{1, 2}, {1, 7}, {2, 1}, {7, 1}} {
			for _, way := range ways {
				b.Run(fmt.Sprintf("%s/%+d/%s", stack.name, step.to-step.from, way.name), func(b *testing.B) {
					s := upOn(b, shared.Engine(b), stack.file, "--scale", fmt.Sprintf("web=%d", step.from))
					s.rollout.MinReady = 0
					for b.Loop() {
						way.scale(s, step.from, step.to, stack.wait...)
						b.StopTimer()
						up(s, step.from, "--wait")
						b.StartTimer()
					}
					b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/order")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}
