// Package poll is what sources that are asked over a network have in common: one query a metric, so many at once, an end
// to each, and no more questions to a source that does not answer.
package poll

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Asker answers a query, in the source's own language, with one number. What is not exactly one is an error that says
// what there was; never zero. The error does not repeat the query. It is an engine.Down where the source itself does not
// answer.
type Asker interface {
	Ask(ctx context.Context, query string) (float64, error)
}

const (
	patience = 15 * time.Second // for a slot: by then the next sample is due
	unused   = time.Hour        // a query that nobody has asked for so long is forgotten
)

// Each is a source that asks one query a metric. Each query has its own deadline, which begins when its turn has come, and
// its own breaker: one that hangs keeps nobody else from being answered.
type Each struct {
	asker    Asker
	deadline time.Duration
	slots    chan struct{}

	mu      sync.Mutex
	queries map[string]*query
	swept   time.Time
}

type query struct {
	breaker breaker
	used    time.Time
}

// NewEach asks at most so many queries side by side, over all policies, and waits for each answer until its deadline.
func NewEach(a Asker, atOnce int, deadline time.Duration) *Each {
	return &Each{asker: a, deadline: deadline, slots: make(chan struct{}, atOnce), queries: map[string]*query{}}
}

// Sample takes one sample of each metric, of the service as a whole.
func (e *Each) Sample(ctx context.Context, metrics []engine.Metric, _ engine.Service) ([]engine.Sample, error) {
	samples := make([]engine.Sample, len(metrics))
	errs := make([]error, len(metrics))
	at := time.Now() // one time for all: what they say is no older
	var wg sync.WaitGroup
	for i, m := range metrics {
		wg.Go(func() {
			value, err := e.ask(ctx, m.Query)
			if err != nil {
				errs[i] = engine.Unread{Metric: m.Name, Query: m.Query, Err: err}
				return
			}
			samples[i] = engine.Sample{Metric: m.Name, At: at, Value: value}
		})
	}
	wg.Wait()
	samples = slices.DeleteFunc(samples, func(s engine.Sample) bool { return s.At.IsZero() })
	return samples, errors.Join(errs...)
}

func (e *Each) ask(ctx context.Context, text string) (value float64, err error) {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-wait.C:
		return 0, fmt.Errorf("waited %s for %d other queries; raise atOnce of the source, or make them quicker", patience, cap(e.slots))
	case <-ctx.Done():
		return 0, fmt.Errorf("waited for other queries: %w", context.Cause(ctx))
	}
	err = e.query(text).breaker.ask(ctx, e.deadline, func(limited context.Context) (bool, error) {
		value, err = e.asker.Ask(limited, text)
		return err == nil, err
	})
	if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
		return 0, fmt.Errorf("the answer is %v, not a finite number", value)
	}
	return value, err
}

// query is what is known of one, and forgets those that nobody asks any more.
func (e *Each) query(text string) *query {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if now.Sub(e.swept) > unused {
		e.swept = now
		maps.DeleteFunc(e.queries, func(_ string, q *query) bool { return now.Sub(q.used) > unused })
	}
	if e.queries[text] == nil {
		e.queries[text] = &query{}
	}
	e.queries[text].used = now
	return e.queries[text]
}
