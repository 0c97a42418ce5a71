package redis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
)

// What is acknowledged is on disk (appendfsync always). Beside flyball's records is what one could write by hand: the state,
// the record and an entry of the log, packed before, in one transaction.
func BenchmarkLiveRecords(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("flyball, %d at once", writers), func(b *testing.B) {
			redis := start(b, durable...)
			s := leader(b, Options{URL: redis.url()})
			var n atomic.Int64
			together(b, writers, func(dice *rand.Rand, writer int) error {
				r, state := realistic(dice, int(n.Add(1)%100), writer) // within an hour
				return s.Record(b.Context(), r, state)
			})
		})
		b.Run(fmt.Sprintf("by hand, %d at once", writers), func(b *testing.B) {
			redis := start(b, durable...)
			c := client.NewClient(&client.Options{Addr: redis.address()})
			defer c.Close()
			r, state := realistic(rand.New(rand.NewPCG(1, 2)), 1, 1)
			packed, err := new(packer).pack(r)
			check(b, err)
			text, err := stateText(state)
			check(b, err)
			var n atomic.Int64
			together(b, writers, func(_ *rand.Rand, writer int) error {
				_, err := c.TxPipelined(b.Context(), func(p client.Pipeliner) error {
					p.HSet(b.Context(), "core", writer, text)
					p.HSet(b.Context(), "rows", n.Add(1), packed)
					p.XAdd(b.Context(), &client.XAddArgs{Stream: "audit", Values: []string{"entry", "scale_up from 3 to 5"}})
					return nil
				})
				return err
			})
		})
	}
}

// together has so many write, and measures each write.
func together(b *testing.B, writers int, write func(dice *rand.Rand, writer int) error) {
	b.Helper()
	left := make(chan struct{})
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			dice := rand.New(rand.NewPCG(1, uint64(writer)))
			for range left {
				began := time.Now()
				if err := write(dice, writer); err != nil {
					b.Error(err)
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	for b.Loop() {
		left <- struct{}{}
	}
	close(left)
	all.Wait()
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "records/s")
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// A decision is read as a cycle does.
func BenchmarkLiveState(b *testing.B) {
	redis := start(b)
	s := leader(b, Options{URL: redis.url()})
	r, state := realistic(rand.New(rand.NewPCG(1, 2)), 1, 1)
	check(b, s.Record(b.Context(), r, state))
	p := engine.Policy{Name: r.Policy, Service: r.Service, Target: r.Target, Mode: r.Mode}
	for b.Loop() {
		if got, err := s.State(b.Context(), p); err != nil || got.Known != state.Known {
			b.Fatalf("state is %+v, %v", got, err)
		}
	}
}
