// Package docker samples the system metrics of containers: cpu, memory, network, restarts and throttling. It reads them
// from the kernel's files where the engine is on this machine and shows its containers' cgroups here, which takes
// microseconds, and from the Docker Engine's statistics elsewhere.
package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const (
	lookDeadline = 8 * time.Second // an engine under load takes 2 s a call; one that hangs must not hold up the rest
	sideBySide   = 128             // an old engine makes calls wait up to 1 s: a small pool would add them up
	answerSize   = 1 << 20         // bytes of one answer; they have a few thousand
)

// Source reads the containers of one Docker Engine. It is safe for concurrent use, and several policies may share it.
type Source struct {
	engine  *docker.Engine
	machine fs.FS // with the kernel's folders sys and proc; nil: the engine is not on this machine
	log     *slog.Logger

	mu         sync.Mutex
	containers map[string]*seen // by id
	hostMemory uint64           // all of the engine's host, in bytes; 0: not asked yet
}

// seen is what is kept of a container between two sweeps.
type seen struct {
	used time.Time // when it was last asked for

	counters [ways]counters // as each way read them last

	newest time.Time // the newest reading of the engine, by its clock
	moved  time.Time // when it came, by ours
	spent  *uint64   // CPU time that the engine counted last; nil: never

	weight  int64 // bytes of memory in use at the newest reading
	weighed time.Time

	settings  settings
	run       time.Time // start of the container's run that they are of
	inspected time.Time
}

// New makes a source of the engine at host, such as unix:///var/run/docker.sock; an empty host is the environment's. It
// does not connect yet.
func New(host string, log *slog.Logger) (*Source, error) {
	e, err := docker.Dial(host)
	if err != nil {
		return nil, err
	}
	s := &Source{engine: e, log: log, containers: map[string]*seen{}}
	if strings.HasPrefix(e.DaemonHost(), "unix://") {
		s.machine = os.DirFS("/")
	}
	return s, nil
}

// Close ends the connections to the engine.
func (s *Source) Close() error { return s.engine.Close() }

// Sample takes one sample a replica of each metric, by its type:
//
//	cpu         percent of the CPU time that the container may use
//	memory      percent of its limit, of the host's memory where it has none
//	network     bytes a second received and sent, over all interfaces but lo
//	restarts    how often Docker has restarted it; Swarm makes new containers instead
//	throttling  percent of the CFS periods in which it was held at its CPU limit
//
// All replicas are read at once, and cpu, network and throttling since they were last read: the first look at a replica
// gives none of these. A replica that is stopped or paused gives none at all. The error joins an engine.Unread for each metric that could
// not be read of every replica, naming those; the samples of the others are good.
func (s *Source) Sample(ctx context.Context, metrics []engine.Metric, service engine.Service) ([]engine.Sample, error) {
	at := time.Now() // one time for all, so that a sweep is one instant
	s.forget(at)
	anew := slices.ContainsFunc(metrics, func(m engine.Metric) bool { return m.Type == "restarts" })
	samples := make([][]engine.Sample, len(service.Replicas))
	errs := make([][]error, len(service.Replicas)) // of each, by metric
	sweep(ctx, service.Replicas, func(ctx context.Context, i int, r engine.Replica) {
		samples[i], errs[i] = s.look(ctx, r, at, anew).sample(metrics)
	})
	return slices.Concat(samples...), unread(metrics, service.Replicas, errs)
}

func (l *look) sample(metrics []engine.Metric) ([]engine.Sample, []error) {
	var samples []engine.Sample
	errs := make([]error, len(metrics))
	for i, m := range metrics {
		if !measured(m.Type) {
			continue
		}
		value, err := l.measure(m.Type)
		if value != nil {
			samples = append(samples, engine.Sample{Metric: m.Name, Replica: l.replica.ID, At: l.at, Value: *value})
		}
		errs[i] = err
	}
	return samples, errs
}

func measured(kind string) bool {
	switch kind {
	case "cpu", "memory", "network", "restarts", "throttling":
		return true
	}
	return false
}

// unread says of each metric why it could not be read.
func unread(metrics []engine.Metric, replicas []engine.Replica, errs [][]error) error {
	var all []error
	for j, m := range metrics {
		err := inOne(replicas, func(i int) error { return errs[i][j] })
		if !measured(m.Type) {
			err = fmt.Errorf("source %s measures cpu, memory, network, restarts and throttling, not %q", m.Source, m.Type)
		}
		if err != nil {
			all = append(all, engine.Unread{Metric: m.Name, Err: err})
		}
	}
	return errors.Join(all...)
}

// inOne makes one line of many errors: when the engine is gone all replicas say the same.
func inOne(replicas []engine.Replica, errs func(i int) error) error {
	var first error
	name, others := "", 0
	for i, r := range replicas {
		switch err := errs(i); {
		case err == nil:
		case first == nil:
			first, name = err, r.Name
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

// sweep looks at all replicas side by side, and at none for long.
func sweep(ctx context.Context, replicas []engine.Replica, look func(ctx context.Context, i int, r engine.Replica)) {
	var wg sync.WaitGroup
	pool := make(chan struct{}, sideBySide)
	for i, r := range replicas {
		wg.Go(func() {
			pool <- struct{}{}
			defer func() { <-pool }()
			ctx, cancel := context.WithTimeout(ctx, lookDeadline)
			defer cancel()
			look(ctx, i, r)
		})
	}
	wg.Wait()
}

// Reads says how the first replica of a service is read: "cgroup v1 files", "cgroup v2 files" or "Engine API". Empty: the
// service has no replica.
func (s *Source) Reads(ctx context.Context, service engine.Service) string {
	if len(service.Replicas) == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookDeadline)
	defer cancel()
	now, err := s.look(ctx, service.Replicas[0], time.Now(), false).files()
	if err != nil {
		return engineAPI.String()
	}
	return now.way.String()
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
