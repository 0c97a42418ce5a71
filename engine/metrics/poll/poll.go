// Package poll is what sources that are asked over a network have in common: one query a metric, so many at once, an end
// to each, and no more questions to a source that does not answer.
package poll

import (
	"context"
	"errors"
	"fmt"
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

// Each is a source that asks one query a metric.
type Each struct {
	asker Asker
	slots chan struct{}
}

// NewEach asks at most so many queries side by side, over all policies.
func NewEach(a Asker, atOnce int) *Each {
	return &Each{a, make(chan struct{}, atOnce)}
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

func (e *Each) ask(ctx context.Context, query string) (float64, error) {
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return 0, fmt.Errorf("waited for other queries: %w", context.Cause(ctx))
	}
	value, err := e.asker.Ask(ctx, query)
	if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
		return 0, fmt.Errorf("the answer is %v, not a finite number", value)
	}
	return value, err
}
