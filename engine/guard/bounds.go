package guard

import (
	"fmt"

	"github.com/flyball-dev/flyball/engine"
)

// limits are the bounds that hold now: those of the policy, or of its schedule. A metric that is not ok lifts the lower one
// to its floor.
func limits(p engine.Policy, snap engine.Snapshot) (low, high int) {
	low, high = p.Bounds(snap.Schedule)
	for _, m := range p.Metrics {
		if snap.Metrics[m.Name].Status != engine.OK {
			low = max(low, min(m.Floor, high))
		}
	}
	return low, high
}

// bounds clips the wish into min..max. A current count under the minimum becomes a wish for the minimum.
func bounds(s situation, wish int) ruling {
	to := max(s.low, min(wish, s.high))
	switch {
	case to == wish:
		return ruling{to: to}
	case s.current < s.low && to == s.low:
		return ruling{to, "BelowMinimum", fmt.Sprintf("%s, below the minimum of %d", replicas(s.current), s.low)}
	case s.current > s.high && to == s.high:
		return ruling{to, "AboveMaximum", fmt.Sprintf("%s, above the maximum of %d", replicas(s.current), s.high)}
	case to < wish:
		return ruling{to, "AtMaximum", fmt.Sprintf("wished for %d, the maximum is %d", wish, s.high)}
	case s.current == to:
		return ruling{to, "AtMinimum", fmt.Sprintf("at the minimum of %d", to)}
	}
	return ruling{to, "AtMinimum", fmt.Sprintf("wished for %d, the minimum is %d", wish, s.low)}
}
