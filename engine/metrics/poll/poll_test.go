package poll

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// asking answers queries as a function does.
type asking func(ctx context.Context, query string) (float64, error)

func (f asking) Ask(ctx context.Context, query string) (float64, error) { return f(ctx, query) }

// slow answers 1 after a while, and knows how many were asked side by side.
type slow struct {
	takes time.Duration

	mu        sync.Mutex
	now, most int
}

func (s *slow) Ask(ctx context.Context, _ string) (float64, error) {
	s.add(1)
	defer s.add(-1)
	select {
	case <-time.After(s.takes):
		return 1, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

func (s *slow) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += n
	s.most = max(s.most, s.now)
}

func (s *slow) sideBySide() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

func metrics(queries ...string) []engine.Metric {
	var all []engine.Metric
	for _, q := range queries {
		all = append(all, engine.Metric{Name: "of " + q, Query: q})
	}
	return all
}

func TestEachAsksSideBySide(t *testing.T) {
	for name, c := range map[string]struct {
		atOnce, queries, policies int
		most                      int
		takes                     time.Duration
	}{
		"one":                     {1, 1, 1, 1, time.Second},
		"as many as there are":    {4, 3, 1, 3, time.Second},
		"in turns":                {2, 5, 1, 2, 3 * time.Second},
		"one after the other":     {1, 4, 1, 1, 4 * time.Second},
		"over all policies":       {2, 2, 3, 2, 3 * time.Second},
		"no more than are wanted": {50, 2, 2, 4, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asker := &slow{takes: time.Second}
				e, begun := NewEach(asker, c.atOnce, time.Minute), time.Now()
				var all sync.WaitGroup
				for range c.policies {
					all.Go(func() {
						samples, err := e.Sample(t.Context(), metrics(make([]string, c.queries)...), engine.Service{})
						if err != nil || len(samples) != c.queries {
							t.Errorf("%d samples, %v; want %d", len(samples), err, c.queries)
						}
					})
				}
				all.Wait()
				if took := time.Since(begun); took != c.takes || asker.sideBySide() != c.most {
					t.Errorf("took %s, %d side by side; want %s and %d", took, asker.sideBySide(), c.takes, c.most)
				}
			})
		})
	}
}

// The samples of a sweep have one time, its begin: what they say is no older, however long the answers take.
func TestEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		samples, err := NewEach(&slow{takes: time.Second}, 1, time.Minute).Sample(t.Context(), metrics("a", "b"), engine.Service{})
		if err != nil || len(samples) != 2 || samples[0].Metric != "of a" || samples[1].Metric != "of b" || samples[0].Replica != "" {
			t.Fatalf("%+v, %v", samples, err)
		}
		for _, s := range samples {
			if !s.At.Equal(begun) {
				t.Errorf("%s is of %s after the begin", s.Metric, s.At.Sub(begun))
			}
		}
	})
}

// The wait for other queries ends with the caller's patience.
func TestEachWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asker := &slow{takes: time.Hour}
		e := NewEach(asker, 1, 2*time.Hour)
		go func() { _, _ = e.Sample(t.Context(), metrics("long"), engine.Service{}) }() // it holds the only slot
		synctest.Wait()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errors.New("no answer within 5s"))
		defer cancel()
		begun := time.Now()
		samples, err := e.Sample(ctx, metrics("a", "b"), engine.Service{})
		if took := time.Since(begun); took != 5*time.Second || len(samples) != 0 || asker.sideBySide() != 1 {
			t.Errorf("after %s %v; %d side by side", took, samples, asker.sideBySide())
		}
		for _, want := range []string{`metric of a, query "a": waited for other queries: no answer within 5s`, `metric of b, query "b": `} {
			if !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("error %v; want %q", err, want)
			}
		}
		time.Sleep(2 * time.Hour)
		if _, err := e.Sample(t.Context(), metrics("a"), engine.Service{}); err != nil {
			t.Errorf("once the slot is free: %v", err)
		}
	})
}

// What can't be sampled says so with metric and query, and does not keep the rest from it.
func TestEachErrors(t *testing.T) {
	gone := errors.New("connection refused")
	e := NewEach(asking(func(_ context.Context, query string) (float64, error) {
		switch query {
		case "nan":
			return math.NaN(), nil
		case "inf":
			return math.Inf(1), nil
		case "-inf":
			return math.Inf(-1), nil
		case "down":
			return 0, engine.Down{Err: gone}
		case "both":
			return 5, errors.New("half an answer")
		}
		return -1e308, nil
	}), 2, time.Minute)
	samples, err := e.Sample(t.Context(), metrics("nan", "good", "inf", "down", "-inf", "both", "good"), engine.Service{})
	if len(samples) != 2 || samples[0].Value != -1e308 || samples[0].Metric != "of good" || samples[1] != (engine.Sample{Metric: "of good", At: samples[1].At, Value: -1e308}) {
		t.Errorf("samples %+v", samples)
	}
	want := strings.Join([]string{
		`metric of nan, query "nan": the answer is NaN, not a finite number`,
		`metric of inf, query "inf": the answer is +Inf, not a finite number`,
		`metric of down, query "down": connection refused`,
		`metric of -inf, query "-inf": the answer is -Inf, not a finite number`,
		`metric of both, query "both": half an answer`,
	}, "\n")
	if fmt.Sprint(err) != want {
		t.Errorf("error\n%v\nwant\n%s", err, want)
	}
	if !errors.As(err, &engine.Down{}) || !errors.Is(err, gone) {
		t.Errorf("%v does not tell that the source is down", err)
	}
}

func TestEachOfNothing(t *testing.T) {
	samples, err := NewEach(asking(nil), 1, time.Minute).Sample(t.Context(), nil, engine.Service{})
	if len(samples) != 0 || err != nil {
		t.Errorf("%v, %v", samples, err)
	}
}
