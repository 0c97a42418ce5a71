package compose

import (
	"fmt"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// BenchmarkLiveRaise measures one order, until the new replicas run, beside `docker compose up --scale`, which returns
// at the same point.
func BenchmarkLiveRaise(b *testing.B) {
	for _, n := range []int{1, 6} {
		ways := map[string]func(s *stack){
			"flyball": func(s *stack) { s.scale(1, 1+n, engine.Succeeded, 1+n) },
			"compose": func(s *stack) { s.compose("up", "-d", "--no-recreate", "--scale", fmt.Sprintf("web=%d", 1+n)) },
		}
		for name, raise := range ways {
			b.Run(fmt.Sprintf("%s/+%d", name, n), func(b *testing.B) {
				s := upOn(b, docker.Engine(b), plainFile)
				s.rollout.MinReady = 0
				for b.Loop() {
					raise(s)
					b.StopTimer()
					s.compose("up", "-d", "-t", "0", "--scale", "web=1")
					b.StartTimer()
				}
			})
		}
	}
}
