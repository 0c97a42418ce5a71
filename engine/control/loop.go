package control

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Loop runs the cycle of each policy at the policy's own interval, and samples its metrics in between. A policy has one
// cycle at a time: an interval that passes while a rollout is being waited for is skipped.
type Loop struct {
	Cycle       *Cycle
	Sample      func(ctx context.Context, p engine.Policy) error
	SampleEvery func(p engine.Policy) time.Duration
	Now         func() Moment
	Log         *slog.Logger
	Ran         func(p engine.Policy, err error) // is told of the end of every cycle; err: why it decided nothing
}

// Run works with the newest of the sets of policies that it is sent, until ctx ends. A policy that a new set leaves
// unchanged goes on undisturbed; one that is changed or gone ends its cycle first.
func (l *Loop) Run(ctx context.Context, sets <-chan []engine.Policy) {
	running, ending := map[string]*worker{}, map[string]*worker{}
	defer func() {
		for _, workers := range []map[string]*worker{running, ending} {
			for _, w := range workers {
				<-w.done
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case policies := <-sets:
			l.apply(ctx, running, ending, policies)
		}
	}
}

// worker is the goroutine of one policy.
type worker struct {
	revision string
	stop     context.CancelFunc // asks it to end after the cycle it is in
	done     chan struct{}
}

// apply stops and starts workers so that just the policies of a set run. By subject: a service has one worker at a time,
// whatever its policies are called. One that was stopped in the middle of a cycle is in ending until its cycle is done,
// and its successor waits for it.
func (l *Loop) apply(ctx context.Context, running, ending map[string]*worker, policies []engine.Policy) {
	l.Cycle.Budget.Watch(policies)
	wanted := map[string]engine.Policy{}
	for _, p := range policies {
		wanted[p.Subject()] = p
	}
	for key, w := range running {
		if p, keep := wanted[key]; !keep || p.Revision != w.revision {
			w.stop()
			ending[key] = w
			delete(running, key)
		}
	}
	for i, p := range policies {
		key := p.Subject()
		if running[key] != nil {
			continue
		}
		stopping, stop := context.WithCancel(ctx)
		w := &worker{revision: p.Revision, stop: stop, done: make(chan struct{})}
		running[key] = w
		old := ending[key]
		offset := p.EvaluationInterval * time.Duration(i) / time.Duration(len(policies))
		go func() {
			defer close(w.done)
			defer stop()
			if old != nil {
				<-old.done
			}
			l.work(ctx, stopping, p, offset)
		}()
	}
}

// work is the life of one policy: samples at one pace, cycles at another, the first of them after offset, so that many
// policies spread over their interval. A cycle under way ends by itself when stopping ends; only ctx cuts it short.
func (l *Loop) work(ctx, stopping context.Context, p engine.Policy, offset time.Duration) {
	var sampling sync.WaitGroup
	defer sampling.Wait()
	sampling.Go(func() {
		every(stopping, 0, l.SampleEvery(p), func() { l.sample(stopping, p) })
	})
	every(stopping, offset, p.EvaluationInterval, func() { l.cycle(ctx, p) })
}

// Once runs one cycle of each policy, after as many samples as a window needs.
func (l *Loop) Once(ctx context.Context, policies []engine.Policy, samples int) {
	l.Cycle.Budget.Watch(policies)
	var wg sync.WaitGroup
	for _, p := range policies {
		wg.Go(func() {
			sampling, enough := context.WithCancel(ctx)
			taken := 0
			every(sampling, 0, l.SampleEvery(p), func() {
				l.sample(ctx, p)
				if taken++; taken == samples {
					enough()
				}
			})
			enough()
			l.cycle(ctx, p)
		})
	}
	wg.Wait()
}

// every calls f after offset and then at each interval, until ctx ends. What f takes too long for is skipped.
func every(ctx context.Context, offset, interval time.Duration, f func()) {
	first := time.NewTimer(offset)
	defer first.Stop()
	select {
	case <-ctx.Done():
		return
	case <-first.C:
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		f()
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

func (l *Loop) sample(ctx context.Context, p engine.Policy) {
	if err := l.Sample(ctx, p); err != nil && ctx.Err() == nil {
		l.Log.Debug("sample", "policy", p.Name, "service", p.Service, "error", err)
	}
}

// cycle runs one pass.
func (l *Loop) cycle(ctx context.Context, p engine.Policy) {
	if ctx.Err() != nil {
		return
	}
	_, event, err := l.Cycle.Run(ctx, p, l.Now())
	if ctx.Err() != nil && event == nil {
		return // it was told to stop before it had decided
	}
	l.Ran(p, err)
}
