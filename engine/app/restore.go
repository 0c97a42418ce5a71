package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// patience is how long a restore waits for changes that are under way.
const patience = 10 * time.Minute

// Restore puts what a backup has in the place of everything in the store. Nothing is begun meanwhile, and what is under way
// is finished first.
func (a *App) Restore(ctx context.Context, ask api.RestoreAsk) (api.Restored, error) {
	if err := a.elsewhere("restoring"); err != nil {
		return api.Restored{}, err
	}
	if !a.restoring.TryLock() {
		return api.Restored{}, refusal(http.StatusConflict, "another restore is under way")
	}
	defer a.restoring.Unlock()
	b, restored, err := prepared(ctx, a.o, a.store, ask)
	if err != nil {
		return restored, err
	}
	if !ask.Try {
		err = a.replace(ctx, b, restored, ask.Actor)
	}
	return restored, errors.Join(err, b.Shutdown())
}

// replace has the daemon rest while the store is replaced, and then go on with what is there.
func (a *App) replace(ctx context.Context, b store.Store, r api.Restored, actor string) error {
	waiting, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("still so after %s", patience))
	defer cancel()
	goOn, err := a.loop.Cycle.Still(waiting)
	if err != nil {
		return refusal(http.StatusConflict, "nothing was replaced: %v", err)
	}
	err = replace(ctx, a.store, b, restoring(r, actor, a.loop.Now().At))
	a.states.forget()
	a.events.forget()
	a.forget()
	ctx = context.WithoutCancel(ctx) // whoever asked may be gone
	if a.leader.elector != nil {     // who led does so no longer
		_, _ = a.leader.renew(ctx) // and is told so, or tries again, before long
	}
	goOn()
	if err != nil {
		a.log.Error("restore: nothing was replaced", "file", r.File, "error", err)
		return refusal(http.StatusInternalServerError, "nothing was replaced: %v", err)
	}
	a.log.Warn("restore: the store was replaced, every policy waits a full cooldown", "file", r.File, "actor", actor)
	a.hub.Part()  // who listens hears the status anew
	a.takeUp(ctx) // the policies by API are others
	a.learn(ctx, a.set())
	a.notePolicies(ctx)
	a.recall(ctx)
	a.notifier.Again()
	a.settle(ctx)
	return nil
}

// Restore puts what a backup has in the place of everything in the store.
func (f *Offline) Restore(ctx context.Context, ask api.RestoreAsk) (restored api.Restored, err error) {
	if ask.Try {
		looked := false
		look := func(into store.Store) error {
			looked = true
			b, found, err := prepared(ctx, f.o, into, ask)
			if restored = found; err != nil {
				return err
			}
			return b.Shutdown()
		}
		if err = f.read(look); err == nil && !looked { // nothing has ever run here
			err = look(nil)
		}
		return restored, err
	}
	err = f.write(func(into store.Store) error {
		release, err := alone(ctx, into, f.o)
		if err != nil {
			return err
		}
		b, found, err := prepared(ctx, f.o, into, ask)
		if restored = found; err == nil {
			err = errors.Join(replace(ctx, into, b, restoring(found, ask.Actor, clock()().At)), b.Shutdown())
		}
		return errors.Join(err, release())
	})
	return restored, err
}

// prepared opens the backup, reads all of it, and says what would be replaced by it; into is nil where there is nothing yet.
func prepared(ctx context.Context, o Options, into store.Store, ask api.RestoreAsk) (b store.Store, r api.Restored, err error) {
	r = api.Restored{Store: o.Store, File: ask.File}
	if b, err = openBackup(o, ask.File); err != nil {
		return nil, r, err
	}
	defer func() {
		if err != nil {
			b, err = nil, errors.Join(err, b.Shutdown())
		}
	}()
	found, err := whole(ctx, b, ask.File)
	if err != nil {
		return b, r, refusal(http.StatusUnprocessableEntity, "nothing was replaced: %v", err)
	}
	var there []store.CountOf
	if r.Was = o.Enabled; into != nil {
		if there, err = exported(ctx, into); err != nil { // which a restore may mend
			there = nil
		}
		if on, err := switched(ctx, into, o); err == nil {
			r.Was = on
		}
	}
	if ctx.Err() != nil {
		return b, r, ctx.Err()
	}
	if r.Will, err = switched(ctx, b, o); err != nil {
		return b, r, err
	}
	newest, err := b.Audited(ctx, store.Filter{Limit: 1})
	if err != nil {
		return b, r, err
	}
	if r.Before, r.After = there, found.Counts; len(newest) > 0 {
		r.Newest = newest[0].At
	}
	return b, r, nil
}

