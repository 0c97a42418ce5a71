package backtest_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/engine/sim"
)

// naive is the model and its baselines once more, in plain loops and exact fractions, and with nothing of the package in it.
// Everything is counted in requests a minute, so that demand, capacity and backlog are whole numbers.
type naive struct {
	capacity int64
	delay    int
	demand   []int64 // by second
}

// told is what a run came to.
type told struct {
	violations, replicaSeconds, changes, flaps, unstable, under, over, most int
	thetaU, thetaO                                                          *big.Rat // sums
	moved, needMoved                                                        int
}

// run is one closed loop. decide answers how many replicas there shall be, from the second, how many are ready, how many there
// are, and cpu_usage.
func (m naive) run(first int, decide func(second, ready, all int, cpu *big.Rat) int) told {
	t := told{thetaU: new(big.Rat), thetaO: new(big.Rat)}
	serves := make([]int, first) // the second from which on each replica serves
	var backlog int64
	var used []*big.Rat
	lastChange, lastDirection := -1, 0
	lastNeeded, lastReady := 0, 0
	for second, demand := range m.demand {
		ready := 0
		for _, from := range serves {
			if from <= second {
				ready++
			}
		}
		if second > 0 {
			want := decide(second, ready, len(serves), meanOfLast(used, 60))
			direction := 0
			if want > len(serves) {
				direction = 1
			} else if want < len(serves) {
				direction = -1
			}
			for len(serves) < want {
				serves = append(serves, second+m.delay)
			}
			serves = serves[:want] // those that serve last go first
			if direction != 0 {
				t.changes++
				if lastDirection == -direction && second-lastChange <= 600 {
					t.flaps++
				}
				lastChange, lastDirection = second, direction
			}
		}
		ready = 0
		for _, from := range serves {
			if from <= second {
				ready++
			}
		}
		can := int64(ready) * m.capacity
		u := big.NewRat(100, 1)
		if demand+backlog < can {
			u = big.NewRat(100*(demand+backlog), can)
		}
		used = append(used, u)
		backlog = max(0, backlog+demand-can)
		if backlog > can {
			t.violations++
		}
		t.replicaSeconds += len(serves)
		t.most = max(t.most, len(serves))

		needed := m.needed(demand)
		if needed > ready {
			t.under++
			t.thetaU.Add(t.thetaU, big.NewRat(int64(needed-ready), int64(needed)))
		}
		if ready > needed {
			t.over++
			t.thetaO.Add(t.thetaO, big.NewRat(int64(ready-needed), int64(needed)))
		}
		if second > 0 {
			s, d := cmp(ready, lastReady), cmp(needed, lastNeeded)
			if s != d {
				t.unstable++
			}
			if s != 0 {
				t.moved++
			}
			if d != 0 {
				t.needMoved++
			}
		}
		lastNeeded, lastReady = needed, ready
	}
	return t
}

func (m naive) needed(demand int64) int {
	return max(1, int((demand+m.capacity-1)/m.capacity))
}

// hpa decides every 15 s for 70 percent each, within a tolerance of a tenth.
func (m naive) hpa() func(second, ready, all int, cpu *big.Rat) int {
	type recommendation struct{ second, replicas int }
	var all300 []recommendation
	return func(second, ready, all int, cpu *big.Rat) int {
		if second%15 != 0 {
			return all
		}
		want := all
		// what each replica uses, where those that are not ready use nothing
		withIdle := fraction(cpu, ready, all*70)
		withoutIdle := fraction(cpu, 1, 70)
		switch {
		case withoutIdle.Cmp(big.NewRat(11, 10)) > 0:
			if withIdle.Cmp(big.NewRat(11, 10)) > 0 {
				want = ceil(fraction(withIdle, all, 1))
			}
		case withoutIdle.Cmp(big.NewRat(9, 10)) < 0:
			want = ceil(fraction(withoutIdle, ready, 1))
		}
		want = max(1, min(1000, want))
		all300 = append(all300, recommendation{second, want})
		if want > all {
			return min(want, max(2*all, all+4))
		}
		highest := want
		for _, r := range all300 {
			if r.second > second-300 {
				highest = max(highest, r.replicas)
			}
		}
		return min(all, highest)
	}
}

// threshold decides every 120 s, and leaves 300 s between two changes.
func (m naive) threshold() func(second, ready, all int, cpu *big.Rat) int {
	changed := -1000
	return func(second, ready, all int, cpu *big.Rat) int {
		want := all
		if second%120 == 0 && second-changed >= 300 {
			if cpu.Cmp(big.NewRat(70, 1)) > 0 && all < 1000 {
				want++
			}
			if cpu.Cmp(big.NewRat(25, 1)) < 0 && all > 1 {
				want--
			}
		}
		if want != all {
			changed = second
		}
		return want
	}
}

