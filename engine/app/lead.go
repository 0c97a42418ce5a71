package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/store"
)

const (
	lease      = 10 * time.Second // unless the config says otherwise
	resignTime = 2 * time.Second
)

// leader is this daemon's part in who acts, where several share a store. One that has a store for itself always leads.
type leader struct {
	elector store.Elector // nil: the store is for one daemon
	name    string
	length  time.Duration        // of the lease
	since   func() time.Duration // goes on while the process is stopped, and while the machine sleeps

	mu    sync.Mutex
	lease store.Lease     // as last heard
	term  context.Context // ends when the lease is another's, or another one
	end   context.CancelCauseFunc
	until time.Duration // so long one of its own is good, whatever happens to the store
	lost  error         // why nothing could be heard the last time
}

func newLeader(of store.Store, o Options) *leader {
	l := &leader{length: o.lease, since: upFrom(time.Now())}
	l.elector, _ = of.(store.Elector)
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	l.name = fmt.Sprintf("%s pid %d", host, os.Getpid())
	return l
}

// upFrom is the time since an instant: by the machine's own account where it has one, since that of the process stands
// still while the machine sleeps.
func upFrom(start time.Time) func() time.Duration {
	return func() time.Duration {
		if up, known := uptime(); known {
			return up
		}
		return time.Since(start)
	}
}

// leads says whether decisions are this daemon's. They still are while the store can't be reached: it is then the store that
// takes none, and the calls that are not permitted.
func (l *leader) leads() bool {
	if l.elector == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lease.Mine
}

// heard is the lease as last heard of, and why nothing was heard since.
func (l *leader) heard() (store.Lease, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lease, l.lost
}

// told is who leads, as status says it; nil where there is one daemon.
func (l *leader) told() *api.Leader {
	if l.elector == nil {
		return nil
	}
	now, _ := l.heard()
	return &api.Leader{Name: now.Leader, Epoch: now.Epoch, Self: now.Mine}
}

// renew takes the lease, prolongs it, or hears who has it.
func (l *leader) renew(ctx context.Context) (store.Lease, error) {
	asked := l.since()
	ctx, cancel := context.WithTimeout(ctx, l.length/3)
	defer cancel()
	now, err := l.elector.Lead(ctx, l.name, l.length)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost = err; err != nil {
		return l.lease, err
	}
	if l.term == nil || now.Mine != l.lease.Mine || now.Epoch != l.lease.Epoch {
		if l.end != nil {
			l.end(errTerm)
		}
		l.term, l.end = context.WithCancelCause(context.Background())
	}
	if l.lease = now; now.Mine {
		l.until = asked + l.length
	}
	return now, nil
}

var errTerm = errors.New("the lease had run out: what was begun before is settled first")

// during is ctx, which ends with the lease of now too: another daemon may have settled what was begun under it, though this
// one leads again.
func (l *leader) during(ctx context.Context) (context.Context, func()) {
	l.mu.Lock()
	term := l.term
	l.mu.Unlock()
	if term == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	forget := context.AfterFunc(term, func() { cancel(context.Cause(term)) })
	return ctx, func() { forget(); cancel(nil) }
}

// termed is an actor that ends its orders with the lease under which they were begun.
type termed struct {
	control.Actor
	leader *leader
}

// Scale passes the order on.
func (t termed) Scale(ctx context.Context, o engine.Order) engine.Outcome {
	ctx, done := t.leader.during(ctx)
	defer done()
	return t.Actor.Scale(ctx, o)
}

// hold keeps the lease once ctx has ended, for as long as what was begun is being brought to its end, until release is called:
// another daemon that led meanwhile would settle it, and its end could not be recorded. A lease that has run out stays so.
func (l *leader) hold(ctx context.Context) (release func()) {
	holding, stop := context.WithCancel(context.WithoutCancel(ctx))
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-ctx.Done():
		case <-holding.Done():
			return
		}
		tick := time.NewTicker(l.length / 3)
		defer tick.Stop()
		for l.good() {
			_, _ = l.renew(holding) // where it fails, calls and the ledger say so
			select {
			case <-tick.C:
			case <-holding.Done():
				return
			}
		}
	}()
	return func() { stop(); <-gone }
}

// prolong keeps the lease that was taken until stop is called. The store refuses what is written by one who lost it.
func (l *leader) prolong(ctx context.Context) (stop func()) {
	if l.elector == nil {
		return func() {}
	}
	renewing, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(l.length / 3)
		defer tick.Stop()
		for {
			select {
			case <-renewing.Done():
				return
			case <-tick.C:
				_, _ = l.renew(renewing)
			}
		}
	}()
	return func() { end(); <-ended }
}

