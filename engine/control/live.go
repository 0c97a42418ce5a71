package control

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Live is the world of the daemon: targets that are asked, and sources that are sampled between the cycles.
type Live struct {
	Targets    map[string]Target // by driver
	Sources    map[string]Feed   // by the name that metrics use
	NewWindows func(p engine.Policy) Windows
	History    History       // nil: samples live in the windows only
	Deadline   time.Duration // for one call to a target or a source
	Budget     *Budget       // is told what runs, so that it counts services that no cycle has looked at yet
	Weigher    Weigher       // of replicas without a memory limit; nil: nobody knows what they may take
	HostMemory func() int64  // bytes available on the engine's host; nil, or 0: not known

	mu    sync.Mutex
	views map[string]*view // by subject
}

// view is what has been sampled for one policy.
type view struct {
	mu       sync.Mutex
	metrics  []engine.Metric // what the windows are of
	forecast engine.Forecast // that they make
	windows  Windows
	seen     bool
	at       time.Time                   // when it was last observed
	changed  time.Time                   // when that was another number than the time before
	replicas []engine.Replica            // that were there when last observed
	failed   map[string]string           // by metric: why it could not be sampled the last time
	recalled map[string]bool             // by metric: what was kept of it is in the windows
	others   map[string][]engine.Replica // of the other services that metrics are of, as last seen
	place    string                      // where the service was found
	touched  time.Time                   // when it was last changed, by whomever
	memory   int64                       // bytes that one more replica may take, by its limit; 0: it has none
	weight   int64                       // bytes that the largest replica used; 0: not known
	free     int64                       // bytes that new replicas may take where the service runs; 0: not known
}

// putBack is by how much a clock must go back for the windows to begin anew.
const putBack = 10 * time.Second

// Observe asks the target what runs, and reads every metric from its window.
func (l *Live) Observe(ctx context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error) {
	service, err := l.service(ctx, p)
	if err != nil {
		return engine.Snapshot{}, err
	}
	weight := l.weigh(ctx, service)
	v := l.view(p)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.at.Sub(at) > putBack { // samples of the clock that was ahead would stand before all to come
		v.windows, v.changed, v.recalled = l.NewWindows(p), at, map[string]bool{}
	}
	v.at = at
	other := len(service.Replicas) != len(v.replicas)
	if v.seen && other {
		v.changed = at
	}
	if !v.seen || other { // where no event told of it, the first look did
		v.touched = at
	}
	v.seen, v.replicas, v.memory, v.free, v.weight = true, service.Replicas, service.Memory, service.Free, cmp.Or(weight, v.weight)
	v.place = engine.Place{Driver: p.Target.Driver, Project: service.Project}.Service(p.Service)
	service.Touched = v.touched
	return NewSnapshot(p, service, v.read(p, at), st, at), nil
}

// Look is what is known of a policy's metrics at an instant, without asking anybody; false where it was never observed.
func (l *Live) Look(p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, bool) {
	v := l.view(p)
	v.mu.Lock()
	defer v.mu.Unlock()
	service := engine.Service{Name: p.Service, Replicas: v.replicas}
	return NewSnapshot(p, service, v.read(p, at), st, at), v.seen
}

// read reads every metric that has samples from its window.
func (v *view) read(p engine.Policy, at time.Time) map[string]engine.Reading {
	readings := make(map[string]engine.Reading, len(p.Metrics))
	for _, m := range p.Metrics {
		if m.Computed() {
			continue
		}
		replicas, since := v.replicas, v.changed
		if m.Service != p.Service {
			replicas, since = v.others[m.Service], time.Time{}
		}
		r := v.windows.Read(p, m, replicas, since, at)
		if failed := v.failed[m.Name]; r.Status != engine.OK && failed != "" {
			r.Detail = failed
		}
		readings[m.Name] = r
	}
	return readings
}