func meanOfLast(of []*big.Rat, n int) *big.Rat {
	of = of[max(0, len(of)-n):]
	sum := new(big.Rat)
	for _, x := range of {
		sum.Add(sum, x)
	}
	return fraction(sum, 1, len(of))
}

// fraction is x·n/d.
func fraction(x *big.Rat, n, d int) *big.Rat {
	return new(big.Rat).Mul(x, big.NewRat(int64(n), int64(d)))
}

func ceil(x *big.Rat) int {
	up := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
	return int(new(big.Int).Div(up, x.Denom()).Int64())
}

func cmp(a, b int) int {
	switch {
	case a > b:
		return 1
	case a < b:
		return -1
	}
	return 0
}

// The figures are those of the text of the model, to the last digit, whatever order the floats are added up in.
func TestBaselinesAgreeWithTheModelInExactFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, trace := traces(t)
		settings := backtest.Settings{Settings: sim.Settings{
			Capacity: float64(m.capacity), StartDelay: time.Duration(m.delay) * time.Second,
		}}
		result, err := backtest.Do(t.Context(), backtest.Backtest{Trace: trace, Settings: settings, Baselines: true})
		if err != nil {
			t.Fatal(err)
		}
		peak := 0
		for _, demand := range m.demand {
			peak = max(peak, m.needed(demand))
		}
		first := m.needed(m.demand[0])
		still := func(_, _, all int, _ *big.Rat) int { return all }
		for i, want := range []told{m.run(first, m.hpa()), m.run(first, m.threshold()), m.run(peak, still)} {
			want.agrees(t, result.Runs[i], len(m.demand))
		}
	})
}

func (w told) agrees(t *rapid.T, got backtest.Run, seconds int) {
	share := func(sum *big.Rat) float64 {
		v, _ := fraction(sum, 100, seconds).Float64()
		return v
	}
	of := func(n int) float64 { return 100 * float64(n) / float64(seconds) }
	for _, f := range []struct {
		name      string
		got, want float64
	}{
		{"seconds", float64(got.Seconds), float64(seconds)},
		{"violation seconds", float64(got.ViolationSeconds), float64(w.violations)},
		{"replica-hours", got.ReplicaHours, float64(w.replicaSeconds) / 3600},
		{"theta_u", got.ThetaU, share(w.thetaU)},
		{"theta_o", got.ThetaO, share(w.thetaO)},
		{"tau_u", got.TauU, of(w.under)},
		{"tau_o", got.TauO, of(w.over)},
		{"instability", got.Instability, of(w.unstable)},
		{"jitter", got.Jitter, float64(w.moved-w.needMoved) / (float64(seconds) / 3600)},
		{"changes", float64(got.Changes), float64(w.changes)},
		{"flaps", float64(got.Flaps), float64(w.flaps)},
		{"flaps an hour", got.FlapsPerHour, float64(w.flaps) / (float64(seconds) / 3600)},
		{"most replicas", float64(got.MostReplicas), float64(w.most)},
	} {
		if math.Abs(f.got-f.want) > 1e-9*max(1, math.Abs(f.want)) {
			t.Errorf("%s of %s: %v, want %v", f.name, got.Name, f.got, f.want)
		}
	}
}

// traces draws a small trace, often one on the edges: whole numbers of replicas, and waits of a second sharp.
func traces(t *rapid.T) (naive, backtest.Trace) {
	m := naive{
		capacity: rapid.SampledFrom([]int64{1, 6, 7, 10, 20, 60, 90, 600}).Draw(t, "capacity"),
		delay:    rapid.SampledFrom([]int{0, 1, 15, 30, 31, 75}).Draw(t, "delay"),
	}
	trace := backtest.Trace{Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for range rapid.IntRange(1, 8).Draw(t, "rows") {
		row := backtest.Row{Seconds: rapid.IntRange(1, 250).Draw(t, "seconds")}
		demand := rapid.Int64Range(0, 12*m.capacity).Draw(t, "demand")
		switch rapid.IntRange(0, 3).Draw(t, "edge") {
		case 0:
			demand -= demand % m.capacity
		case 1: // of ten replicas' 70 percent a tolerance is a whole replica
			demand = demand / m.capacity * m.capacity * 7 / 10
		}
		row.Demand = float64(demand) / 60
		trace.Rows = append(trace.Rows, row)
		for range row.Seconds {
			m.demand = append(m.demand, demand)
		}
	}
	return m, trace
}
