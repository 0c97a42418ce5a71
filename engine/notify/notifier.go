package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// Settings are who is told.
type Settings struct {
	Receivers []Receiver
	Allow     Allow
	Heartbeat *Heartbeat // nil: nobody waits for one
}

// Notifier tells. Its methods are safe for concurrent use.
type Notifier struct {
	Outbox Outbox
	Now    func() time.Time
	Log    *slog.Logger
	Chance func() float64 // 0..1, which spreads retries; nil: at random

	carry    http.RoundTripper // nil: the network
	tally    counters
	mu       sync.Mutex
	settings Settings
	again    chan struct{} // closed when what Run goes by has changed
}

const (
	pace     = time.Second // at which the log is looked at
	idlePace = time.Minute // and while nobody is told
)

// Use makes settings those that are gone by.
func (n *Notifier) Use(s Settings) {
	n.mu.Lock()
	n.settings = s
	n.mu.Unlock()
	n.Again()
}

// Again has Run begin anew with what the outbox has: after a restore.
func (n *Notifier) Again() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.again != nil {
		close(n.again)
		n.again = nil
	}
}

// now are the settings of now, and what is closed when they are no longer.
func (n *Notifier) now() (Settings, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.again == nil {
		n.again = make(chan struct{})
	}
	return n.settings, n.again
}

// Receivers are who is told.
func (n *Notifier) Receivers() []Receiver {
	settings, _ := n.now()
	return settings.Receivers
}

// Counts are how many messages each receiver took, and did not.
func (n *Notifier) Counts() map[string]Counts { return n.tally.read() }

// Begin sets the cursor to the end of the log, where it was never set and somebody is to be told: what happened before that is not
// told. Run does so too; who wants the first thing that happens to be told calls it before.
func (n *Notifier) Begin(ctx context.Context) error {
	if len(n.Receivers()) == 0 {
		return nil
	}
	if _, known, err := n.Outbox.Posted(ctx); known || err != nil {
		return err
	}
	newest, err := n.Outbox.Audited(ctx, store.Filter{Limit: 1})
	if err != nil || len(newest) == 0 {
		return err // of an empty log the first entry is told
	}
	return n.Outbox.Post(ctx, newest[0].Number)
}

// Run makes messages and delivers them until ctx ends. Only the leader is to run it.
func (n *Notifier) Run(ctx context.Context) {
	for ctx.Err() == nil {
		settings, again := n.now()
		term, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.serve(term, settings)
		}()
		select {
		case <-ctx.Done():
		case <-again:
		}
		stop()
		<-done
	}
}

// term is what goes by one set of settings.
type term struct {
	*Notifier
	lanes []*lane
}

