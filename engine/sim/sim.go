// Package sim is the pure model of a service under load: a queue in front of replicas that take a while to start.
// It moves in steps of one second and reads no clock, so that the same demand gives the same figures anywhere.
//
// With demand λ (requests a second), n ready replicas that serve c requests a second each, and a backlog B:
//
//	utilization   u = 100 · min(1, (λ + B) / (n·c))
//	backlog       B ← max(0, B + λ − n·c)
//	waiting time  B / (n·c); a second that ends with more than 1 s of it is a violation
//	needed        d = max(1, ⌈λ/c⌉)
//
// Starting replicas cost and do not serve.
package sim

import (
	"math"
	"time"
)

// StartDelay is how long a replica starts unless a model is set otherwise.
const StartDelay = 30 * time.Second

const (
	cpuWindow     = 60 // seconds of utilization that cpu_usage is the mean of
	toleratedWait = 1  // seconds

	// Rounded is how far a figure may be off for the rounding of floats. Whoever computes the same in another order must get the
	// same: 100 requests a minute over 20 a replica are 5 replicas, though (100.0/60)/(20.0/60) is above 5.
	Rounded = 1e-9
)

// Settings are what the replicas of a service have in common.
type Settings struct {
	Capacity   float64       // requests a minute that one ready replica serves; above 0
	StartDelay time.Duration // from the order of a replica until it serves, in whole seconds (rounded up)
}

// Needed is d(t): the fewest replicas that serve a demand (requests a second) without a growing backlog, at least 1.
func (s Settings) Needed(demand float64) int {
	return max(1, int(math.Ceil(demand/s.perSecond()-Rounded)))
}

func (s Settings) perSecond() float64 { return s.Capacity / 60 }

// Model is one service at one instant. The zero Model is not usable: New makes one.
type Model struct {
	settings Settings
	second   int   // steps made
	ready    int   // replicas that serve
	starting []int // the second at which each other replica begins to serve, ascending

	demand      float64            // of the last step, requests a second
	utilization [cpuWindow]float64 // a ring: second s is at s modulo its length
	used        float64            // its sum

	backlog        float64
	violations     int
	replicaSeconds int
}

// New begins a service with so many replicas, all ready, and no backlog.
func New(s Settings, replicas int) *Model {
	return &Model{settings: s, ready: replicas}
}

// Scale orders a number of replicas (0 or more). Additional ones start; superfluous ones go at once, starting replicas
// first and the newest of those first.
func (m *Model) Scale(replicas int) {
	delay := int(math.Ceil(m.settings.StartDelay.Seconds()))
	for m.Replicas() < replicas {
		m.starting = append(m.starting, m.second+delay)
	}
	excess := m.Replicas() - replicas
	cancelled := min(excess, len(m.starting))
	m.starting = m.starting[:len(m.starting)-cancelled]
	m.ready -= excess - cancelled
	m.promote()
}

// Crash makes so many of the ready replicas start anew: they cost all the while, and serve after the start delay.
func (m *Model) Crash(replicas int) {
	replicas = min(replicas, m.ready)
	delay := int(math.Ceil(m.settings.StartDelay.Seconds()))
	m.ready -= replicas
	for range replicas {
		m.starting = append(m.starting, m.second+delay)
	}
}

// Step lets one second pass under a demand in requests a second, finite and not negative.
func (m *Model) Step(demand float64) {
	capacity := float64(m.ready) * m.settings.perSecond()
	load := m.backlog + demand

	m.demand = demand
	m.use(utilization(load, capacity))
	m.backlog = max(0, load-capacity)
	if m.backlog > toleratedWait*capacity*(1+Rounded) {
		m.violations++
	}
	m.replicaSeconds += m.Replicas()

	m.second++
	m.promote()
}

// use notes the utilization of this second. Once a minute the sum is made anew, so that rounding errors do not pile up.
func (m *Model) use(u float64) {
	i := m.second % cpuWindow
	m.used += u - m.utilization[i]
	m.utilization[i] = u
	if i == cpuWindow-1 {
		m.used = 0
		for _, u := range m.utilization {
			m.used += u
		}
	}
}

// utilization is a percentage. No capacity at all is fully used by any load.
func utilization(load, capacity float64) float64 {
	if load >= capacity && load > 0 {
		return 100
	}
	if capacity == 0 {
		return 0
	}
	return 100 * (load / capacity) // in this order it cannot round above 100
}

func (m *Model) promote() {
	for len(m.starting) > 0 && m.starting[0] <= m.second {
		m.starting = m.starting[1:]
		m.ready++
	}
}

// Seconds counts the steps made.
func (m *Model) Seconds() int { return m.second }

// Ready counts the replicas that serve.
func (m *Model) Ready() int { return m.ready }

// Starting counts the replicas that do not serve yet.
func (m *Model) Starting() int { return len(m.starting) }

// Replicas counts both.
func (m *Model) Replicas() int { return m.ready + len(m.starting) }

// Utilization is u of the last second in percent; false before the first step.
func (m *Model) Utilization() (float64, bool) {
	if m.second == 0 {
		return 0, false
	}
	return m.utilization[(m.second-1)%cpuWindow], true
}

// CPU is cpu_usage: the mean utilization in percent over the last 60 s, or as many as have passed; false before the
// first step.
func (m *Model) CPU() (float64, bool) {
	n := min(m.second, cpuWindow)
	if n == 0 {
		return 0, false
	}
	return max(0, min(100, m.used/float64(n))), true
}

// RequestRate is the demand of the last second in requests a minute; false before the first step.
func (m *Model) RequestRate() (float64, bool) {
	return m.demand * 60, m.second > 0
}

// WaitingTime is how long the backlog takes to be served, in seconds. With nobody to serve it, it is a minute.
func (m *Model) WaitingTime() float64 {
	if m.backlog == 0 {
		return 0
	}
	return min(60, m.backlog/(float64(m.ready)*m.settings.perSecond()))
}

// Backlog is the number of requests that wait.
func (m *Model) Backlog() float64 { return m.backlog }

// Violations counts the seconds that ended with a waiting time above 1 s.
func (m *Model) Violations() int { return m.violations }

// ReplicaHours is the cost so far: ready and starting replicas, in hours.
func (m *Model) ReplicaHours() float64 { return float64(m.replicaSeconds) / 3600 }
