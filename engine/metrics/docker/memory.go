package docker

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// noLimit is where a memory limit stops being one: cgroup v1 writes no limit as nearly 2^63.
const noLimit = 1 << 50

// recent is how old a weight may be: memory grows slowly, and an old engine takes a second for each answer.
const recent = 10 * time.Second

// Weigh is the memory, in bytes, that the largest replica of a service uses now: what one more may come to where nothing
// limits it. 0: no replica runs, or none could be read. The error names those that could not; the weight of the others is
// good. What a sample has shown in the last seconds is not asked for again.
func (s *Source) Weigh(ctx context.Context, of engine.Service) (int64, error) {
	at := time.Now()
	s.forget(at)
	weights := make([]int64, len(of.Replicas))
	errs := make([]error, len(of.Replicas))
	sweep(ctx, of.Replicas, func(ctx context.Context, i int, r engine.Replica) {
		weights[i], errs[i] = s.weighOne(ctx, r, at)
	})
	return slices.Max(append(weights, 0)), inOne(of.Replicas, func(i int) error { return errs[i] })
}

func (s *Source) weighOne(ctx context.Context, r engine.Replica, at time.Time) (int64, error) {
	if weight, known := s.weight(r.ID, at); known {
		return weight, nil
	}
	now, err := s.look(ctx, r, at, false).now()
	if now == nil || err != nil {
		return 0, s.unlessGone(r, err)
	}
	inUse, err := now.inUse()
	return int64(inUse), err
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
func (s *Source) weighs(id string, now reading, at time.Time) {
	inUse, err := now.inUse()
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.container(id, at)
	c.weight, c.weighed = int64(inUse), at
}

func (s *Source) host(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	known := s.hostMemory
	s.mu.Unlock()
	if known > 0 {
		return known, nil
	}
	if err := s.settle(ctx); err != nil {
		return 0, err
	}
	info, err := s.engine.Info(ctx)
	if err != nil {
		return 0, s.explain(docker.GetInfo, "ask for the memory of the host", err)
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
	if s.machine == nil {
		return 0, nil
	}
	text, err := fs.ReadFile(s.machine, "proc/meminfo")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	bytes, err := meminfo(string(text), "MemAvailable")
	return int64(bytes), err
}
