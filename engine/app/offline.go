package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/schema"
)

// Offline answers from the store while no daemon runs.
type Offline struct {
	o         Options
	set       schema.Set
	policies  []engine.Policy
	documents []store.Document
	inCompose bool
}

// Open finds flyball: the daemon at a URL where one is given, or the one behind the socket, or else its store and the policies on disk. Where a broken file may
// hide which socket and store the author set, it is an Invalid, rather than an answer from the wrong ones.
func Open(ctx context.Context, given Options) (api.Flyball, error) {
	if given.Remote.URL != "" {
		return api.Reach(given.Remote)
	}
	set, err := given.Read(ctx, given.Policies)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	o := given.filled(set.Config)
	o.setLog()
	doubts := set.Doubts()
	client, err := api.Dial(o.Socket)
	if err == nil && given.Store != "" {
		if other := otherStore(ctx, client, given.Store); other != "" {
			return nil, fmt.Errorf("the daemon at %s has its store at %s, and --store is %s: leave --store out, or give --socket too, "+
				"that of the daemon of this store or a path at which none answers", o.Socket, other, given.Store)
		}
	}
	switch {
	case err == nil && (doubts == nil || given.Socket != "" || runs(ctx, client, o.Policies)):
		return client, nil
	case err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("is a daemon there? %w", err) // to go on without it could be to go behind its back
	case doubts != nil && given.Store == "":
		return nil, Invalid{doubts}
	}
	f := offline(ctx, o, set)
	f.inCompose = runsInCompose(given, set.Config)
	return f, nil
}

// offline has the policies in the store beside those on disk. Where they can't be read, whatever asks the store says so.
func offline(ctx context.Context, o Options, set schema.Set) *Offline {
	f := &Offline{o: o, set: set}
	_ = f.read(func(ledger store.Store) (err error) {
		f.documents, err = documentsOf(ctx, ledger)
		return err
	})
	if len(f.documents) > 0 {
		if l, err := Load(ctx, o.Read, o.Policies, posted(f.documents)...); err == nil {
			f.set = l.Set
		}
	}
	f.policies = f.set.Policies
	return f
}

// runs says whether the daemon that answers is the one of these policies.
func runs(ctx context.Context, client *api.Client, policies string) bool {
	s, err := client.Status(ctx)
	return err == nil && s.Daemon != nil && s.Daemon.Policies == absolute(policies)
}

// otherStore is where the daemon that answers has its store, if that is not the one that was asked for: to take the daemon's
// for it could be to replace the wrong one.
func otherStore(ctx context.Context, client *api.Client, asked string) string {
	s, err := client.Status(ctx)
	if err != nil || s.Daemon == nil || s.Daemon.Ledger == "" || s.Daemon.Ledger == rooted(asked) {
		return ""
	}
	return s.Daemon.Ledger
}

// rooted is the address of a store as all processes of this machine would write it.
func rooted(address string) string {
	if shared(address) {
		return address
	}
	return absolute(address)
}

func absolute(path string) string {
	if found, err := filepath.Abs(path); err == nil {
		return found
	}
	return path
}

// Where names the socket at which no daemon answered, and the store that answers in its place.
func (f *Offline) Where() (socket, store string) { return f.o.Socket, f.o.Store }

func (f *Offline) read(do func(store.Store) error) error {
	ledger, err := openStore(f.o, true)
	switch {
	case errors.Is(err, os.ErrNotExist) && !shared(f.o.Store): // nor is it the file of a password
		return nil // nothing has ever run here
	case err != nil:
		return err
	}
	return errors.Join(do(ledger), ledger.Shutdown())
}

