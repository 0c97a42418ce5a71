package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const (
	fresh    = 5 * time.Second // so old what was found may be
	lookTime = 3 * time.Second // for one look
	lookWait = time.Second     // so long somebody who asks waits for it
)

// finding is what was there when store and target were last looked at.
type finding struct {
	at              time.Time
	store           error // why the store could not be read
	target          error // why no target that is needed answers
	enabled, turned bool  // the global switch, and whether somebody ever turned it
	pauses          map[string]engine.Pause
	waiting, dead   int // messages in the outbox
}

// probe looks at store and target for whoever asks how the daemon is: once in a while however many ask, and one look at a
// time, so that a store that hangs holds up one goroutine and nobody else.
type probe struct {
	look func(ctx context.Context) finding

	mu     sync.Mutex
	newest finding
	under  chan struct{} // is closed at the end of the look that is under way; nil: none is
	began  time.Time     // when that began
	cancel context.CancelFunc
	closed bool
}

// see is what is there now, or what is known of it.
func (p *probe) see(ctx context.Context) finding {
	p.mu.Lock()
	if time.Since(p.newest.at) <= fresh || p.closed {
		defer p.mu.Unlock()
		return p.newest
	}
	if p.under == nil {
		p.begin()
	}
	under := p.under
	p.mu.Unlock()
	patience := time.NewTimer(lookWait)
	defer patience.Stop()
	select {
	case <-under:
	case <-patience.C:
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.under == under {
		return finding{store: fmt.Errorf("the store has not answered for %s", time.Since(p.began).Round(time.Second)), target: p.newest.target}
	}
	return p.newest
}

// begin looks, with p.mu held.
func (p *probe) begin() {
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	under := make(chan struct{})
	p.under, p.began, p.cancel = under, time.Now(), cancel
	go func() {
		defer cancel()
		f := p.look(ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		f.at = time.Now()
		p.newest, p.under = f, nil
		close(under)
	}()
}

// close ends the look that is under way, and lets no other begin.
func (p *probe) close() {
	p.mu.Lock()
	p.closed = true
	under, cancel := p.under, p.cancel
	p.mu.Unlock()
	if under != nil {
		cancel()
		<-under
	}
}

// look asks the store for what it has anyway, and the target where one is needed.
func (a *App) look(ctx context.Context) finding {
	f := finding{}
	is, turned, err := a.store.Switch(ctx)
	f.enabled, f.turned, f.store = is.On, turned, err
	f.pauses, err = a.store.Pauses(ctx)
	f.store = errors.Join(f.store, err)
	f.waiting, f.dead, err = a.store.Depth(ctx)
	f.store = errors.Join(f.store, err)
	a.storeFailed("look", f.store)
	f.target = a.reach(ctx)
	return f
}

// reach says why the Docker engine can't be reached, where a policy at work needs it.
func (a *App) reach(ctx context.Context) error {
	if !a.leader.leads() {
		return nil
	}
	for _, p := range a.atWork() {
		if p.Target.Driver != "sim" {
			return a.drivers.compose.Reach(ctx) // all drivers ask the same one
		}
	}
	return nil
}
