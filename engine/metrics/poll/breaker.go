package poll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const (
	failures  = 3 // in a row, until a question is left alone for a while
	firstRest = 10 * time.Second
	lastRest  = 30 * time.Second
)

// breaker gives a question a deadline, and leaves it alone after three times in a row in which the source itself did not
// answer: for 10 s, and longer each time it still does not, up to 30 s: one that is back is to be heard soon. The reason is
// kept for those who ask meanwhile. The zero value is ready.
type breaker struct {
	mu     sync.Mutex
	failed int // in a row
	until  time.Time
	last   error
}

// ask asks, unless the question is being left alone. try says whether there was any answer, beside the error.
func (b *breaker) ask(ctx context.Context, deadline time.Duration, try func(context.Context) (answered bool, err error)) error {
	tries, err := b.resting(deadline)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("no answer within %s", deadline))
	defer cancel()
	answered, err := try(limited)
	switch down := why(limited, err); {
	case ctx.Err() != nil: // what was cut short from outside says nothing about the source
		b.unheard(tries)
	case !answered && down != nil:
		b.failedWith(down, tries)
	default:
		b.answered()
	}
	return err
}

// resting is why the question is not asked now. Once the rest is over one caller tries, and the others wait for what it
// hears, at most as long as it may take.
func (b *breaker) resting(deadline time.Duration) (tries bool, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed < failures {
		return false, nil
	}
	if time.Until(b.until) > 0 {
		return false, fmt.Errorf("not asked before %s, after %d failures in a row: %w", b.until.UTC().Format("15:04:05 MST"), b.failed, b.last)
	}
	b.until = time.Now().Add(deadline)
	return true, nil
}

func (b *breaker) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = 0
}

// failedWith counts. A question that was under way when the rest began, and failed too, says nothing new: otherwise many
// policies that ask at once would make the first rest the longest.
func (b *breaker) failedWith(err error, tries bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed >= failures && !tries {
		return
	}
	b.failed++
	b.last = err
	if b.failed >= failures {
		rest := firstRest << min(b.failed-failures, 4)
		b.until = time.Now().Add(min(rest, lastRest))
	}
}

// unheard lets another try at once.
func (b *breaker) unheard(tried bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if tried {
		b.until = time.Now()
	}
}

// why says why the source itself did not answer, without the metric that it was asked for: all of the source's share it.
// nil: it did, if only that a query is bad.
func why(limited context.Context, err error) error {
	down, u := engine.Down{}, engine.Unread{}
	switch {
	case errors.As(err, &down):
		return down
	case limited.Err() == nil:
		return nil
	case errors.As(err, &u):
		return u.Err
	default:
		return cmp.Or(err, context.Cause(limited))
	}
}

// Source takes samples: the port of the loop.
type Source interface {
	Sample(ctx context.Context, metrics []engine.Metric, s engine.Service) ([]engine.Sample, error)
}

// Breaker gives each sweep of a source that is asked for all metrics at once a deadline, and leaves the source alone for a
// while that did not answer three times in a row.
type Breaker struct {
	source   Source
	deadline time.Duration
	breaker  breaker
}

// NewBreaker puts a breaker before a source.
func NewBreaker(s Source, deadline time.Duration) *Breaker {
	return &Breaker{source: s, deadline: deadline}
}

// Sample asks the source, unless it is being left alone.
func (b *Breaker) Sample(ctx context.Context, metrics []engine.Metric, s engine.Service) (samples []engine.Sample, err error) {
	asked := false
	err = b.breaker.ask(ctx, b.deadline, func(limited context.Context) (bool, error) {
		asked = true
		samples, err = b.source.Sample(limited, metrics, s)
		return len(samples) > 0, err
	})
	if !asked {
		err = each(metrics, err)
	}
	return samples, err
}

// each says the same of all metrics.
func each(metrics []engine.Metric, err error) error {
	errs := make([]error, len(metrics))
	for i, m := range metrics {
		errs[i] = engine.Unread{Metric: m.Name, Query: m.Query, Err: err}
	}
	return errors.Join(errs...)
}