// good says that there is a lease, and that it has not run out.
func (l *leader) good() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.elector != nil && l.lease.Mine && l.since() < l.until
}

// may permits a call that changes something. It asks the store only where the lease may have run out: when this process,
// the machine or the store was stopped meanwhile. A lease that had to be taken anew is another one.
func (l *leader) may(ctx context.Context) error {
	if l.elector == nil {
		return nil
	}
	l.mu.Lock()
	before, good := l.lease, l.lease.Mine && l.since() < l.until
	l.mu.Unlock()
	if good {
		return nil
	}
	now, err := l.renew(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("not called, since the lease has run out and the store can't be asked: %w", err)
	case !now.Mine:
		return fmt.Errorf("not called, since %s leads now", now.Leader)
	case now.Epoch != before.Epoch:
		return fmt.Errorf("not called, since %w", errTerm)
	}
	return nil
}

// resign writes what only a leader may, and lets the next daemon lead at once.
func (a *App) resign() error {
	if a.leader.elector == nil || !a.leader.leads() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), resignTime)
	defer cancel()
	return errors.Join(mine(a.store.Flush(ctx, a.loop.Now().At)), a.leader.elector.Resign(ctx))
}

// mine is an error of a last write, but for one that says that another daemon leads: then there is nothing more to write.
func mine(err error) error {
	if errors.Is(err, store.ErrFenced) {
		return nil
	}
	return err
}

// lead has the policies run as long as this daemon leads.
func (a *App) lead(ctx context.Context) {
	if a.leader.elector == nil {
		a.settle(ctx)
		return
	}
	tick := time.NewTicker(a.leader.length / 3)
	defer tick.Stop()
	var told store.Lease
	silent := false
	for ctx.Err() == nil {
		now, err := a.leader.renew(ctx)
		a.storeFailed("lease", err)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !silent:
			a.log.Error("the store can't be reached: nothing is decided until it can", "error", err)
		case err == nil && silent:
			a.log.Info("the store can be reached again")
		}
		silent = err != nil
		if now != told && err == nil {
			if told == (store.Lease{}) { // a Redis that was empty took nothing before
				a.began(ctx, "started")
			}
			a.led(ctx, told, now)
			told = now
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// first takes the lease for a single cycle.
func (a *App) first(ctx context.Context) error {
	if a.leader.elector == nil {
		return nil
	}
	now, err := a.leader.renew(ctx)
	if err == nil && !now.Mine {
		err = fmt.Errorf("%s leads, and two that act would be one too many: stop it first", now.Leader)
	}
	if err == nil {
		a.learn(ctx, a.set())
	}
	return err
}

// led takes up, or lays down, what the leader does.
func (a *App) led(ctx context.Context, before, now store.Lease) {
	a.states.forget()
	a.events.forget()
	if !now.Mine {
		say := a.log.Info
		if before.Mine {
			say = a.log.Warn
		}
		say("another daemon leads: this one serves what is on record", "leader", now.Leader, "epoch", now.Epoch)
		a.send(ctx)
		return
	}
	stop := a.leader.prolong(ctx) // what follows may wait for Docker, and for git
	defer stop()
	a.log.Info("this daemon leads", "name", now.Leader, "epoch", now.Epoch)
	a.note(ctx, store.Entry{At: a.loop.Now().At, Actor: now.Leader, Kind: store.OfDaemon, Message: fmt.Sprintf("leads, epoch %d", now.Epoch)})
	a.settle(ctx)
	a.recall(ctx)
	a.send(ctx)
	a.learn(ctx, a.set())
	a.notePolicies(ctx)
}

// elsewhere refuses what only the leader does.
func (a *App) elsewhere(what string) error {
	if a.leader.leads() {
		return nil
	}
	switch now, lost := a.leader.heard(); {
	case lost != nil:
		return api.Refusal{Status: http.StatusServiceUnavailable, Detail: fmt.Sprintf("%s needs the store, which can't be reached: %v", what, lost)}
	case now.Leader == "":
		return api.Refusal{Status: http.StatusServiceUnavailable, Detail: what + " needs the lease, which nobody has yet; try again in a moment"}
	default:
		return api.Refusal{Status: http.StatusConflict, Detail: fmt.Sprintf("%s is the leader's, which is %s: ask there, at the --socket or --url of that daemon", what, now.Leader)}
	}
}
