package docker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// noLimit is where a memory limit stops being one: cgroup v1 writes no limit as nearly 2^63.
const noLimit = 1 << 50

// recent is how old a weight may be: memory grows slowly, and an old engine takes a second for each answer.
const recent = 10 * time.Second

// memory is the percentage of its limit that a container uses, of the host's memory where it has none.
func (s *Source) memory(ctx context.Context, now container.StatsResponse) (float64, bool, error) {
	inUse, err := used(now.MemoryStats)
	if err != nil {
		return 0, false, err
	}
	limit := now.MemoryStats.Limit
	if limit == 0 || limit >= noLimit {
		if limit, err = s.host(ctx); err != nil {
			return 0, false, err
		}
	}
	return 100 * float64(inUse) / float64(limit), true, nil
}

// Weigh is the memory, in bytes, that the largest replica of a service uses now: what one more may come to where nothing
// limits it. 0: no replica runs, or none could be read. The error names those that could not; the weight of the others is
// good. What a sample has shown in the last seconds is not asked for again.
func (s *Source) Weigh(ctx context.Context, of engine.Service) (int64, error) {
	at := time.Now()
	s.forget(at)
	weights := make([]int64, len(of.Replicas))
	err := sweep(of.Replicas, func(i int, r engine.Replica) error {
		weight, known := s.weight(r.ID, at)
		if !known {
			now, runs, err := s.now(ctx, r, at)
			if err != nil || !runs {
				return err
			}
			if _, err := used(now.MemoryStats); err != nil {
				return err
			}
			weight, _ = s.weight(r.ID, at)
		}
		weights[i] = weight
		return nil
	})
	return slices.Max(append(weights, 0)), err
}

// weight is what a container weighed when it was last read, where that is not long ago.
func (s *Source) weight(id string, at time.Time) (bytes int64, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.containers[id]
	if c == nil || at.Sub(c.weighed) > recent {
		return 0, false
	}
	return c.weight, true
}

// weighs keeps what a container weighs for Weigh.
func (s *Source) weighs(id string, m container.MemoryStats, at time.Time) {
	inUse, err := used(m)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.container(id, at)
	c.weight, c.weighed = int64(inUse), at
}

// used is the memory, in bytes, that can't be had back at once: without the file cache that nothing has touched for a
// while.
func used(m container.MemoryStats) (uint64, error) {
	if m.Usage == 0 { // nothing runs in no memory
		return 0, errors.New("the engine counts no memory; its host may lack the memory cgroup")
	}
	cache, v1 := m.Stats["total_inactive_file"]
	if !v1 {
		cache = m.Stats["inactive_file"]
	}
	if cache > m.Usage {
		return m.Usage, nil
	}
	return m.Usage - cache, nil
}

func (s *Source) host(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	known := s.hostMemory
	s.mu.Unlock()
	if known > 0 {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	info, err := s.engine.Info(ctx)
	if err != nil {
		return 0, err
	}
	if info.MemTotal <= 0 {
		return 0, errors.New("no memory limit, and the engine does not say how much memory its host has")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hostMemory = uint64(info.MemTotal)
	return s.hostMemory, nil
}

// HostMemory is the bytes of memory available on the engine's host; 0 where that is not known, because the engine is not
// reached by a local socket or the host is not Linux.
func (s *Source) HostMemory() (int64, error) {
	if !strings.HasPrefix(s.engine.DaemonHost(), "unix://") {
		return 0, nil
	}
	f, err := os.Open("/proc/meminfo")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return available(f)
}

// available finds MemAvailable in the text of /proc/meminfo, in bytes.
func available(meminfo io.Reader) (int64, error) {
	for lines := bufio.NewScanner(meminfo); lines.Scan(); {
		text, found := strings.CutPrefix(lines.Text(), "MemAvailable:")
		if !found {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read /proc/meminfo: %w", err)
		}
		return kilobytes * 1024, nil
	}
	return 0, errors.New("read /proc/meminfo: no MemAvailable")
}
