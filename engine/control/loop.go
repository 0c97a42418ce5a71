package control

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Loop runs the cycle of each policy at the policy's own interval, and samples its metrics in between. A policy has one
// cycle at a time: an interval that passes while a rollout is being waited for is skipped.
type Loop struct {
	Cycle       *Cycle
	Sample      func(ctx context.Context, p engine.Policy, part Part) error
	SampleEvery func(of []engine.Metric) time.Duration
	Now         func() Moment
	Sampled     func(p engine.Policy, part Part, err error) // is told of the end of every sampling; err: what could not be read
	Ran         func(p engine.Policy, err error)            // is told of the end of every cycle; err: why it decided nothing

	mu      sync.Mutex
	touched map[string]chan struct{} // by subject: asks for a cycle once it has been quiet
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
		spread := float64(i) / float64(len(policies))
		touched := l.listen(key)
		go func() {
			defer close(w.done)
			defer stop()
			if old != nil {
				<-old.done
			}
			l.work(ctx, stopping, p, spread, touched)
		}()
	}
}

// listen is where a worker hears that its subject was touched.
func (l *Loop) listen(subject string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.touched == nil {
		l.touched = map[string]chan struct{}{}
	}
	touched := make(chan struct{}, 1)
	l.touched[subject] = touched
	return touched
}

// Touched says that somebody else changed a subject's service: its next cycle comes as soon as it has been quiet.
func (l *Loop) Touched(subject string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.touched[subject] <- struct{}{}:
	default: // nobody works on it, or has heard already
	}
}

// work is the life of one policy: samples of each part at one pace, cycles at another, both begun after that part of their
// interval that spread says, so that many policies do not ask all at once. A cycle under way ends by itself when stopping
// ends; only ctx cuts it short.
func (l *Loop) work(ctx, stopping context.Context, p engine.Policy, spread float64, touched <-chan struct{}) {
	after := func(interval time.Duration) time.Duration { return time.Duration(spread * float64(interval)) }
	var sampling sync.WaitGroup
	defer sampling.Wait()
	for _, part := range Parts(p) {
		sampling.Go(func() {
			pace := l.SampleEvery(part.Metrics)
			every(stopping, after(pace), pace, nil, func() { l.sample(stopping, p, part) })
		})
	}
	every(stopping, after(p.EvaluationInterval), p.EvaluationInterval, touched, func() { l.cycle(ctx, p) })
}

// Once runs one cycle of each policy, after as many samples as a window needs.
func (l *Loop) Once(ctx context.Context, policies []engine.Policy, samples int) {
	l.Cycle.Budget.Watch(policies)
	var wg sync.WaitGroup
	for _, p := range policies {
		wg.Go(func() {
			var sampling sync.WaitGroup
			parts, pace := Parts(p), time.Duration(0)
			for _, part := range parts { // at the quickest pace, so that all windows are full at one time
				if every := l.SampleEvery(part.Metrics); pace == 0 || every < pace {
					pace = every
				}
			}
			for _, part := range parts {
				sampling.Go(func() { l.times(ctx, samples, pace, p, part) })
			}
			sampling.Wait()
			l.cycle(ctx, p)
		})
	}
	wg.Wait()
}

// times samples a part so many times.
func (l *Loop) times(ctx context.Context, samples int, pace time.Duration, p engine.Policy, part Part) {
	sampling, enough := context.WithCancel(ctx)
	defer enough()
	taken := 0
	every(sampling, 0, pace, nil, func() {
		l.sample(ctx, p, part)
		if taken++; taken == samples {
			enough()
		}
	})
}

// every calls f after offset and then at each interval, until ctx ends, and once it has been quiet after touched was sent
// to. What f takes too long for is skipped.
func every(ctx context.Context, offset, interval time.Duration, touched <-chan struct{}, f func()) {
	first := time.NewTimer(offset)
	defer first.Stop()
	select {
	case <-ctx.Done():
		return
	case <-first.C:
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	quiet := time.NewTimer(0)
	quiet.Stop()
	defer quiet.Stop()
	for ctx.Err() == nil {
		f()
		pause(ctx, ticker.C, touched, quiet)
	}
}

// pause returns at the next tick, once it has been quiet after a touch, or when ctx ends.
func pause(ctx context.Context, tick <-chan time.Time, touched <-chan struct{}, quiet *time.Timer) {
	for {
		select {
		case <-touched:
			quiet.Reset(guard.Quiet)
		case <-quiet.C:
			return
		case <-tick:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (l *Loop) sample(ctx context.Context, p engine.Policy, part Part) {
	err := l.Sample(ctx, p, part)
	if ctx.Err() == nil {
		l.Sampled(p, part, err)
	}
}

// waits says that a decision holds until nobody has touched the service for a while.
func waits(d engine.Decision) bool {
	return slices.ContainsFunc(d.Trace, func(s engine.Step) bool { return s.Stage == "drift" && s.Reason != "" })
}

// cycle runs one pass.
func (l *Loop) cycle(ctx context.Context, p engine.Policy) {
	if ctx.Err() != nil {
		return
	}
	record, event, err := l.Cycle.Run(ctx, p, l.Now())
	if waits(record.Decision) { // for quiet, which no event may tell of
		l.Touched(p.Subject())
	}
	if (ctx.Err() != nil || errors.Is(err, ErrStill)) && event == nil {
		return // it was told to stop before it had decided, or not to begin
	}
	l.Ran(p, err)
}
