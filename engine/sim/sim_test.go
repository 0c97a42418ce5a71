package sim_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine/sim"
)

// Every row of these stories was worked out by hand: one replica serves 10 requests a second.
func TestStepByHand(t *testing.T) {
	type row struct {
		scale       int // before the step; 0: no order
		demand      float64
		utilization float64
		backlog     float64
		violations  int
		ready       int // after the step
		starting    int
	}
	stories := map[string]struct {
		replicas int
		rows     []row
	}{
		"half used": {1, []row{
			{0, 5, 50, 0, 0, 1, 0},
			{0, 5, 50, 0, 0, 1, 0},
		}},
		"a backlog grows, and is worked off": {1, []row{
			{0, 15, 100, 5, 0, 1, 0},
			{0, 15, 100, 10, 0, 1, 0}, // waits exactly 1 s: no violation yet
			{0, 15, 100, 15, 1, 1, 0},
			{0, 0, 100, 5, 1, 1, 0},
			{0, 0, 50, 0, 1, 1, 0},
			{0, 0, 0, 0, 1, 1, 0},
		}},
		"a replica starts for 2 s and then serves": {1, []row{
			{2, 20, 100, 10, 0, 1, 1},
			{0, 20, 100, 20, 1, 2, 0},
			{0, 20, 100, 20, 1, 2, 0}, // 20 requests over 20 a second: exactly 1 s
			{0, 10, 100, 10, 1, 2, 0},
			{0, 0, 50, 0, 1, 2, 0},
		}},
		"scaling down takes effect at once": {3, []row{
			{0, 15, 50, 0, 0, 3, 0},
			{1, 15, 100, 5, 0, 1, 0},
		}},
		"starting replicas go first": {2, []row{
			{4, 10, 50, 0, 0, 2, 2},
			{3, 10, 50, 0, 0, 3, 0},
			{2, 10, 50, 0, 0, 2, 0},
		}},
		"nothing serves": {0, []row{
			{0, 0, 0, 0, 0, 0, 0},
			{0, 3, 100, 3, 1, 0, 0},
		}},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			m := sim.New(sim.Settings{Capacity: 600, StartDelay: 2 * time.Second}, story.replicas)
			for i, r := range story.rows {
				if r.scale > 0 {
					m.Scale(r.scale)
				}
				m.Step(r.demand)
				u, ok := m.Utilization()
				got := row{r.scale, r.demand, u, m.Backlog(), m.Violations(), m.Ready(), m.Starting()}
				if !ok || got != r {
					t.Errorf("second %d:\n got %+v (ok %v)\nwant %+v", i, got, ok, r)
				}
			}
		})
	}
}

func TestAReplicaStartsForItsDelay(t *testing.T) {
	for name, tc := range map[string]struct {
		delay time.Duration
		steps int
	}{
		"none":           {0, 0},
		"a fraction":     {200 * time.Millisecond, 1},
		"the default":    {sim.StartDelay, 30},
		"a second and a": {1001 * time.Millisecond, 2},
	} {
		t.Run(name, func(t *testing.T) {
			m := sim.New(sim.Settings{Capacity: 60, StartDelay: tc.delay}, 1)
			m.Scale(2)
			steps := 0
			for ; m.Ready() < 2; steps++ {
				m.Step(0)
			}
			if steps != tc.steps {
				t.Errorf("served after %d s, want %d", steps, tc.steps)
			}
		})
	}
}

func TestCPUIsTheMeanOfTheLastMinute(t *testing.T) {
	m := sim.New(sim.Settings{Capacity: 600}, 1)
	if _, ok := m.CPU(); ok {
		t.Error("a value before the first second")
	}
	if _, ok := m.RequestRate(); ok {
		t.Error("a request rate before the first second")
	}
	step := func(seconds int, demand float64) {
		for range seconds {
			m.Step(demand)
		}
	}
	expect := func(when string, cpu, rate float64) {
		t.Helper()
		gotCPU, _ := m.CPU()
		gotRate, _ := m.RequestRate()
		if math.Abs(gotCPU-cpu) > 1e-9 || math.Abs(gotRate-rate) > 1e-9 {
			t.Errorf("%s: cpu %g, rate %g; want %g, %g", when, gotCPU, gotRate, cpu, rate)
		}
	}
	step(10, 2)
	expect("after 10 s at 20 %", 20, 120)
	step(10, 4)
	expect("after 10 s more at 40 %", 30, 240)
	step(50, 4)
	expect("once the first 10 s are out of the window", 40, 240)
	step(30, 10)
	expect("after 30 s at 100 %", 70, 600)
}

