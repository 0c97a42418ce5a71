package swarm

import (
	"fmt"
	"testing"

	"github.com/flyball-dev/flyball/engine"
)

// BenchmarkLiveScale measures a raise to 3 replicas until they run and a lowering back to 1 until they have stopped,
// beside `docker service scale`, which watches for 5 s more whether the tasks stay, and returns from a lowering at once.
func BenchmarkLiveScale(b *testing.B) {
	ways := map[string]func(s *stack, from, to int){
		"flyball": func(s *stack, from, to int) { s.scale(from, to, engine.Succeeded, to) },
		"docker": func(s *stack, _, to int) {
			s.engine.Docker(s.TB, s.dir, "service", "scale", fmt.Sprintf("%s_web=%d", s.name, to))
		},
		"docker detached, until it is so": func(s *stack, _, to int) {
			s.engine.Docker(s.TB, s.dir, "service", "scale", "--detach", fmt.Sprintf("%s_web=%d", s.name, to))
			s.until("it runs", func() bool { v := s.observe(); return v.Ready() == to && len(v.Replicas) == to })
		},
	}
	for name, scale := range ways {
		for _, way := range [][2]int{{1, 3}, {3, 1}} {
			from, to := way[0], way[1]
			b.Run(fmt.Sprintf("%s/%d to %d", name, from, to), func(b *testing.B) {
				s := deployOn(b, shared.Engine(b), plain)
				s.rollout.MinReady = 0
				s.settled()
				s.scale(1, from, engine.Succeeded, from)
				for b.Loop() {
					scale(s, from, to)
					b.StopTimer()
					s.scale(to, from, engine.Succeeded, from)
					b.StartTimer()
				}
			})
		}
	}
}
