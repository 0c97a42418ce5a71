package backtest

import (
	"math"

	"github.com/flyball-dev/flyball/engine/sim"
)

// autoscaler orders a number of replicas before each second but the first.
type autoscaler interface {
	// order is the number of replicas, ready and starting, that it wants from this second on. seen was measured after the
	// second before.
	order(second int, seen *meter, ready, starting int) (replicas int, err error)
}

// The settings of the baselines: those of Kubernetes' Horizontal Pod Autoscaler, and of the brief's default policy.
const (
	hpaEvery, hpaTarget, hpaTolerance, hpaWindow = 15, 70.0, 0.1, 300 // seconds, percent, share, seconds

	thresholdEvery, thresholdUp, thresholdDown, thresholdCooldown = 120, 70.0, 25.0, 300 // seconds, percent, percent, seconds

	fewest, most = 1, 1000
)

// static never changes anything.
type static int

func (s static) order(int, *meter, int, int) (int, error) { return int(s), nil }

// threshold goes one up above a bound and one down below another, and then rests.
type threshold struct {
	free int // the second from which on it may change something
}

func (t *threshold) order(second int, seen *meter, ready, starting int) (int, error) {
	current := ready + starting
	if second%thresholdEvery != 0 || second < t.free || seen.blind {
		return current, nil
	}
	want := current
	switch used := seen.values[cpu]; {
	case used > thresholdUp+sim.Rounded:
		want = min(most, current+1)
	case used < thresholdDown-sim.Rounded:
		want = max(fewest, current-1)
	}
	if want != current {
		t.free = second + thresholdCooldown
	}
	return want, nil
}

// hpa is the algorithm of Kubernetes' Horizontal Pod Autoscaler (autoscaling/v2, its default behavior) on cpu_usage.
type hpa struct {
	said []wish // of the stabilization window, oldest first
}

type wish struct{ second, replicas int }

func (h *hpa) order(second int, seen *meter, ready, starting int) (int, error) {
	current := ready + starting
	if second%hpaEvery != 0 {
		return current, nil
	}
	want := current
	if !seen.blind {
		want = max(fewest, min(most, wanted(seen.values[cpu], ready, current)))
	}
	h.said = append(h.said, wish{second, want})
	for h.said[0].second <= second-hpaWindow {
		h.said = h.said[1:]
	}
	if want > current {
		return min(want, max(2*current, current+4)), nil
	}
	for _, earlier := range h.said { // on the way down the highest of the window holds
		want = max(want, earlier.replicas)
	}
	return min(current, want), nil
}

// wanted is the number of replicas that would use hpaTarget percent each. Replicas that are not ready are idle on the way up,
// and left out on the way down; where that leads back into the tolerance or past it, the count stays.
func wanted(used float64, ready, current int) int {
	ratio := used / hpaTarget
	load := ratio * float64(ready) // replicas that would use the target
	switch {
	case ratio > 1+hpaTolerance+sim.Rounded && load > float64(current)*(1+hpaTolerance)+sim.Rounded:
		return ceil(load)
	case ratio < 1-hpaTolerance-sim.Rounded:
		return ceil(load)
	}
	return current
}

// ceil rounds up what is above a whole number by more than a rounding error.
func ceil(replicas float64) int { return int(math.Ceil(replicas - sim.Rounded)) }
