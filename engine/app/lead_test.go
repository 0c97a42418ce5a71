package app

import (
	"context"
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
