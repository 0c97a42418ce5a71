package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// Migrated is what was moved from one store to another.
type Migrated struct {
	From Counted `json:"from"`
	To   Counted `json:"to"`
}

// Migrate copies everything from one store to another, which nobody has used yet. No daemon may have one of them open. told
// is how many records there are so far.
func Migrate(ctx context.Context, given Options, from, to, actor string, told func(records int64)) (m Migrated, err error) {
	set, err := given.Read(ctx, given.Policies)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	at := func(address string) Options {
		if given.Store = address; address == set.Config.Store.URL {
			given.Store = "" // as the config says, with its user and password
		}
		return given.filled(set.Config)
	}
	old, closed, err := source(ctx, at(from))
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, closed()) }()
	return moved(ctx, old, at(from), at(to), actor, told)
}

// source opens a store to be read, and keeps daemons away from it until it is closed.
func source(ctx context.Context, o Options) (old store.Store, closed func() error, err error) {
	if old, err = openStore(o, !shared(o.Store)); err != nil {
		return nil, nil, err
	}
	var release func() error
	unused, failed := old.Empty(ctx)
	switch {
	case unused && failed == nil: // a lease would be the first thing in it
		err = refusal(http.StatusNotFound, "there is nothing in %s: name the store that the daemon has used", o.Store)
	case shared(o.Store):
		release, err = alone(ctx, old, o)
	default:
		release, err = sqlite.Lock(o.Store)
	}
	if err != nil {
		return nil, nil, errors.Join(err, old.Shutdown())
	}
	return old, func() error { return errors.Join(release(), old.Shutdown()) }, nil
}

// moved copies everything into a store that is empty, and counts both.
func moved(ctx context.Context, old store.Store, from, to Options, actor string, told func(int64)) (m Migrated, err error) {
	if m.From, err = whole(ctx, old, from.Store); err != nil {
		return m, err
	}
	if shared(to.Store) {
		to.Log = slog.New(slog.DiscardHandler) // it would tell of a store begun anew, which is true for a moment
	}
	into, err := openStore(to, false)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, into.Shutdown()) }()
	if unused, err := into.Empty(ctx); err != nil {
		return m, err
	} else if !unused {
		return m, refusal(http.StatusConflict, "%s is in use already, and nothing is overwritten: name another, or have `flyball store restore` replace what is there by a backup of %s",
			to.Store, from.Store)
	}
	release, err := alone(ctx, into, to)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := into.Replace(ctx, telling(ctx, old, &tally{told: told}), time.Time{}); err != nil {
		return m, fmt.Errorf("copy the store: %w", err)
	}
	if m.To, err = whole(ctx, into, to.Store); err != nil {
		return m, err
	}
	if err := m.alike(); err != nil {
		return m, err
	}
	return m, into.Audit(ctx, store.Entry{At: clock()().At, Actor: actor, Kind: store.OfStore, Message: "moved here from " + from.Store})
}

// alike is an error where there is not as much of all in both stores.
func (m Migrated) alike() error {
	for i, from := range m.From.Counts {
		if to := m.To.Counts[i]; to != from {
			return refusal(http.StatusConflict, "%s has %d %s, and %s %d: something was lost on the way", m.From.Store, from.Count, from.What, m.To.Store, to.Count)
		}
	}
	return nil
}

// alone takes the lease of a store that daemons may share, and keeps it until it is released. While a daemon leads there it is
// an error that says who.
func alone(ctx context.Context, s store.Store, o Options) (release func() error, err error) {
	elector, is := s.(store.Elector)
	if !is {
		return func() error { return nil }, nil
	}
	l := newLeader(s, o)
	l.name = "flyball store, " + l.name
	taken, err := l.renew(ctx)
	if err == nil && !taken.Mine {
		err = refusal(http.StatusConflict, "%s leads at %s: stop the daemons there first", taken.Leader, o.Store)
	}
	if err != nil {
		return nil, err
	}
	stop := l.prolong(ctx)
	return func() error {
		stop()
		return elector.Resign(context.WithoutCancel(ctx))
	}, nil
}
