// Package docker samples the system metrics of containers, cpu and memory, from the Docker Engine's statistics.
package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const (
	callDeadline = 5 * time.Second // an engine under load takes 2 s; one that hangs must not hold up the rest
	sideBySide   = 128             // an old engine makes calls wait up to 1 s: a small pool would add them up
	answerSize   = 1 << 20         // bytes of one answer; they have a few thousand
)

// Source reads the statistics of one Docker Engine. It is safe for concurrent use, and several policies may share it.
type Source struct {
	engine *docker.Engine
	log    *slog.Logger

	mu         sync.Mutex
	containers map[string]*seen // by id
	hostMemory uint64           // all of the engine's host, in bytes; 0: not asked yet
}

// New makes a source of the engine at host, such as unix:///var/run/docker.sock; an empty host is the environment's. It
// does not connect yet.
func New(host string, log *slog.Logger) (*Source, error) {
	e, err := docker.Dial(host)
	if err != nil {
		return nil, err
	}
	return &Source{engine: e, log: log, containers: map[string]*seen{}}, nil
}

// Close ends the connections to the engine.
func (s *Source) Close() error { return s.engine.Close() }

// Sample takes one sample a replica of each metric of type cpu (percent of the CPU time that the container may use) and
// memory (percent of its limit). All replicas are asked at once. A stopped replica gives none, and the first look at a
// replica gives no cpu: that is a difference of two. The error names the metrics and replicas that could not be read;
// the samples of the others are good.
func (s *Source) Sample(ctx context.Context, metrics []engine.Metric, service engine.Service) ([]engine.Sample, error) {
	for _, m := range metrics {
		if m.Type != "cpu" && m.Type != "memory" {
			return nil, fmt.Errorf("metric %s: source %s measures cpu and memory, not %q", m.Name, m.Source, m.Type)
		}
	}
	at := time.Now() // one time for all, so that a sweep is one instant
	s.forget(at)
	samples := make([][]engine.Sample, len(service.Replicas))
	err := sweep(service.Replicas, func(i int, r engine.Replica) (err error) {
		samples[i], err = s.replica(ctx, metrics, r, at)
		return err
	})
	return slices.Concat(samples...), err
}

// sweep looks at all replicas side by side.
func sweep(replicas []engine.Replica, look func(i int, r engine.Replica) error) error {
	var wg sync.WaitGroup
	pool := make(chan struct{}, sideBySide)
	errs := make([]error, len(replicas))
	for i, r := range replicas {
		wg.Go(func() {
			pool <- struct{}{}
			defer func() { <-pool }()
			errs[i] = look(i, r)
		})
	}
	wg.Wait()
	return inOne(replicas, errs)
}

// inOne makes one line of many errors: when the engine is gone all replicas say the same.
func inOne(replicas []engine.Replica, errs []error) error {
	var first error
	name, others := "", 0
	for i, err := range errs {
		switch {
		case err == nil:
		case first == nil:
			first, name = err, replicas[i].Name
		default:
			others++
		}
	}
	if others > 0 {
		name += fmt.Sprintf(" and %d more", others)
	}
	if first != nil {
		return fmt.Errorf("container %s: %w", name, first)
	}
	return nil
}

func (s *Source) replica(ctx context.Context, metrics []engine.Metric, r engine.Replica, at time.Time) ([]engine.Sample, error) {
	now, runs, err := s.now(ctx, r, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names(metrics), err)
	}
	if !runs {
		return nil, nil
	}
	var samples []engine.Sample
	var errs []error
	for _, m := range metrics {
		var value float64
		var ok bool
		if m.Type == "cpu" {
			value, ok, err = s.cpu(ctx, r, now, at)
		} else {
			value, ok, err = s.memory(ctx, now)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.Name, err))
		}
		if ok {
			samples = append(samples, engine.Sample{Metric: m.Name, Replica: r.ID, At: at, Value: value})
		}
	}
	return samples, errors.Join(errs...)
}

// now is what the engine reads of a replica, false where that is nothing, or nothing new.
func (s *Source) now(ctx context.Context, r engine.Replica, at time.Time) (container.StatsResponse, bool, error) {
	stats, err := s.stats(ctx, r.ID)
	if errdefs.IsNotFound(err) {
		s.log.Debug("no sample of a container that is gone", "container", r.Name)
		return stats, false, nil
	}
	if err != nil {
		return stats, false, err
	}
	if stats.Read.IsZero() || s.stuck(r.ID, stats.Read, at) {
		s.log.Debug("no sample of a container that is stopped or not read anew", "container", r.Name)
		return stats, false, nil
	}
	s.weighs(r.ID, stats.MemoryStats, at)
	return stats, true, nil
}

func names(metrics []engine.Metric) string {
	all := make([]string, len(metrics))
	for i, m := range metrics {
		all[i] = m.Name
	}
	return strings.Join(all, ", ")
}

// stats is one reading, at once where the engine can (API 1.41 and newer); an older one takes 2 s. It is the first call of
// all, so it agrees with the engine on the version.
func (s *Source) stats(ctx context.Context, id string) (container.StatsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	if err := s.engine.Settle(ctx); err != nil {
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
