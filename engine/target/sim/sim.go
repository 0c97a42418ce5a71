// Package sim is a target and a source without Docker: services whose replicas are those of the model in engine/sim,
// under a load that the caller gives as a function of time. The model moves on to the present at every call.
package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/sim"
)

// Service is what one simulated service begins with.
type Service struct {
	Replicas   int           // ready from the start
	Capacity   float64       // requests a minute that one ready replica serves
	StartDelay time.Duration // from the order of a replica until it is ready

	// Load is the demand in requests a second, so long after the start.
	Load func(since time.Duration) float64
}

// Target runs simulated services. It is safe for concurrent use.
type Target struct {
	now func() time.Time

	mu       sync.Mutex
	services map[string]*service
}

// service is a model whose replicas have names. The model takes replicas away from the newest end and makes them ready
// from the oldest, so the first Ready() of the list are the ready ones.
type service struct {
	start    time.Time
	load     func(time.Duration) float64
	model    *sim.Model
	replicas []engine.Replica
	created  int // replicas so far: an id is never used again
}

// New begins all services at now().
func New(now func() time.Time, services map[string]Service) *Target {
	t := &Target{now: now, services: map[string]*service{}}
	t.Add(services)
	return t
}

// Add begins more services at now(). One that is there already goes on as it is.
func (t *Target) Add(services map[string]Service) {
	t.mu.Lock()
	defer t.mu.Unlock()
	start := t.now()
	for name, s := range services {
		if t.services[name] != nil {
			continue
		}
		settings := sim.Settings{Capacity: s.Capacity, StartDelay: s.StartDelay}
		simulated := &service{start: start, load: s.Load, model: sim.New(settings, s.Replicas)}
		simulated.name(name, start)
		t.services[name] = simulated
	}
}

// Observe says what the policy's service runs now.
func (t *Target) Observe(_ context.Context, p engine.Policy) (engine.Service, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.present(p.Service)
	if err != nil {
		return engine.Service{}, err
	}
	return engine.Service{Name: p.Service, Project: p.Target.Project, Replicas: s.observed()}, nil
}

// Scale orders replicas and waits until all of them are ready. When ctx ends first the result is engine.Interrupted,
// and the replicas go on starting.
func (t *Target) Scale(ctx context.Context, o engine.Order) engine.Outcome {
	s, err := t.order(o)
	if err != nil {
		return engine.Outcome{Result: engine.Failed, Reached: o.From, Ended: t.now(), Error: err.Error()}
	}
	for {
		reached, wait := t.unfinished(s)
		if wait == 0 {
			return engine.Outcome{Result: engine.Succeeded, Reached: reached, Ended: t.now()}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return engine.Outcome{Result: engine.Interrupted, Reached: reached, Ended: t.now(), Error: ctx.Err().Error()}
		}
	}
}

// Settle does nothing: the model goes on by itself.
func (t *Target) Settle(context.Context, engine.Policy, engine.Event) error { return nil }

func (t *Target) order(o engine.Order) (*service, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.present(o.Policy.Service)
	if err != nil {
		return nil, err
	}
	s.model.Scale(o.To)
	s.name(o.Policy.Service, t.now())
	return s, nil
}

// unfinished says how many replicas there are and how long to wait before looking again: 0 when none is starting.
func (t *Target) unfinished(s *service) (replicas int, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.advance(s)
	if s.model.Starting() == 0 {
		return len(s.replicas), 0
	}
	next := time.Duration(s.model.Seconds()+1) * time.Second
	return len(s.replicas), next - t.now().Sub(s.start)
}

// Sample takes the newest value of each metric of the service: of type cpu, the utilization of every ready replica in
// percent over the last second, as Docker would report it; of type request_rate, the demand in requests a minute.
func (t *Target) Sample(_ context.Context, metrics []engine.Metric, of engine.Service) ([]engine.Sample, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, err := t.present(of.Name)
	if err != nil {
		return nil, err
	}
	at := s.start.Add(time.Duration(s.model.Seconds()) * time.Second)
	var samples []engine.Sample
	var failures []error
	for _, m := range metrics {
		switch m.Type {
		case "cpu":
			utilization, ok := s.model.Utilization()
			for _, r := range s.observed() {
				if ok && r.Ready {
					samples = append(samples, engine.Sample{Metric: m.Name, Replica: r.ID, At: at, Value: utilization})
				}
			}
		case "request_rate":
			if rate, ok := s.model.RequestRate(); ok {
				samples = append(samples, engine.Sample{Metric: m.Name, At: at, Value: rate})
			}
		default:
			failures = append(failures, fmt.Errorf("metric %s: the simulation has no type %q, only cpu and request_rate", m.Name, m.Type))
		}
	}
	return samples, errors.Join(failures...)
}

// present finds a service and moves it on to now.
func (t *Target) present(name string) (*service, error) {
	s, ok := t.services[name]
	if !ok {
		known := slices.Sorted(maps.Keys(t.services))
		return nil, fmt.Errorf("the simulation has no service %q, only %s", name, strings.Join(known, ", "))
	}
	t.advance(s)
	return s, nil
}

func (t *Target) advance(s *service) {
	seconds := int(t.now().Sub(s.start) / time.Second)
	for s.model.Seconds() < seconds {
		s.model.Step(s.load(time.Duration(s.model.Seconds()) * time.Second))
	}
}

// name makes the list of replicas as long as the model says: new ones are numbered on, as Compose does.
func (s *service) name(service string, now time.Time) {
	n := s.model.Replicas()
	for len(s.replicas) < n {
		s.created++
		number := len(s.replicas) + 1
		s.replicas = append(s.replicas, engine.Replica{
			ID:      fmt.Sprintf("sim-%s-%d", service, s.created),
			Name:    fmt.Sprintf("%s-%d", service, number),
			Number:  number,
			Started: now,
		})
	}
	s.replicas = s.replicas[:n]
}

// observed is a copy of the replicas that says which are ready.
func (s *service) observed() []engine.Replica {
	replicas := slices.Clone(s.replicas)
	for i := range replicas {
		replicas[i].Ready = i < s.model.Ready()
	}
	return replicas
}
