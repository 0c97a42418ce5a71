package docker

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// settings is what is known of a container from inspecting it.
type settings struct {
	cores   float64 // that it may use at most; 0: as many as are online
	parent  string  // of its cgroup; empty: the engine's default
	network string  // mode: host, none, container:…, or a network

	alive    bool // runs, or waits to be restarted
	pid      int  // of its first process, as the engine sees it; 0: none
	restarts int
}

// settings inspects a container, where that was not done within the last minute, or what is asked for changes by itself.
func (s *Source) settings(ctx context.Context, r engine.Replica, at time.Time, anew bool) (settings, error) {
	s.mu.Lock()
	c := s.container(r.ID, at)
	known, fresh := c.settings, c.run.Equal(r.Started) && at.Sub(c.inspected) < kept
	s.mu.Unlock()
	if fresh && !anew {
		return known, nil
	}
	if err := s.settle(ctx); err != nil {
		return settings{}, err
	}
	answer, err := s.engine.ContainerInspect(ctx, r.ID)
	if err != nil {
		return settings{}, s.explain("inspect", err)
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
		found.cores, found.parent, found.network = limit(h.Resources), h.CgroupParent, string(h.NetworkMode)
	}
	if state := answer.State; state != nil {
		found.alive, found.pid = state.Running || state.Restarting, state.Pid
	}
	return found
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
