// Package app puts flyball together: it is the only package that sees two adapters, and everything it makes it makes in
// one straight line.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/flyball-dev/flyball/engine/notify"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/telemetry"
	"github.com/flyball-dev/flyball/schema"
	"golang.org/x/sync/errgroup"
)

// App is the daemon.
type App struct {
	given   Options // from outside
	o       Options // with the author's config at the start
	log     *slog.Logger
	store   store.Store
	leader  *leader
	drivers drivers
	loop    *control.Loop
	rules   atomic.Pointer[[]answers] // the newest first
	live    *control.Live
	system  control.Feed // the source of that name
	sources *sources     // the others
	sets    chan []engine.Policy
	errands chan errand // what people ask for
	lookout lookout     // for policies by API; New looks, and then watch
	seen    uint64      // the state of what New read
	since   time.Time
	tells   *telemetry.Metrics
	probe   *probe

	stopping atomic.Bool

	posting  chan struct{}      // full while somebody changes a policy by API
	written  chan chan struct{} // is sent what is to be closed once that is at work
	watching atomic.Bool        // there is somebody who takes it up
	reader   reader             // of policies beside the watch
	trying   chan struct{}      // full while a policy is tried

	restoring sync.Mutex // while the store is replaced
	noting    sync.Mutex // while policies are compared with the audit log
	sending   sync.Mutex // while the loop is handed policies

	notifier *notify.Notifier
	telling  string // whom
	troubles troubles
	states   states
	events   lastEvents
	hub      *api.Hub
	stir     chan struct{} // something is to be told

	mu       sync.Mutex
	stirred  map[string]bool // policies that something has come of, by name
	policies []engine.Policy
	listens  string     // the URL of the API; empty: it is at the socket alone
	admits   *auth.Gate // to it; nil: it is at the socket alone
	problem  string     // why the policies on disk are not the ones at work
	last     map[string]last
	known    api.Status           // as last told
	loaded   Loaded               // the set that policies are of
	reloaded time.Time            // when that was read
	unread   map[string]bool      // by policy and source: its last sampling failed
	turns    map[string]time.Time // by subject of those that the loop runs: the end of the last evaluation, or when it was taken up
}

// last is the newest cycle of a policy.
type last struct {
	record engine.Record
	event  *engine.Event // the newest that ended; nil: none has
	err    error
}

// New loads, checks and connects everything. It fails before anything is touched.
func New(ctx context.Context, given Options) (*App, error) {
	seen := fingerprint(given.Policies)
	loaded, err := load(ctx, given, lookout{})
	if err != nil {
		return nil, err
	}
	o := given.filled(loaded.Config)
	o.setLog()
	o.runs = true
	ledgers, err := openStore(o, false)
	if err != nil {
		return nil, err
	}
	var by lookout
	if by.look(ctx, ledgers); len(by.documents) > 0 {
		if loaded, err = load(ctx, given, by); err != nil {
			return nil, errors.Join(err, ledgers.Shutdown())
		}
	}
	loaded.whole = by.known
	by.missed(notRead(loaded.Set) != nil, time.Now()) // there is nothing older that could stay at work
	loaded.warn(o.Log)
	to, err := connected(o, loaded.Policies)
	if err != nil {
		return nil, errors.Join(err, ledgers.Shutdown())
	}
	lead := newLeader(ledgers, o)
	to.ask(lead.may)
	now := clock()
	a := &App{
		given: given, o: o, log: o.Log, store: ledgers, leader: lead, drivers: to,
		posting: make(chan struct{}, 1), written: make(chan chan struct{}),
		reader: reader{busy: make(chan struct{}, 1)}, trying: make(chan struct{}, 1),
		sets: make(chan []engine.Policy), errands: make(chan errand), lookout: by, seen: by.sum(seen), last: map[string]last{}, unread: map[string]bool{}, since: now().At,
		hub: &api.Hub{}, stir: make(chan struct{}, 1), stirred: map[string]bool{},
	}
	a.tells, a.probe = telemetry.New(a.state), &probe{look: a.look}
	a.system = control.Feed{Source: byDriver{stats: poll.NewBreaker(to.stats, callDeadline), simulated: to.simulated}}
	a.sources = &sources{env: o.env()}
	live := &control.Live{
		Targets:    timedAll(to.targets(), a.tells),
		NewWindows: func(p engine.Policy) control.Windows { return metrics.For(p) },
		History:    ledgers,
		Deadline:   callDeadline,
		Budget:     &control.Budget{MaxReplicas: o.MaxReplicas, MinMemory: int64(*o.MinMemoryMB) << 20},
		Weigher:    to.stats,
		HostMemory: hostMemory(to.stats),
	}
	live.Budget.PerReplica, live.Budget.Available = live.PerReplica, live.Available
	a.live = live
	a.loop = &control.Loop{
		Cycle: &control.Cycle{
			World: live, Rules: a, Ledger: ledger{ledgers, o.Enabled, o.DryRun, a.storeFailed, &a.states}, Actor: termed{live, lead},
			Decided: a.decided, Ended: a.ended,
			Budget: live.Budget, Boot: func() engine.Boot { return now().Boot },
		},
		Sample: live.Sample, SampleEvery: engine.SampleEvery,
		Now: now, Sampled: a.sampled, Ran: a.ran,
	}
	a.notifier = &notify.Notifier{Outbox: ledgers, Now: func() time.Time { return now().At }, Log: o.Log}
	a.use(ctx, loaded)
	return a, errors.Join(a.feed(loaded.Config), a.tell(loaded.Config.Notify))
}

// callDeadline is for one call to a target, and for one sweep over the statistics of an engine's containers.
const callDeadline = 10 * time.Second

