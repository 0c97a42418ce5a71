package docker

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

const (
	// A reading and what it came to are kept this long: a difference over a longer time is not what happens now, and
	// limits may have been changed.
	kept = time.Minute

	// Readings closer together than this are one: old engines answer the same one again within a second, and over a few
	// milliseconds the kernel's accounting is too coarse.
	apart = 500 * time.Millisecond

	// An engine that answers the same reading for longer has stopped to read: what it says is old.
	stuckAfter = 10 * time.Second
)

// seen is what is kept of a container between two sweeps.
type seen struct {
	used time.Time // when it was last asked for

	newest time.Time // the newest reading, by the engine's clock
	moved  time.Time // when it came, by ours

	started time.Time // of the container's run that the reading is of
	read    time.Time // when the engine read it; zero: never
	total   uint64    // CPU time used by then, in nanoseconds
	cores   *float64  // what the two last readings came to; nil before there are two

	weight  int64 // bytes of memory in use at the newest reading
	weighed time.Time

	allowed   float64 // cores that it may use at most; 0: as many as are online
	inspected time.Time
}

// cpu is the percentage of its allowance that a replica used since it was last read: 100 is all of it.
func (s *Source) cpu(ctx context.Context, r engine.Replica, now container.StatsResponse, at time.Time) (float64, bool, error) {
	allowed, err := s.allowance(ctx, r.ID, at)
	if err != nil {
		return 0, false, err
	}
	if allowed == 0 {
		allowed = online(now.CPUStats)
	}
	if allowed == 0 {
		return 0, false, errors.New("the engine does not say how many CPUs are online")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cores := s.container(r.ID, at).advance(r.Started, now.Read, now.CPUStats.CPUUsage.TotalUsage)
	if cores == nil {
		return 0, false, nil
	}
	return 100 * *cores / allowed, true, nil
}

// advance takes a new reading and answers the cores in use since the one before: Δtotal / Δread. It answers nil where
// the one before is of another run, too old, later, or higher.
func (c *seen) advance(started, read time.Time, total uint64) *float64 {
	since := read.Sub(c.read)
	comparable := c.started.Equal(started) && total >= c.total && since >= 0 && since < kept
	if comparable && since < apart {
		return c.cores
	}
	var cores *float64
	if comparable {
		inUse := float64(total-c.total) / float64(since)
		cores = &inUse
	}
	c.started, c.read, c.total, c.cores = started, read, total, cores
	return cores
}

// stuck tells an engine that goes on answering an old reading.
func (s *Source) stuck(id string, read, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.container(id, at)
	if !read.Equal(c.newest) {
		c.newest, c.moved = read, at
	}
	return at.Sub(c.moved) > stuckAfter
}

// allowance is how many cores a container may use at most, 0 for as many as are online.
func (s *Source) allowance(ctx context.Context, id string, at time.Time) (float64, error) {
	s.mu.Lock()
	c := s.container(id, at)
	allowed, fresh := c.allowed, at.Sub(c.inspected) < kept
	s.mu.Unlock()
	if fresh {
		return allowed, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	found, err := s.engine.ContainerInspect(ctx, id)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.allowed, c.inspected = limit(found.HostConfig.Resources), at
	return c.allowed, nil
}

// limit is the cores that a container's settings allow: NanoCPUs, else quota over period, and no more than its set of
// CPUs; 0 where they don't limit it.
func limit(r container.Resources) float64 {
	allowed := 0.0
	switch {
	case r.NanoCPUs > 0:
		allowed = float64(r.NanoCPUs) / 1e9
	case r.CPUQuota > 0 && r.CPUPeriod > 0:
		allowed = float64(r.CPUQuota) / float64(r.CPUPeriod)
	case r.CPUQuota > 0:
		allowed = float64(r.CPUQuota) / 100_000 // µs: the kernel's period where none is set
	}
	if set := float64(cpus(r.CpusetCpus)); set > 0 && (allowed == 0 || set < allowed) {
		return set
	}
	return allowed
}

// cpus counts a set such as 0-3,6; 0 for one that is empty or not understood.
func cpus(set string) int {
	n := 0
	for part := range strings.SplitSeq(set, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err != nil || err2 != nil || to < from {
			return 0
		}
		n += to - from + 1
	}
	return n
}

func online(c container.CPUStats) float64 {
	if c.OnlineCPUs > 0 {
		return float64(c.OnlineCPUs)
	}
	return float64(len(c.CPUUsage.PercpuUsage))
}

// container answers with s.mu held.
func (s *Source) container(id string, at time.Time) *seen {
	if s.containers[id] == nil {
		s.containers[id] = &seen{}
	}
	s.containers[id].used = at
	return s.containers[id]
}

func (s *Source) forget(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range s.containers {
		if at.Sub(c.used) > kept {
			delete(s.containers, id)
		}
	}
}
