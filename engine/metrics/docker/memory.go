package docker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
)

// noLimit is where a memory limit stops being one: cgroup v1 writes no limit as nearly 2^63.
const noLimit = 1 << 50

// memory is the percentage of its limit that a container uses, of the host's memory where it has none.
func (s *Source) memory(ctx context.Context, now container.StatsResponse) (float64, bool, error) {
	if now.MemoryStats.Usage == 0 { // nothing runs in no memory: the engine does not count it
		return 0, false, errors.New("the engine counts no memory; its host may lack the memory cgroup")
	}
	limit := now.MemoryStats.Limit
	if limit == 0 || limit >= noLimit {
		var err error
		if limit, err = s.host(ctx); err != nil {
			return 0, false, err
		}
	}
	return 100 * float64(used(now.MemoryStats)) / float64(limit), true, nil
}

// used is the memory that can't be had back at once: without the file cache that nothing has touched for a while.
func used(m container.MemoryStats) uint64 {
	cache, v1 := m.Stats["total_inactive_file"]
	if !v1 {
		cache = m.Stats["inactive_file"]
	}
	if cache > m.Usage {
		return m.Usage
	}
	return m.Usage - cache
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
	info, err := s.client.Info(ctx)
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
	if !strings.HasPrefix(s.client.DaemonHost(), "unix://") {
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
