package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// An engine that answers the same reading for longer has stopped to read: what it says is old.
const stuckAfter = 10 * time.Second

// ask is what the engine reads of a replica, nil where that is nothing, or nothing new.
func (l *look) ask(ctx context.Context) (*reading, error) {
	asked := time.Now()
	stats, err := l.stats(ctx, l.replica.ID)
	heard := time.Now()
	if err != nil {
		return nil, l.explain(docker.ReadStats, "read statistics", err)
	}
	if stats.Read.IsZero() || l.stuck(l.replica.ID, stats.Read, l.at) {
		l.log.Debug("no sample of a container that is stopped or not read anew", "container", l.replica.Name)
		return nil, nil
	}
	now := fromAnswer(stats)
	now.at.from, now.at.to = asked.Add(-late), heard
	l.weighs(l.replica.ID, now, l.at)
	return &now, nil
}

// stats is one reading, at once where the engine can (API 1.41 and newer); an older one takes 2 s.
func (s *Source) stats(ctx context.Context, id string) (container.StatsResponse, error) {
	if err := s.settle(ctx); err != nil {
		return container.StatsResponse{}, err
	}
	answer, err := s.engine.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return container.StatsResponse{}, err
	}
	defer answer.Body.Close()
	var stats container.StatsResponse
	err = json.NewDecoder(io.LimitReader(answer.Body, answerSize)).Decode(&stats)
	return stats, err
}

func fromAnswer(stats container.StatsResponse) reading {
	cpu, memory := stats.CPUStats, stats.MemoryStats
	inactive, v1 := memory.Stats["total_inactive_file"]
	if !v1 {
		inactive = memory.Stats["inactive_file"]
	}
	now := reading{
		way: engineAPI, at: moment{read: stats.Read},
		cpu: cpu.CPUUsage.TotalUsage, online: online(cpu),
		periods: cpu.ThrottlingData.Periods, throttled: cpu.ThrottlingData.ThrottledPeriods,
		usage: memory.Usage, inactive: inactive, limit: memory.Limit,
		interfaces: len(stats.Networks),
	}
	for _, n := range stats.Networks { // those that the engine made: lo is not among them
		now.traffic += n.RxBytes + n.TxBytes
	}
	return now
}

func online(c container.CPUStats) float64 {
	if c.OnlineCPUs > 0 {
		return float64(c.OnlineCPUs)
	}
	return float64(len(c.CPUUsage.PercpuUsage))
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

// rests says whether a container has used no CPU time since the engine's reading before, as one that is paused; true
// where there is none before.
func (s *Source) rests(id string, now reading, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.container(id, at)
	rests := c.spent == nil || *c.spent == now.cpu
	c.spent = &now.cpu
	return rests
}

// settle comes before each call, so that the first of all agrees with the engine on the version.
func (s *Source) settle(ctx context.Context) error {
	err := s.engine.Settle(ctx)
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return engine.Down{Err: err}
}

// explain says what was tried, and whether it was the engine itself that did not answer.
func (s *Source) explain(call docker.Call, doing string, err error) error {
	told := s.engine.Explain(call, doing, err)
	if down(err) {
		return engine.Down{Err: told}
	}
	return told
}

// unlessGone is an error, nil where it is that the container is gone: then there is nothing to be read.
func (s *Source) unlessGone(r engine.Replica, err error) error {
	if errdefs.IsNotFound(err) {
		s.log.Debug("no sample of a container that is gone", "container", r.Name)
		return nil
	}
	return err
}

// down says that the engine is gone, overloaded, or refuses us. An error of status 500 is an answer: it is of one container.
func down(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var network net.Error // deadlines too
	return errors.As(err, &engine.Down{}) || errors.As(err, &network) || client.IsErrConnectionFailed(err) ||
		errdefs.IsUnavailable(err) || errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err)
}
