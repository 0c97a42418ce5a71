package docker

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// settings is what is known of a container from inspecting it.
type settings struct {
	quota   float64 // CPUs' worth of time that it may use; 0: no limit
	set     float64 // CPUs that it may run on; 0: all
	parent  string  // of its cgroup; empty: the engine's default
	network string  // mode: host, none, container:…, or a network

	alive    bool // runs, or waits to be restarted, and is not paused
	paused   bool
	pid      int // of its first process, as the engine sees it; 0: none
	restarts int
}

// settings inspects a container, where that was not done within the last minute; anew: where it was not done in this sweep,
// for what changes by itself.
func (s *Source) settings(ctx context.Context, r engine.Replica, at time.Time, anew bool) (settings, error) {
	s.mu.Lock()
	c := s.container(r.ID, at)
	known, fresh := c.settings, c.run.Equal(r.Started) && at.Sub(c.inspected) < kept
	if anew {
		fresh = fresh && c.inspected.Equal(at)
	}
	s.mu.Unlock()
	if fresh {
		return known, nil
	}
	if err := s.settle(ctx); err != nil {
		return settings{}, err
	}
	answer, err := s.engine.ContainerInspect(ctx, r.ID)
	if err != nil {
		return settings{}, s.explain(docker.InspectContainer, "inspect", err)
	}
	found := settled(answer)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.settings, c.run, c.inspected = found, r.Started, at
	return found, nil
}

// settled picks the settings out of an answer, which may lack any part.
func settled(answer container.InspectResponse) settings {
	var found settings
	if answer.ContainerJSONBase == nil {
		return found
	}
	found.restarts = answer.RestartCount
	if h := answer.HostConfig; h != nil {
		found.quota, found.set = quotaOf(h.Resources), float64(cpus(h.CpusetCpus))
		found.parent, found.network = h.CgroupParent, string(h.NetworkMode)
	}
	if state := answer.State; state != nil {
		found.paused, found.pid = state.Paused, state.Pid
		found.alive = (state.Running || state.Restarting) && !state.Paused
	}
	return found
}

// quotaOf is the CPUs' worth of time that a container's settings allow: NanoCPUs, else quota over period; 0 where they
// don't limit it.
func quotaOf(r container.Resources) float64 {
	switch {
	case r.NanoCPUs > 0:
		return float64(r.NanoCPUs) / 1e9
	case r.CPUQuota > 0 && r.CPUPeriod > 0:
		return float64(r.CPUQuota) / float64(r.CPUPeriod)
	case r.CPUQuota > 0:
		return float64(r.CPUQuota) / 100_000 // µs: the kernel's period where none is set
	}
	return 0
}

// cores is the least of what limits a container: a quota, its set of CPUs, or else the CPUs online. 0: nothing is known.
func cores(quota, set, online float64) float64 {
	if quota == 0 || math.IsInf(quota, 1) {
		return cmp.Or(set, online)
	}
	if set > 0 {
		return min(quota, set)
	}
	return quota
}

const mostCPUs = 1 << 16 // more than any kernel has

// cpus counts a set such as 0-3,6; 0 for one that is empty or not understood.
func cpus(set string) int {
	n := 0
	for part := range strings.SplitSeq(set, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err := strconv.ParseUint(low, 10, 64)
		to, err2 := strconv.ParseUint(high, 10, 64)
		if err != nil || err2 != nil || to < from || to > mostCPUs {
			return 0
		}
		n += int(to - from + 1)
	}
	return n
}
