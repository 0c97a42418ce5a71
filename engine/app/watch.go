package app

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/schema"
)

// settle is how often the policy files are looked at. Looking beats being told: it notices a link that is changed, works
// on every file system, and two looks a second apart that agree never show a folder half copied.
const settle = time.Second

// watch hands the policies to the loop, and hands over new ones when a file changes or a signal asks for it. A set
// that can't be used leaves the one at work where it is, and is said once.
func (a *App) watch(ctx context.Context, reload <-chan os.Signal) {
	a.send(ctx)
	a.watching.Store(true)
	look := func() uint64 {
		a.lookout.look(ctx, a.store)
		a.lookout.retry(time.Now())
		return a.lookout.sum(fingerprint(a.o.Policies))
	}
	watch(ctx, reload, a.written, a.seen, look, func() { a.reload(ctx) })
}

// Follow calls run, and again each time that a file below a path has changed, until ctx ends.
func Follow(ctx context.Context, path string, run func()) {
	seen := fingerprint(path)
	run()
	watch(ctx, nil, nil, seen, func() uint64 { return fingerprint(path) }, run)
}

// watch calls load when two looks in a row see the same, and that differs from what was seen before the last load; and
// at once when reload is sent to, or written, the channel of which is closed after the load. seen is what was seen before the
// first load.
func watch(ctx context.Context, reload <-chan os.Signal, written <-chan chan struct{}, seen uint64, look func() uint64, load func()) {
	tick := time.NewTicker(settle)
	defer tick.Stop()
	last := seen
	for {
		taken := func() {}
		select {
		case <-ctx.Done():
			return
		case <-reload:
			last = look()
		case done := <-written:
			last, taken = look(), func() { close(done) }
		case <-tick.C:
			now := look()
			settled := now == last
			last = now
			if !settled || now == seen {
				continue
			}
		}
		seen = last // looked at before the load, so that an edit in the middle of it is a change
		load()
		taken()
	}
}

func (a *App) reload(ctx context.Context) {
	loaded, err := load(ctx, a.given, a.lookout)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = notRead(loaded.Set)
		a.lookout.missed(err != nil, time.Now())
	}
	a.tells.Reloaded(err == nil)
	if err != nil {
		a.mu.Lock()
		a.problem = err.Error()
		a.mu.Unlock()
		a.log.Error("reload: the policies at work stay", "error", err)
		a.lookAtSet()
		return
	}
	loaded.warn(a.log)
	a.configure(loaded.Config)
	if err := a.feed(loaded.Config); err != nil {
		a.log.Warn("reload: close the sources that are gone", "error", err)
	}
	if err := a.tell(loaded.Config.Notify); err != nil {
		a.log.Error("reload: who is notified stays as it was", "error", err)
	}
	a.drivers.simulated.Add(demoServices(loaded.Policies))
	a.use(ctx, loaded)
	a.log.Info("reload", "policies", len(loaded.Policies), "at work", len(a.atWork()))
	if a.leader.leads() {
		a.notePolicies(ctx)
	}
	a.lookAtSet()
	a.send(ctx)
}

// configure takes up the limits of a changed config. The rest of it was used at the start.
func (a *App) configure(c schema.Config) {
	next := a.given.filled(c)
	a.loop.Cycle.Budget.Limit(next.MaxReplicas, int64(*next.MinMemoryMB)<<20)
	if differ := next.fixed(a.o); differ != nil {
		a.log.Warn("config: what was changed needs a restart of the daemon", "changed", strings.Join(differ, ", "))
	}
}

// send hands the loop the policies to run: none where another daemon leads. The last to ask knows that best.
func (a *App) send(ctx context.Context) {
	a.sending.Lock()
	defer a.sending.Unlock()
	var policies []engine.Policy
	if a.leader.leads() {
		policies = a.atWork()
	}
	subjects := make([]string, len(policies))
	for i, p := range policies {
		subjects[i] = p.Subject()
	}
	a.taken(subjects)
	select {
	case a.sets <- policies:
	case <-ctx.Done():
	}
}

// fingerprint tells one state of the policy files from another by name, size, time and where links lead.
func fingerprint(path string) uint64 {
	sum := fnv.New64a()
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		return sum.Sum64()
	}
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			fmt.Fprintln(sum, path, "unreadable")
			return nil
		case path != root && strings.HasPrefix(d.Name(), ".") && !strings.HasPrefix(d.Name(), ".."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			leads, _ := filepath.EvalSymlinks(path)
			fmt.Fprintln(sum, path, leads, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return sum.Sum64()
}