func TestReplicaHoursCountStartingReplicas(t *testing.T) {
	m := sim.New(sim.Settings{Capacity: 60, StartDelay: time.Hour}, 1)
	m.Scale(3)
	for range 1800 {
		m.Step(0)
	}
	if got := m.ReplicaHours(); got != 1.5 {
		t.Errorf("got %g replica-hours for half an hour of 3, want 1.5", got)
	}
}

func TestNeeded(t *testing.T) {
	s := sim.Settings{Capacity: 600}
	for demand, want := range map[float64]int{0: 1, 0.5: 1, 10: 1, 10.001: 2, 20: 2, 95: 10} {
		if got := s.Needed(demand); got != want {
			t.Errorf("Needed(%g) = %d, want %d", demand, got, want)
		}
	}
}

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sim.Settings{
			Capacity:   rapid.Float64Range(1, 10_000).Draw(t, "capacity"),
			StartDelay: time.Duration(rapid.IntRange(0, 40).Draw(t, "start delay")) * time.Second,
		}
		replicas := rapid.IntRange(0, 20).Draw(t, "replicas")
		m := sim.New(s, replicas)
		arrived, served, seconds := 0.0, 0.0, 0

		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 9).Draw(t, "scale?") == 0 {
				readyBefore := m.Ready()
				replicas = rapid.IntRange(0, 20).Draw(t, "to")
				m.Scale(replicas)
				if s.StartDelay > 0 && m.Ready() > readyBefore {
					t.Fatalf("ready rose from %d to %d without time passing", readyBefore, m.Ready())
				}
				if m.Ready() < min(readyBefore, replicas) {
					t.Fatalf("ready fell from %d to %d although %d were ordered", readyBefore, m.Ready(), replicas)
				}
			}
			demand := rapid.Float64Range(0, 5_000).Draw(t, "demand")
			capacity := float64(m.Ready()) * s.Capacity / 60
			before := m.Violations()
			m.Step(demand)
			seconds += replicas

			u, _ := m.Utilization()
			if !(u >= 0 && u <= 100) {
				t.Fatalf("utilization %g", u)
			}
			arrived += demand
			served += u / 100 * capacity
			if waits := m.Backlog() > capacity; waits != (m.Violations() == before+1) {
				t.Fatalf("backlog %g over %g a second: violations went from %d to %d", m.Backlog(), capacity, before, m.Violations())
			}
			if m.Ready()+m.Starting() != replicas || m.Replicas() != replicas || m.Ready() < 0 {
				t.Fatalf("%d ready and %d starting, ordered %d", m.Ready(), m.Starting(), replicas)
			}
		}
		// What arrived was served or still waits.
		if diff := math.Abs(arrived - served - m.Backlog()); diff > 1e-9*max(1, arrived) {
			t.Fatalf("%g arrived, %g served, %g wait: off by %g", arrived, served, m.Backlog(), diff)
		}
		if cpu, _ := m.CPU(); !(cpu >= 0 && cpu <= 100) {
			t.Fatalf("cpu %g", cpu)
		}
		if got, want := m.ReplicaHours(), float64(seconds)/3600; math.Abs(got-want) > 1e-9 {
			t.Fatalf("%g replica-hours, want %g", got, want)
		}
	})
}

func BenchmarkStep(b *testing.B) {
	m := sim.New(sim.Settings{Capacity: 600, StartDelay: sim.StartDelay}, 10)
	b.ReportAllocs()
	for b.Loop() {
		m.Step(80)
	}
}