// switched says whether autoscaling is on by a store, or where nobody has said so in it by the options.
func switched(ctx context.Context, s store.Store, o Options) (bool, error) {
	is, known, err := s.Switch(ctx)
	return is.On || !known && o.Enabled, err
}

func openBackup(o Options, file string) (store.Store, error) {
	if !filepath.IsAbs(file) {
		return nil, refusal(http.StatusBadRequest, "file is %q; allowed is an absolute path, of this machine", file)
	}
	if one, err := os.Stat(file); err == nil {
		if other, err := os.Stat(o.Store); err == nil && os.SameFile(one, other) {
			return nil, refusal(http.StatusBadRequest, "%s is the store itself; name a file that flyball store backup has made", file)
		}
	}
	b, err := sqlite.Open(file, sqlite.Options{ReadOnly: true, Backup: true, Log: o.Log})
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("there is no file %s", file)
	}
	if err != nil {
		return nil, refusal(http.StatusUnprocessableEntity, "nothing was replaced: %v", err)
	}
	return b, nil
}

// restoring is the entry of a restore.
func restoring(r api.Restored, actor string, at time.Time) store.Entry {
	var counts []string
	for _, c := range r.After {
		if c.Count > 0 {
			counts = append(counts, fmt.Sprintf("%s %d", c.What, c.Count))
		}
	}
	message := fmt.Sprintf("restored from %s: %s", r.File, strings.Join(counts, ", "))
	if r.Was != r.Will {
		message += fmt.Sprintf("; autoscaling was %s and is %s", api.OnOff(r.Was), api.OnOff(r.Will))
	}
	return store.Entry{At: at, Actor: actor, Kind: store.OfStore, Message: message}
}

// replace puts everything of a backup into a store, in one step with the entry that tells of it.
func replace(ctx context.Context, into, b store.Store, entry store.Entry) error {
	own, err := continues(ctx, into, b)
	if err != nil {
		return err
	}
	return into.Replace(ctx, func(take func(store.Part) error) error {
		last, told := int64(0), outbox{own: own}
		passed := func(p store.Part) error {
			if n := len(p.Entries); n > 0 {
				last = p.Entries[n-1].Number
			}
			return take(p)
		}
		err := b.Export(ctx, func(p store.Part) error {
			if own {
				p.Entries = nil
			}
			// Who had logged in then may have been removed, or have logged out, since.
			p.Tokens = slices.DeleteFunc(slices.Clone(p.Tokens), func(t store.Token) bool { return t.User != "" })
			return passed(told.of(p))
		})
		if err == nil && own {
			err = entriesOf(ctx, into, passed)
		}
		if err != nil {
			return err
		}
		rest, err := told.rest(ctx, into, last, entry.At)
		if err != nil {
			return err
		}
		if err := take(rest); err != nil {
			return err
		}
		entry.Number = last + 1
		return take(store.Part{Entries: []store.Entry{entry}})
	}, entry.At)
}

// continues says that the audit log of a store goes on where that of its backup ends. Then it stays: what was done since is
// not undone by forgetting it, and its numbers go on.
func continues(ctx context.Context, ledger, b store.Store) (bool, error) {
	ends, err := b.Audited(ctx, store.Filter{Limit: 1})
	if err != nil || len(ends) == 0 {
		return true, err
	}
	before := ends[0].Number - 1
	if before == 0 {
		before = -1 // with 0 it would be the newest
	}
	same, err := ledger.Audited(ctx, store.Filter{After: before, Limit: 1})
	if err != nil || len(same) == 0 {
		return false, err
	}
	one, other := same[0], ends[0]
	alike := one.At.Equal(other.At)
	one.At, other.At = time.Time{}, time.Time{}
	return alike && one == other, nil
}

// entriesOf gives the whole audit log of a store, in parts.
func entriesOf(ctx context.Context, ledger store.Audit, take func(store.Part) error) error {
	const most = 1000
	for after := int64(-1); ; {
		entries, err := ledger.Audited(ctx, store.Filter{After: after, Limit: most})
		if err != nil || len(entries) == 0 {
			return err
		}
		if err := take(store.Part{Entries: entries}); err != nil {
			return err
		}
		after = entries[len(entries)-1].Number
	}
}