// feed makes the sources of a config those that are asked.
func (a *App) feed(c schema.Config) error {
	a.mu.Lock()
	feeds, closeOld := a.sources.feeds(c.Sources)
	a.mu.Unlock()
	feeds["system"] = a.system
	a.live.Use(feeds)
	return closeOld()
}

// Close lets go of what New took hold of.
func (a *App) Close() error {
	a.restoring.Lock() // whoever asked for it may be gone
	defer a.restoring.Unlock()
	a.probe.close()
	return errors.Join(mine(a.store.Shutdown()), a.drivers.close(), a.sources.close())
}

// Run is the daemon: it runs the policies and answers on the socket until ctx ends, and reloads when a policy file
// changes or reload is sent to.
func (a *App) Run(ctx context.Context, reload <-chan os.Signal) error {
	a.banner()
	door, err := a.open(ctx)
	if err != nil {
		return err
	}
	if a.leader.elector == nil {
		a.began(ctx, "started")
		a.notePolicies(ctx)
		a.recall(ctx)
	}
	group, ctx := errgroup.WithContext(ctx)
	release := a.leader.hold(ctx)
	stopping := context.AfterFunc(ctx, func() { a.stopping.Store(true) })
	defer stopping()
	group.Go(func() error { return api.Serve(ctx, a.o.Socket, a.front(nil)) })
	if door != nil {
		a.log.Info("listens", "url", door.URL())
		if !door.Secure() && !local(door.Address()) {
			a.log.Warn("tokens and passwords go over the network as they are: set config.api.tlsCert and tlsKey, or put a proxy with TLS in front", "url", door.URL())
		}
		gate := a.gate()
		a.mu.Lock()
		a.listens, a.admits = door.URL(), gate
		a.mu.Unlock()
		group.Go(func() error { return door.Serve(ctx, a.front(gate)) })
	}
	group.Go(func() error { a.lead(ctx); return nil })
	group.Go(func() error { a.loop.Run(ctx, a.sets); return nil })
	group.Go(func() error { a.run(ctx, group); return nil })
	group.Go(func() error { a.listen(ctx); return nil })
	group.Go(func() error { a.watch(ctx, reload); return nil })
	group.Go(func() error { a.keep(ctx); return nil })
	group.Go(func() error { a.notify(ctx); return nil })
	group.Go(func() error { a.news(ctx); return nil })
	err = group.Wait()
	release()
	a.stopped(err)
	err = errors.Join(err, a.resign())
	a.log.Info("stopped")
	return err
}

// keep has the samples written to disk every minute. What can't be written waits for the next time.
func (a *App) keep(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return // closing the store writes the rest
		case now := <-tick.C:
			if !a.leader.leads() {
				continue // and there are none
			}
			if err := a.store.Flush(ctx, now); err != nil && ctx.Err() == nil {
				a.storeFailed("samples", err)
				a.log.Error("samples are kept in memory for now", "error", err)
			}
		}
	}
}

// Once runs one cycle of each policy. The error is why cycles decided nothing.
func (a *App) Once(ctx context.Context) error {
	if err := a.first(ctx); err != nil {
		return err
	}
	stop := a.leader.prolong(ctx)
	err := a.once(ctx)
	stop()
	return errors.Join(err, a.resign())
}

func (a *App) once(ctx context.Context) error {
	a.banner()
	a.began(ctx, "runs once")
	a.notePolicies(ctx)
	const samples = engine.Instants + 1 // a rate needs one reading more than it has values
	a.log.Info("sampling", "samples", samples)
	policies := a.atWork()
	a.loop.Once(ctx, policies, samples)
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for _, p := range policies {
		if err := a.last[p.Subject()].err; err != nil {
			errs = append(errs, fmt.Errorf("policy %s: %w", p.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (a *App) banner() {
	on, why := a.o.Enabled, "AUTOSCALING_ENABLED"
	if is, known, err := a.store.Switch(context.Background()); err == nil && known {
		on, why = is.On, "flyball enable or disable"
	}
	a.log.Info("flyball", "version", a.o.Version, "policies", len(a.policies), "at work", len(a.atWork()),
		"autoscaling", on, "by", why, "dry run", a.o.DryRun, "store", a.o.Store, "socket", a.o.Socket)
	switch {
	case a.o.DryRun:
		a.log.Info("dry run: decisions are made as if autoscaling were on, nothing is touched")
	case !on:
		a.log.Warn("autoscaling is off: decisions are shown, nothing is touched; turn it on with flyball enable")
	}
	pauses, _ := a.store.Pauses(context.Background()) // a cycle tells when they can't be read
	for _, place := range slices.Sorted(maps.Keys(pauses)) {
		if p := holding(pauses, place, a.loop.Now()); p != nil {
			a.log.Warn("paused", "service", called(p.Service), "until", untilText(p.Until), "actor", p.Actor, "reason", p.Reason)
		}
	}
}

// use makes a checked set the one at work.
func (a *App) use(ctx context.Context, l Loaded) {
	if a.leader.leads() { // else once it does
		a.learn(ctx, l)
	}
	a.answered(l)
	a.mu.Lock()
	a.policies, a.problem, a.loaded, a.reloaded = l.Policies, "", l, a.loop.Now().At
	a.mu.Unlock()
	a.counts()
}

// set is the one that is at work.
func (a *App) set() Loaded {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.loaded
}

// atWork is the policies that are enabled, in the mode they run in.
func (a *App) atWork() []engine.Policy {
	a.mu.Lock()
	defer a.mu.Unlock()
	var on []engine.Policy
	for _, p := range a.policies {
		if p.Enabled {
			on = append(on, a.mode(p))
		}
	}
	return on
}

func (a *App) mode(p engine.Policy) engine.Policy {
	if a.o.DryRun {
		p.Mode = engine.Shadow
	}
	return p
}