func (l *Live) service(ctx context.Context, p engine.Policy) (engine.Service, error) {
	t, found := l.Targets[p.Target.Driver]
	if !found {
		return engine.Service{}, fmt.Errorf("no target driver %q here; there is %s", p.Target.Driver, strings.Join(slices.Sorted(maps.Keys(l.Targets)), ", "))
	}
	ctx, cancel := context.WithTimeout(ctx, l.Deadline)
	defer cancel()
	s, err := t.Observe(ctx, p)
	s.Driver = p.Target.Driver
	l.Budget.observed(p, len(s.Replicas), err)
	return s, err
}

// Scale passes an order to the target of its policy.
func (l *Live) Scale(ctx context.Context, o engine.Order) engine.Outcome {
	return l.Targets[o.Policy.Target.Driver].Scale(ctx, o)
}

// Settle passes an interrupted event to the target of its policy.
func (l *Live) Settle(ctx context.Context, p engine.Policy, e engine.Event) error {
	t, found := l.Targets[p.Target.Driver]
	if !found {
		return nil // nothing of it can be there
	}
	ctx, cancel := context.WithTimeout(ctx, l.Deadline)
	defer cancel()
	return t.Settle(ctx, p, e)
}

// weigh asks how much memory a replica of the service uses, where no limit says how much it may.
func (l *Live) weigh(ctx context.Context, s engine.Service) int64 {
	if s.Memory > 0 || l.Weigher == nil || len(s.Replicas) == 0 {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, l.Deadline)
	defer cancel()
	weight, err := l.Weigher.Weigh(ctx, s)
	if err != nil {
		return 0 // the weight is not known: the budget goes without it
	}
	return weight
}

// PerReplica is how many bytes one more replica of a policy's service may take: its limit, else what the largest uses now;
// 0: not known.
func (l *Live) PerReplica(p engine.Policy) int64 {
	v := l.seen(p)
	v.mu.Lock()
	defer v.mu.Unlock()
	return cmp.Or(v.memory, v.weight)
}

// Available is how many bytes new replicas of a policy's service may take where it runs; 0: not known.
func (l *Live) Available(p engine.Policy) int64 {
	v := l.seen(p)
	v.mu.Lock()
	free := v.free
	v.mu.Unlock()
	if free > 0 || l.HostMemory == nil {
		return free
	}
	return l.HostMemory()
}

// seen is what is known of a policy's service: the live policy's view of it, or the shadow's where that is newer, as it is
// once the live policy has gone.
func (l *Live) seen(p engine.Policy) *view {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest, at := &view{}, time.Time{}
	for _, mode := range []engine.Mode{engine.Live, engine.Shadow} {
		p.Mode = mode
		v := l.views[p.Subject()]
		if v == nil {
			continue
		}
		v.mu.Lock()
		looked := v.at
		v.mu.Unlock()
		if looked.After(at) || at.IsZero() {
			newest, at = v, looked
		}
	}
	return newest
}

// Touch notes that a service was changed at an instant, by whomever, and names the subjects that it concerns.
func (l *Live) Touch(at engine.Place, service string, when time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var subjects []string
	for subject, v := range l.views {
		v.mu.Lock()
		if v.place == at.Service(service) {
			v.touched = when
			subjects = append(subjects, subject)
		}
		v.mu.Unlock()
	}
	return subjects
}

func (l *Live) view(p engine.Policy) *view {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.views == nil {
		l.views = map[string]*view{}
	}
	v := l.views[p.Subject()]
	if v == nil || v.forecast != p.Forecast || !v.fits(p.Metrics) { // samples of one signal are no evidence of another
		v = &view{
			metrics: p.Metrics, forecast: p.Forecast, windows: l.NewWindows(p),
			others: map[string][]engine.Replica{}, failed: map[string]string{}, recalled: map[string]bool{},
		}
		l.views[p.Subject()] = v
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.metrics = p.Metrics
	return v
}

// fits says that the metrics measure what the windows hold samples of, all of it. What else of them is changed, their
// weight for one, leaves the samples what they are.
func (v *view) fits(metrics []engine.Metric) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := engine.Policy{Metrics: metrics}
	for _, before := range v.metrics {
		if m, found := now.Metric(before.Name); !found || before.Signal() != m.Signal() {
			return false
		}
	}
	return true
}
