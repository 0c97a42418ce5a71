package guard

import (
	"fmt"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// window is the stabilization window with the wish of now: it reaches back as far as the longer direction asks, and
// keeps one wish beyond, which proves that the reach is covered.
func window(s situation, wish int) []engine.Wish {
	reach := max(s.policy.Stabilization.Up, s.policy.Stabilization.Down)
	if reach == 0 {
		return nil
	}
	kept := slices.Clone(s.state.Wishes)
	for len(kept) > 1 && !kept[1].At.After(s.at.Add(-reach)) {
		kept = kept[1:]
	}
	return append(kept, engine.Wish{At: s.at, Replicas: wish})
}

// stabilization lets a raise through that was wished for during the whole of stabilization.up, and a lowering that was
// wished for during the whole of stabilization.down: the wish closest to the current count wins. A gap in the window
// counts as a wish for the current count.
func stabilization(s situation, wish int) ruling {
	reach := s.policy.Stabilization.Down
	if wish > s.current {
		reach = s.policy.Stabilization.Up
	}
	if wish == s.current || reach == 0 {
		return ruling{to: wish}
	}
	to, covered := wish, false
	later := s.at
	for i := len(s.state.Wishes) - 1; i >= 0 && !covered; i-- {
		w := s.state.Wishes[i]
		if later.Sub(w.At) > gap(s.policy) {
			break
		}
		to = closer(s.current, to, w.Replicas)
		later = w.At
		covered = !w.At.After(s.at.Add(-reach))
	}
	if !covered {
		to = s.current
	}
	if to == wish {
		return ruling{to: wish}
	}
	return ruling{to, "Stabilizing", fmt.Sprintf("wished for %d, but not during the whole of the last %s", wish, reach)}
}

// gap is the silence between two wishes from which on nobody knows what would have been wished for.
func gap(p engine.Policy) time.Duration {
	return 2*p.EvaluationInterval + time.Second
}

// closer is the one of two wishes that lies closer to the current count, on the side of the first; a wish for the other
// side is a wish for the current count.
func closer(current, wish, other int) int {
	if wish > current {
		return max(current, min(wish, other))
	}
	return min(current, max(wish, other))
}