// Status joins the policies on disk with what was last recorded of them. Where the daemon runs in compose and nothing is recorded
// here, it is an error beside them.
func (f *Offline) Status(ctx context.Context) (api.Status, error) {
	s := api.Status{Enabled: f.o.Enabled, Policies: []api.PolicyStatus{}, LeftOut: leftOut(f.set.Left)}
	w := overall{events: &lastEvents{}, now: clock()()}
	policies := f.policies // as their author has them, until it is known how they last ran
	newest, states := map[string]engine.Record{}, map[string]engine.State{}
	err := f.read(func(ledger store.Store) (err error) {
		if s.Leader, err = leading(ctx, ledger); err != nil {
			return err
		}
		if w.pauses, err = ledger.Pauses(ctx); err != nil {
			return err
		}
		if err := w.events.read(ctx, ledger); err != nil {
			return err
		}
		if s.Undelivered, err = undelivered(ctx, ledger); err != nil {
			return err
		}
		if is, known, err := ledger.Switch(ctx); err != nil {
			return err
		} else if known {
			s.Enabled, s.Switched = is.On, switchedAs(is)
		}
		if newest, err = latest(ctx, ledger); err != nil {
			return err
		}
		policies = lastModes(f.policies, newest)
		for _, p := range policies {
			if newest[p.Subject()].At.IsZero() {
				continue
			}
			if states[p.Subject()], err = ledger.State(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	w.enabled, s.Pause = s.Enabled, w.pause()
	running := fleet{}
	for i, p := range policies {
		r := newest[p.Subject()]
		s.Policies = append(s.Policies, w.shown(p, last{record: r}, states[p.Subject()]))
		running.count(f.policies[i], s.Policies[i], r)
	}
	s.Fleet = api.Fleet{Replicas: running.replicas(), MaxTotalReplicas: f.o.MaxReplicas, MinAvailableMemoryMB: *f.o.MinMemoryMB}
	if err == nil && f.inCompose && !exists(f.o.Store) {
		err = fmt.Errorf("there is no store at %s, so nothing is known here", f.o.Store)
	}
	return s, err
}

// leading is who leads where several daemons share the store; nil where none does.
func leading(ctx context.Context, ledger store.Store) (*api.Leader, error) {
	elector, is := ledger.(store.Elector)
	if !is {
		return nil, nil
	}
	held, err := elector.Leader(ctx)
	if err != nil || held.Leader == "" {
		return nil, err
	}
	return &api.Leader{Name: held.Leader, Epoch: held.Epoch}, nil
}

// History is the newest events first.
func (f *Offline) History(ctx context.Context, service string, limit int) (events []engine.Event, err error) {
	err = f.read(func(ledger store.Store) error {
		events, err = ledger.History(ctx, service, limit)
		return err
	})
	return events, err
}

// Scale is the daemon's: two that act on one service would be one too many.
func (f *Offline) Scale(context.Context, string, api.Ask) (api.Begun, error) {
	return api.Begun{}, fmt.Errorf("no daemon answers at %s, and only a daemon scales; start flyball run", f.o.Socket)
}

// Rollback is the daemon's too.
func (f *Offline) Rollback(ctx context.Context, service string, ask api.Ask) (api.Begun, error) {
	return f.Scale(ctx, service, ask)
}

// Enable turns the global switch in the store; the next daemon finds it there.
func (f *Offline) Enable(ctx context.Context, on bool, actor string) error {
	return f.write(func(ledger store.Store) error { return ledger.SetEnabled(ctx, on, actor, clock()().At) })
}

func (f *Offline) write(do func(store.Store) error) error {
	ledger, err := openStore(f.o, false)
	if err != nil {
		return err
	}
	return errors.Join(do(ledger), ledger.Shutdown())
}

// Metrics is what the metrics read when they were last looked at.
func (f *Offline) Metrics(ctx context.Context, service string) ([]api.MetricStatus, error) {
	newest, err := f.newest(ctx)
	if err != nil {
		return nil, err
	}
	var at []engine.Policy
	for _, p := range f.policies {
		if p.Enabled {
			at = append(at, p)
		}
	}
	found := of(at, service)
	if service != "" && len(found) == 0 {
		return nil, unknown(service, at)
	}
	var all []api.MetricStatus
	now := time.Now()
	for _, p := range found {
		p = lastMode(p, newest)
		all = append(all, statuses(p, aged(p, newest[p.Subject()].Snapshot, now))...)
	}
	return all, nil
}

// aged is a snapshot as it is to be read now: what was ok then may be stale.
func aged(p engine.Policy, s engine.Snapshot, now time.Time) engine.Snapshot {
	since, late := now.Sub(s.At), false
	for name, r := range s.Metrics {
		m, _ := p.Metric(name)
		age := since + time.Duration(r.AgeSeconds*float64(time.Second))
		if r.Status == engine.OK && m.StaleAfter > 0 && age > m.StaleAfter {
			s.Metrics[name] = engine.Reading{Status: engine.Stale, AgeSeconds: r.AgeSeconds, Samples: r.Samples,
				Detail: fmt.Sprintf("%s old, and nobody has looked since", age.Round(time.Second))}
			late = true
		}
	}
	for _, m := range p.Metrics {
		if r := s.Metrics[m.Name]; late && m.Computed() && r.Status == engine.OK {
			s.Metrics[m.Name] = engine.Reading{Status: engine.Stale, AgeSeconds: r.AgeSeconds, Detail: "computed from what is stale, and nobody has looked since"}
		}
	}
	return s
}

// Samples is the history of a metric, in whichever mode its policy last ran.
func (f *Offline) Samples(ctx context.Context, asked api.Asked) (answer api.Kept, err error) {
	err = f.read(func(ledger store.Store) error {
		newest, err := latest(ctx, ledger)
		if err != nil {
			return err
		}
		answer, err = kept(ctx, ledger, lastModes(f.policies, newest), asked)
		return err
	})
	return answer, err
}

// Push needs a daemon: nobody else would ever look at the value.
func (f *Offline) Push(context.Context, string, []api.Pushed) error {
	return fmt.Errorf("no daemon answers at %s; start flyball run", f.o.Socket)
}
