package redis

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/storetest"
)

// suite has a Redis of its own for each address, for a store is all of it.
var suite = storetest.Suite{Address: fresh, Open: openToLead}

// fresh is a Redis in which there is a store that nobody has used.
func fresh(tb testing.TB) string {
	tb.Helper()
	redis := start(tb, durable...)
	s := follower(tb, Options{URL: redis.url()})
	check(tb, s.Replace(tb.Context(), func(func(store.Part) error) error { return nil }, time.Time{}))
	check(tb, s.Shutdown())
	return redis.url()
}

// openToLead waits until a writer that was killed leads no longer.
func openToLead(url string) (store.Store, error) {
	s, err := patient(Options{URL: url})
	if err != nil {
		return nil, err
	}
	for begun := time.Now(); time.Since(begun) < time.Minute; <-time.After(5 * time.Millisecond) {
		lease, err := s.Lead(context.Background(), "a test", 50*time.Millisecond)
		if err != nil || lease.Mine {
			return s, err
		}
	}
	return nil, fmt.Errorf("somebody else leads for ever")
}

func TestConformance(t *testing.T) { suite.Run(t) }

func BenchmarkRecord(b *testing.B) { suite.Benchmark(b) }