// serve runs until ctx ends.
func (n *Notifier) serve(ctx context.Context, s Settings) {
	var wg sync.WaitGroup
	defer wg.Wait()
	if s.Heartbeat != nil {
		wg.Go(func() { n.beat(ctx, *s.Heartbeat, s.Allow) })
	}
	t := &term{Notifier: n}
	if len(s.Receivers) == 0 {
		t.forget(ctx)
		return
	}
	for _, r := range s.Receivers {
		t.lanes = append(t.lanes, n.lane(r, s.Allow))
	}
	t.every(ctx, n.Begin)
	t.every(ctx, t.load)
	for _, l := range t.lanes {
		wg.Go(func() { l.run(ctx) })
	}
	for ctx.Err() == nil {
		wait := pace
		t.every(ctx, func(ctx context.Context) error {
			storm, err := t.pass(ctx)
			if storm {
				wait = stormPace
			}
			return err
		})
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// forget lets pass what happens while nobody is told: whoever is told later does not hear of it.
func (t *term) forget(ctx context.Context) {
	for ctx.Err() == nil {
		t.every(ctx, func(ctx context.Context) error {
			cursor, known, err := t.Outbox.Posted(ctx)
			if err != nil || !known { // then Begin sets it
				return err
			}
			newest, err := t.Outbox.Audited(ctx, store.Filter{Limit: 1})
			if err != nil || len(newest) == 0 || newest[0].Number <= cursor {
				return err
			}
			return t.Outbox.Post(ctx, newest[0].Number)
		})
		select {
		case <-ctx.Done():
		case <-time.After(idlePace):
		}
	}
}

func (n *Notifier) lane(r Receiver, allow Allow) *lane {
	l := &lane{caller: n.caller(r, allow), outbox: n.Outbox, log: n.Log, chance: n.Chance, tally: &n.tally, wake: make(chan struct{}, 1)}
	if l.chance == nil {
		l.chance = rand.Float64
	}
	l.format = r.As()
	return l
}

func (n *Notifier) caller(to Receiver, allow Allow) *caller {
	c := newCaller(to, allow, n.Now)
	if n.carry != nil {
		c.plain.Transport = n.carry
	}
	return c
}

// every does something until it succeeds, and says once that it does not.
func (t *term) every(ctx context.Context, do func(context.Context) error) {
	told := false
	for {
		err := do(ctx)
		if err == nil || ctx.Err() != nil {
			if told && err == nil {
				t.Log.Info("notifications are made again")
			}
			return
		}
		if !told {
			t.Log.Error("notifications wait: the store can't be asked", "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(pace):
		}
	}
}

// load takes up what waits in the outbox. What is for a receiver that is gone is given up.
func (t *term) load(ctx context.Context) error {
	waiting, err := t.Outbox.Due(ctx, forever(t.Now()), 0)
	if err != nil {
		return err
	}
	by := map[string]*lane{}
	for _, l := range t.lanes {
		l.mu.Lock()
		l.queue = nil
		l.mu.Unlock()
		by[l.to.Name] = l
	}
	for _, m := range waiting {
		if l := by[m.To]; l != nil {
			l.add(m)
			continue
		}
		m.Dead, m.Error = true, fmt.Sprintf("there is no receiver %s any more", m.To)
		t.tally.count(m.To, func(c *Counts) { c.Dropped++ })
		t.Log.Warn("a notification is given up", "receiver", m.To, "id", m.ID, "error", m.Error)
		if err := t.Outbox.Put(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// Try sends a test to a receiver, or to all where name is empty, at once and outside the outbox.
func (n *Notifier) Try(ctx context.Context, name, actor string) (map[string]Answer, error) {
	settings, _ := n.now()
	answers, mu, wg := map[string]Answer{}, sync.Mutex{}, sync.WaitGroup{}
	for _, r := range settings.Receivers {
		if name != "" && r.Name != name {
			continue
		}
		wg.Go(func() {
			c := n.caller(r, settings.Allow)
			defer c.close()
			at := n.Now().UTC()
			test := Notification{Kind: Test, At: at, Actor: actor, Text: "a test of flyball's notifications, asked for by " + line(actor, longestReason)}
			a := c.post(ctx, fmt.Sprintf("%s-test-%d", r.Name, at.UnixNano()), Content{Notification: &test})
			mu.Lock()
			defer mu.Unlock()
			answers[r.Name] = a
		})
	}
	wg.Wait()
	return answers, ctx.Err()
}

// Replay has messages that were given up tried again, as if they were new.
func (n *Notifier) Replay(ctx context.Context, pick func(store.Message) bool) ([]store.Message, error) {
	dead, err := n.Outbox.Dead(ctx, 0)
	if err != nil {
		return nil, err
	}
	var again []store.Message
	var errs []error
	for _, m := range dead {
		if !pick(m) {
			continue
		}
		now := n.Now()
		m.Dead, m.Attempts, m.Error, m.Created, m.Due = false, 0, "", now, now
		if err := n.Outbox.Put(ctx, m); err != nil {
			errs = append(errs, err)
			continue
		}
		again = append(again, m)
	}
	n.Again()
	return again, errors.Join(errs...)
}
