package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// look is one sweep's look at one replica. Whatever it needs is read once, when the first metric needs it.
type look struct {
	*Source
	replica engine.Replica
	at      time.Time // of the sweep

	settings func() (settings, error)
	files    func() (reading, error)
	answer   func() (*reading, error) // nil: the container does not run, or the engine has nothing new
	memory   func() (uint64, error)   // of the engine's host
	paused   func() bool
}

// look prepares a look at a replica. anew: its settings must not be those known from before.
func (s *Source) look(ctx context.Context, r engine.Replica, at time.Time, anew bool) *look {
	l := &look{Source: s, replica: r, at: at}
	l.settings = sync.OnceValues(func() (settings, error) { return s.settings(ctx, r, at, anew) })
	l.files = sync.OnceValues(l.fromFiles)
	l.answer = sync.OnceValues(func() (*reading, error) { return l.ask(ctx) })
	l.memory = func() (uint64, error) { return s.host(ctx) }
	l.paused = sync.OnceValue(func() bool { return l.isPaused(ctx) })
	return l
}

func (l *look) fromFiles() (reading, error) {
	if l.machine == nil {
		return reading{}, errors.New("the engine is on another machine")
	}
	parent := l.parent() // the engine is not asked where that is not needed: it may hang
	now, err := fromFiles(l.machine, l.replica.ID, parent)
	if err != nil {
		if found, unknown := l.settings(); unknown == nil && found.parent != parent {
			now, err = fromFiles(l.machine, l.replica.ID, found.parent)
		}
	}
	if err == nil {
		l.weighs(l.replica.ID, now, l.at)
	}
	return now, err
}

// parent is that of the replica's cgroup as far as it is known: a container keeps it for life.
func (l *look) parent() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.container(l.replica.ID, l.at).settings.parent
}

// now reads the replica: from the kernel's files, else from the engine. nil: there is nothing to be read.
func (l *look) now() (*reading, error) {
	if now, err := l.files(); err == nil {
		return &now, nil
	}
	return l.answer()
}

// isPaused says whether the replica is paused, and then forgets what was read of it: what it used over a time in which it
// was paused is not what it uses. The kernel tells at once. The engine tells when it is asked for more than readings, which
// is done only of a replica that used no CPU time since the last one; one that can't be asked about is taken to run.
func (l *look) isPaused(ctx context.Context) bool {
	now, err := l.now()
	if err != nil || now == nil {
		return false
	}
	paused := now.paused
	if now.way == engineAPI && l.rests(l.replica.ID, *now, l.at) {
		found, err := l.Source.settings(ctx, l.replica, l.at, true)
		paused = err == nil && found.paused
	}
	if !paused {
		return false
	}
	l.log.Debug("no sample of a container that is paused", "container", l.replica.Name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.container(l.replica.ID, l.at).counters = [ways]counters{}
	return true
}

// measure takes one sample of a metric's type, nil where there is none: the replica is stopped or gone, or was not seen
// before.
func (l *look) measure(kind string) (*float64, error) {
	value, err := l.value(kind)
	return value, l.unlessGone(l.replica, err)
}

func (l *look) value(kind string) (*float64, error) {
	switch {
	case kind == "restarts":
		return l.restarts()
	case l.paused():
		return nil, nil
	case kind == "network":
		return l.network()
	}
	now, err := l.now()
	if err != nil || now == nil {
		return nil, err
	}
	switch kind {
	case "cpu":
		return l.cpu(*now)
	case "memory":
		return l.used(*now)
	}
	return l.since(now.way, func(c *counters) *float64 { return c.throttling(l.replica, *now) }), nil
}

// cpu is the percentage of its allowance that the replica used since it was last read: 100 is all of it.
func (l *look) cpu(now reading) (*float64, error) {
	found, err := l.settings()
	if err != nil {
		return nil, err
	}
	allowed := cores(cmp.Or(now.quota, found.quota), found.set, now.online)
	if allowed == 0 {
		return nil, errors.New("the engine does not say how many CPUs are online")
	}
	cores := l.since(now.way, func(c *counters) *float64 { return c.cores(l.replica, now) })
	if cores == nil {
		return nil, nil
	}
	return new(100 * *cores / allowed), nil
}

// used is the percentage of its limit that the replica uses of memory, of the host's memory where it has none.
func (l *look) used(now reading) (*float64, error) {
	inUse, err := now.inUse()
	if err != nil {
		return nil, err
	}
	limit := now.limit
	if limit == 0 || limit >= noLimit {
		if limit, err = l.memory(); err != nil {
			return nil, err
		}
	}
	return new(100 * float64(inUse) / float64(limit)), nil
}

// network is the bytes a second that the replica received and sent since it was last read.
func (l *look) network() (*float64, error) {
	found, unknown := l.settings()
	if unknown == nil && l.machine != nil {
		read := ours(time.Now())
		if total, err := fromProcess(l.machine, l.replica.ID, found); err == nil {
			return l.since(processFiles, func(c *counters) *float64 { return c.bytes(l.replica, read, total) }), nil
		}
	}
	now, err := l.answer()
	if err != nil || now == nil {
		return nil, err
	}
	if now.interfaces == 0 && found.network != "none" {
		if unknown != nil {
			return nil, unknown
		}
		return nil, fmt.Errorf("the engine counts no traffic of a container in network mode %q; give it a network of its own, or measure something else", found.network)
	}
	return l.since(now.way, func(c *counters) *float64 { return c.bytes(l.replica, now.at, now.traffic) }), nil
}

// restarts is how often the engine has restarted the replica, by its restart policy.
func (l *look) restarts() (*float64, error) {
	found, err := l.settings()
	if err != nil || !found.alive {
		return nil, err
	}
	return new(float64(found.restarts)), nil
}

// since compares with what was read before, in the same way: the clocks of two ways are not the same.
func (l *look) since(w way, compare func(*counters) *float64) *float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return compare(&l.container(l.replica.ID, l.at).counters[w])
}
