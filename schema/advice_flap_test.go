package schema

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// What is said of flapping is true, and all of it: at just those counts where some load just past a bound, or any higher one,
// brings a raise after which the same load, less a hair, is a reason to go down.
func TestFlapsAreTrueAndComplete(t *testing.T) {
	flapped, quiet := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := flappy(t)
		var edges []float64
		for _, threshold := range p.Thresholds {
			edges = append(edges, threshold.ScaleUp)
		}
		for _, b := range p.Bands {
			for _, band := range b.Bands {
				if band.Above != nil {
					edges = append(edges, *band.Above)
				}
			}
		}
		var said []int
		if f := flapping(p, "cpu", edges); f != nil {
			said = f.counts
		}
		var seen []int
		for n := 1; n <= 20; n++ {
			if comesDown(p, n) {
				seen = append(seen, n)
			}
		}
		if !slices.Equal(said, seen) {
			t.Fatalf("flapping at %v, but coming down at %v: %+v", said, seen, p)
		}
		if seen == nil {
			quiet++
		} else {
			flapped++
		}
	})
	if flapped == 0 || quiet == 0 {
		t.Errorf("%d policies flap, %d do not: the test shows nothing", flapped, quiet)
	}
}

// flappy is a policy on a shared metric.
func flappy(t *rapid.T) engine.Policy {
	n := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(t, name) }
	p := engine.Policy{
		Service: "web", MinReplicas: n("min", 1, 6), ScaleUpBy: n("up", 1, 4), ScaleDownBy: n("down", 1, 3), MaxStep: n("step", 0, 3),
		Metrics: []engine.Metric{{Name: "cpu", Service: "web", Scope: engine.PerReplica}},
	}
	p.MaxReplicas = p.MinReplicas + n("room", 0, 10)
	p.Strategies = rapid.SampledFrom([][]string{{"threshold"}, {"step"}, {"threshold", "step"}}).Draw(t, "strategies")
	for range n("thresholds", 1, 2) {
		down := n("scaleDown", 1, 60)
		p.Thresholds = append(p.Thresholds, engine.Threshold{
			Metric: "cpu", Comparison: engine.GreaterThan, ScaleUp: float64(down + n("gap", 1, 60)), ScaleDown: float64(down),
		})
	}
	below := float64(n("below", 1, 60))
	bands := []engine.Band{{Below: &below, Remove: n("remove", 1, 3)}}
	for range n("bands", 1, 3) {
		above := below + float64(n("above", 0, 60))
		bands = append(bands, engine.Band{Above: &above, Add: n("add", 1, 5)})
	}
	p.Bands = []engine.Bands{{Metric: "cpu", Bands: bands}}
	for range n("rates", 0, 2) {
		r := engine.Rate{Period: time.Minute, Replicas: n("replicas", 0, 3)}
		if r.Replicas == 0 {
			r.Percent = n("percent", 1, 100)
		}
		p.Rates.Up.Limits = append(p.Rates.Up.Limits, r)
	}
	p.Rates.Up.Least = rapid.Bool().Draw(t, "least")
	if rapid.Bool().Draw(t, "window") {
		low := n("window's min", 1, 8)
		p.Schedule = []engine.Window{{MinReplicas: low, MaxReplicas: low + n("window's room", 0, 8)}}
	}
	return p
}

// comesDown plays every load from n replicas on, within the policy's bounds and within its window's.
func comesDown(p engine.Policy, n int) bool {
	bounds := [][2]int{{p.MinReplicas, p.MaxReplicas}}
	for _, w := range p.Schedule {
		bounds = append(bounds, [2]int{w.MinReplicas, w.MaxReplicas})
	}
	for _, b := range bounds {
		for v := 1; v <= 200 && n >= b[0] && n < b[1]; v++ {
			load := (float64(v) + 1e-7) * float64(n)
			more := plain(p, load/float64(n), n)
			if p.MaxStep > 0 {
				more = min(more, p.MaxStep)
			}
			more = min(more, b[1]-n, mostAtOnce(p, n))
			if more > 0 && plain(p, load/float64(n+more)-1e-6, n+more) < 0 {
				return true
			}
		}
	}
	return false
}

// plain is by how many replicas the strategies want to change.
func plain(p engine.Policy, v float64, n int) int {
	change := math.MinInt
	if slices.Contains(p.Strategies, "threshold") {
		up, down := false, true
		for _, t := range p.Thresholds {
			up, down = up || v > t.ScaleUp, down && v < t.ScaleDown
		}
		switch {
		case up:
			change = max(change, p.ScaleUpBy)
		case down:
			change = max(change, -min(n, p.ScaleDownBy))
		default:
			change = max(change, 0)
		}
	}
	if slices.Contains(p.Strategies, "step") {
		best, by := math.Inf(-1), 0
		for _, b := range p.Bands[0].Bands {
			if b.Above != nil && v > *b.Above && *b.Above > best {
				best, by = *b.Above, b.Add
			}
			if b.Below != nil && v < *b.Below {
				by = -min(n, b.Remove)
			}
		}
		change = max(change, by)
	}
	return change
}

func mostAtOnce(p engine.Policy, n int) int {
	var all []int
	for _, r := range p.Rates.Up.Limits {
		by := r.Replicas
		if r.Percent > 0 {
			by = int(math.Ceil(float64(n) * float64(r.Percent) / 100))
		}
		all = append(all, by)
	}
	switch {
	case all == nil:
		return math.MaxInt
	case p.Rates.Up.Least:
		return slices.Min(all)
	}
	return slices.Max(all)
}

// A load that stays where it is brings targets to rest, whatever the tolerance; a load that wavers by a hair keeps moving them only
// where there is no tolerance.
func TestOnlyTargetsWithoutToleranceFlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := engine.Policy{Strategies: []string{"target_tracking"}}
		tolerance := rapid.SampledFrom([]float64{0, 0.001, 0.01, 0.1, 0.25, 0.5, 1}).Draw(t, "tolerance")
		p.Targets = []engine.Target{{Metric: "cpu", Value: float64(rapid.IntRange(1, 200).Draw(t, "target")), Tolerance: tolerance}}
		load := p.Targets[0].Value * float64(rapid.IntRange(1, 30).Draw(t, "replicas"))
		n := rapid.IntRange(1, 30).Draw(t, "from")
		moved := 0
		for turn := range 20 {
			hair := 1e-4
			if turn%2 == 1 {
				hair = -hair
			}
			next := asked(p, "cpu", load*(1+hair)/float64(n), n)
			if turn > 4 && next != n {
				moved++
			}
			n = next
		}
		if moved > 0 != (tolerance == 0) {
			t.Fatalf("moved %d times around a load that wavers", moved)
		}
	})
}
