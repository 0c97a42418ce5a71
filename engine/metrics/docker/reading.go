package docker

import (
	"errors"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const (
	// A reading and what it came to are kept this long: a difference over a longer time is not what happens now, and
	// limits may have been changed.
	kept = time.Minute

	// Readings closer together than this are one: old engines answer the same one again within a second, and over a few
	// milliseconds the kernel's accounting is too coarse.
	apart = 500 * time.Millisecond

	// An old engine may answer what it read so long before it was asked.
	late = time.Second
)

// way is how a container is read.
type way int

const (
	engineAPI way = iota
	cgroupV1
	cgroupV2
	processFiles // traffic alone
	ways         // how many there are
)

func (w way) String() string {
	return [ways]string{"Engine API", "cgroup v1 files", "cgroup v2 files", "process files"}[w]
}

// reading is what the kernel has counted of a container by one time. Both ways fill the same fields with the same
// numbers.
type reading struct {
	way way
	at  moment

	paused bool // as far as the reading tells: that of the engine never does

	cpu                uint64 // CPU time used, in nanoseconds
	periods, throttled uint64 // CFS periods that passed under a limit, and those in which the limit was reached
	online             float64
	quota              float64 // CPUs' worth of time that the kernel allows, +Inf for all there are; 0: not known

	usage, inactive, limit uint64 // bytes of memory: all, file cache that nothing touched for a while, the most allowed (0: no limit)

	// From the engine only: the kernel has the traffic with the processes.
	interfaces int
	traffic    uint64 // bytes received and sent
}

// moment is when a container was read.
type moment struct {
	read     time.Time // by the clock of who read it
	from, to time.Time // by ours: it was not before, nor after
}

// ours is a moment of our own clock.
func ours(at time.Time) moment { return moment{read: at, from: at, to: at} }

// follows says whether as much time may have passed since a moment before by our clock as by that of who read: where it
// can't, the other clock was set in between. The difference between the two is known to a second at best, which is what
// an old engine may be late, so that a smaller step is not seen.
func (m moment) follows(before moment) bool {
	passed := m.read.Sub(before.read)
	same := passed == 0 // the same reading again
	return same || passed >= m.from.Sub(before.to) && passed <= m.to.Sub(before.from)
}

// counters are those of a container that are compared from one reading to the next.
type counters struct {
	cpu, periods, throttled, traffic counter

	quota float64 // that the CPU time was read under
}

// counter is a number that only rises, as it was read last.
type counter struct {
	started time.Time // of the container's run that the reading is of
	at      moment    // zero: never
	total   uint64
	pace    *float64 // what the two last readings came to; nil before there are two
}

// advance takes a new reading and answers how fast the counter rises, per nanosecond: Δtotal / Δread. It answers nil where
// the reading before is of another run, too old, later, or higher, or the clock that both are of was set in between.
func (c *counter) advance(started time.Time, at moment, total uint64) *float64 {
	since := at.read.Sub(c.at.read)
	same := !c.at.read.IsZero() && c.started.Equal(started) && at.follows(c.at)
	if same && since.Abs() < apart && (total >= c.total || since < 0) {
		return c.pace
	}
	var pace *float64
	if same && total >= c.total && since > 0 && since < kept {
		pace = new(float64(total-c.total) / float64(since))
	}
	*c = counter{started: started, at: at, total: total, pace: pace}
	return pace
}

// cores is the CPUs in use since the reading before; nil: there is none to compare with, or what was used since was under
// another limit.
func (c *counters) cores(of engine.Replica, now reading) *float64 {
	if c.quota != now.quota {
		c.cpu, c.quota = counter{}, now.quota
	}
	return c.cpu.advance(of.Started, now.at, now.cpu)
}

// throttling is the percentage of the periods since the reading before in which the container reached its limit. None has
// passed where nothing limits it, or it slept all the while.
func (c *counters) throttling(of engine.Replica, now reading) *float64 {
	periods := c.periods.advance(of.Started, now.at, now.periods)
	throttled := c.throttled.advance(of.Started, now.at, now.throttled)
	if periods == nil || throttled == nil {
		return nil
	}
	if *periods == 0 {
		return new(0.0)
	}
	return new(min(100, 100**throttled / *periods))
}

// bytes is the traffic a second since the reading before.
func (c *counters) bytes(of engine.Replica, at moment, total uint64) *float64 {
	pace := c.traffic.advance(of.Started, at, total)
	if pace == nil {
		return nil
	}
	return new(*pace * float64(time.Second))
}

// inUse is the memory, in bytes, that can't be had back at once.
func (r reading) inUse() (uint64, error) {
	switch {
	case r.usage == 0: // nothing runs in no memory
		return 0, errors.New("the engine counts no memory; its host may lack the memory cgroup")
	case r.inactive > r.usage:
		return r.usage, nil
	}
	return r.usage - r.inactive, nil
}
