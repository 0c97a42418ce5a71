package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// register gives the lease to whoever asks first, and notes when it was last prolonged.
type register struct {
	last time.Time
}

func (r *register) Lead(_ context.Context, name string, _ time.Duration) (store.Lease, error) {
	r.last = time.Now()
	return store.Lease{Leader: name, Epoch: 1, Mine: true}, nil
}

func (r *register) Resign(context.Context) error                { return nil }
func (r *register) Leader(context.Context) (store.Lease, error) { return store.Lease{}, nil }

// A daemon that is told to stop keeps the lease until what it began has ended, and no longer. One that has lost it does not
// take it again.
func TestTheLeaseIsHeldToTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		asleep time.Duration // before it is told to stop
		held   time.Duration // from then on
	}{
		"it leads":              {0, 6 * time.Second},
		"its lease has run out": {4 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, start := &register{}, time.Now()
				l := &leader{elector: r, name: "a", length: 3 * time.Second, since: func() time.Duration { return time.Since(start) }}
				ctx, stop := context.WithCancel(t.Context())
				if _, err := l.renew(ctx); err != nil {
					t.Fatal(err)
				}
				release := l.hold(ctx)
				time.Sleep(c.asleep)
				r.last = time.Time{}
				stop()
				told := time.Now()
				time.Sleep(6500 * time.Millisecond) // an order ends
				release()
				time.Sleep(time.Minute)
				if c.held == 0 && !r.last.IsZero() || c.held > 0 && r.last.Sub(told) != c.held {
					t.Errorf("told to stop at %s it prolonged its lease for the last time at %s", told, r.last)
				}
			})
		})
	}
}

// What is done under a lease may take longer than it lasts.
func TestTheLeaseIsProlonged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, start := &register{}, time.Now()
		l := &leader{elector: r, name: "a", length: 3 * time.Second, since: func() time.Duration { return time.Since(start) }}
		if _, err := l.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		stop := l.prolong(t.Context())
		time.Sleep(time.Minute)
		if !l.good() {
			t.Error("the lease has run out")
		}
		stop()
		last := r.last
		time.Sleep(time.Minute)
		if r.last != last {
			t.Error("it is prolonged after its end")
		}
	})
}

// An order ends with the lease under which it was begun, though the same daemon has taken it anew.
func TestAnOrderEndsWithItsLease(t *testing.T) {
	terms := &terms{epoch: 1}
	l := &leader{elector: terms, name: "a", length: time.Hour, since: func() time.Duration { return 0 }}
	lead := func() {
		if _, err := l.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	lead()
	order, done := l.during(t.Context())
	defer done()
	lead()
	if order.Err() != nil {
		t.Error("it ends with a lease that was prolonged")
	}
	terms.epoch = 3
	lead()
	<-order.Done()
	if why := context.Cause(order); !errors.Is(why, errTerm) {
		t.Errorf("it ends since %v", why)
	}
	next, done := l.during(t.Context())
	defer done()
	if next.Err() != nil {
		t.Errorf("the next has ended: %v", context.Cause(next))
	}
}

// terms gives the lease in an epoch.
type terms struct {
	register
	epoch int64
}

func (r *terms) Lead(_ context.Context, name string, _ time.Duration) (store.Lease, error) {
	return store.Lease{Leader: name, Epoch: r.epoch, Mine: true}, nil
}
