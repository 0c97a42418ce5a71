package control

import (
	"cmp"
	"context"
	"errors"
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
	Sources    map[string]Source // by the name that metrics use
	NewWindows func() Windows
	Deadline   time.Duration // for one call to a target or a source
	Budget     *Budget       // is told what runs, so that it counts services that no cycle has looked at yet
	Weigher    Weigher       // of replicas without a memory limit; nil: nobody knows what they may take
	HostMemory func() int64  // bytes available on the engine's host; nil, or 0: not known

	mu    sync.Mutex
	views map[string]*view // by subject
}

// view is what has been sampled for one policy.
type view struct {
	mu      sync.Mutex
	metrics []engine.Metric // what the windows are of
	windows Windows
	seen    bool
	count   int                         // replicas that were there when last observed
	changed time.Time                   // when that was another number than the time before
	failed  map[string]string           // by source: why its last call failed
	others  map[string][]engine.Replica // of the other services that metrics are of, as last seen
	place   string                      // where the service was found
	touched time.Time                   // when it was last changed, by whomever
	memory  int64                       // bytes that one more replica may take, by its limit; 0: it has none
	weight  int64                       // bytes that the largest replica used; 0: not known
	free    int64                       // bytes that new replicas may take where the service runs; 0: not known
}

// Observe asks the target what runs, and reads every metric from its window.
func (l *Live) Observe(ctx context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error) {
	service, err := l.service(ctx, p)
	if err != nil {
		return engine.Snapshot{}, err
	}
	v := l.view(p)
	v.mu.Lock()
	defer v.mu.Unlock()
	n := len(service.Replicas)
	if v.seen && n != v.count {
		v.changed = at
	}
	if !v.seen || n != v.count { // where no event told of it, the first look did
		v.touched = at
	}
	v.seen, v.count, v.memory, v.free = true, n, service.Memory, service.Free
	v.place = engine.Place{Driver: p.Target.Driver, Project: service.Project}.Service(p.Service)
	service.Touched = v.touched
	readings := make(map[string]engine.Reading, len(p.Metrics))
	for _, m := range p.Metrics {
		replicas, since := service.Replicas, v.changed
		if m.Service != p.Service {
			replicas, since = v.others[m.Service], time.Time{}
		}
		r := v.windows.Read(p, m, replicas, since, at)
		if why := v.failed[m.Source]; r.Status != engine.OK && why != "" {
			r.Detail = why
		}
		readings[m.Name] = r
	}
	return NewSnapshot(p, service, readings, st, at), nil
}

// Sample takes one sample of every metric of a policy, its sources side by side, each with a deadline of its own.
func (l *Live) Sample(ctx context.Context, p engine.Policy) error {
	type call struct{ source, service string }
	calls := map[call][]engine.Metric{}
	for _, m := range p.Metrics {
		c := call{m.Source, m.Service}
		calls[c] = append(calls[c], m)
	}
	v := l.view(p)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	failed, others := map[string]string{}, map[string][]engine.Replica{}
	for c, metrics := range calls {
		wg.Go(func() {
			service, samples, err := l.sample(ctx, p, c.source, c.service, metrics)
			weight := int64(0)
			if c.service == p.Service {
				weight = l.weigh(ctx, service)
			}
			v.mu.Lock()
			v.windows.Add(samples)
			v.weight = cmp.Or(weight, v.weight)
			v.mu.Unlock()
			mu.Lock()
			defer mu.Unlock()
			if c.service != p.Service {
				others[c.service] = service.Replicas
			}
			if err != nil {
				failed[c.source] = err.Error()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() == nil { // what was cut short says nothing about the source
		v.mu.Lock()
		v.failed, v.others = failed, others
		v.mu.Unlock()
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// sample observes a service and takes one sample of each of its metrics.
func (l *Live) sample(ctx context.Context, p engine.Policy, source, service string, metrics []engine.Metric) (engine.Service, []engine.Sample, error) {
	from, found := l.Sources[source]
	if !found {
		return engine.Service{}, nil, fmt.Errorf("%s: no source %q here; there is %s", metrics[0].Name, source, strings.Join(slices.Sorted(maps.Keys(l.Sources)), ", "))
	}
	p.Service = service
	observed, err := l.service(ctx, p)
	if err != nil {
		return observed, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.Deadline)
	defer cancel()
	samples, err := from.Sample(ctx, metrics, observed)
	return observed, samples, err
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
		return 0 // sampling the same replicas says why
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

// seen is what is known of a policy's service: the live policy's view of it, else the shadow's.
func (l *Live) seen(p engine.Policy) *view {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, mode := range []engine.Mode{engine.Live, engine.Shadow} {
		p.Mode = mode
		if v := l.views[p.Subject()]; v != nil {
			return v
		}
	}
	return &view{}
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
	if v == nil || !slices.Equal(v.metrics, p.Metrics) { // samples of one signal are no evidence of another
		v = &view{metrics: p.Metrics, windows: l.NewWindows()}
		l.views[p.Subject()] = v
	}
	return v
}
