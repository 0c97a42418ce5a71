package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/docker/docker/api/types/events"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/sqlite"
)

// crashStore is where a campaign keeps its ledger.
type crashStore struct {
	address string
	config  string                    // beside the policy
	daemons int                       // that share it; 0: it is for one
	open    func() (readStore, error) // beside the daemon
	wrote   func() time.Time          // when the ledger was last written to; nil: nobody can tell

	kill, revive func() // what keeps it, where that is not the daemon itself; nil: it is
}

type readStore interface {
	store.Reader
	store.Audit
	Shutdown() error
}

func inFile(s *site) crashStore {
	path := filepath.Join(s.dir, ".flyball", "flyball.db")
	return crashStore{
		address: path,
		open:    func() (readStore, error) { return sqlite.Open(path, sqlite.Options{ReadOnly: true}) },
		wrote: func() time.Time {
			info, err := os.Stat(path + "-wal")
			if err != nil {
				return time.Time{}
			}
			return info.ModTime()
		},
	}
}

// read opens the store for a moment: whoever held it open would keep a daemon from finding it as a crash leaves it.
func (c *campaign) read(do func(ctx context.Context, from readStore) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	var err error
	for ctx.Err() == nil { // while a daemon looks its file over, it is busy
		var from readStore
		if from, err = c.store.open(); err != nil {
			continue
		}
		if err = errors.Join(do(ctx, from), from.Shutdown()); err == nil {
			return nil
		}
		<-time.After(10 * time.Millisecond)
	}
	return err
}

// onRecord are the events that are open now, and those that were interrupted and may have left something.
func (c *campaign) onRecord() (open, left []engine.Event, err error) {
	err = c.read(func(ctx context.Context, from readStore) error {
		intents, err := from.OpenEvents(ctx)
		if err != nil {
			return err
		}
		open = nil
		for _, i := range intents {
			open = append(open, i.Event)
		}
		left, err = from.Halfway(ctx)
		return err
	})
	return open, left, err
}

// check is what must hold at all times, over all that was seen and recorded, now that the daemon is at rest.
func (c *campaign) check() {
	c.Helper()
	var past []engine.Event
	var rows []store.Row
	var log []store.Entry
	err := c.read(func(ctx context.Context, from readStore) (err error) {
		if past, err = from.History(ctx, "", 0); err != nil {
			return err
		}
		if rows, err = from.Decisions(ctx, "web", 0); err != nil {
			return err
		}
		log, err = from.Audited(ctx, store.Filter{})
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	slices.Reverse(past)
	w, there := c.seen, c.replicas()
	c.until("the engine tells of all that runs", func() bool { return w.runs() == len(there) })
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, problem := range w.problems {
		c.Errorf("a call without an intent on record: %s", problem)
	}
	counts := w.counts()
	for _, n := range counts {
		if n.running < crashMin || n.running > crashMax {
			c.Errorf("%d replicas ran at %s, want %d to %d", n.running, instantOf(n.at), crashMin, crashMax)
		}
	}
	made := map[string]int{}
	for _, m := range w.turns {
		if m.Action == events.ActionCreate {
			made[m.Actor.Attributes["flyball.event"]]++
		}
	}
	for i, e := range past {
		c.checkEvent(e, counts, made[e.ID], len(w.stopped[e.ID]))
		c.checkCooldown(e, past[:i])
	}
	c.checkAudit(log, past)
	for _, r := range rows {
		if load := r.Record.Snapshot.Metrics["load"]; r.Record.Decision.Action == engine.ScaleDown && load.Status != engine.OK {
			c.Errorf("lowered at %s, while the load was %s", instantOf(r.First), load.Status)
		}
	}
}

// checkEvent wants an event to have ended truthfully, with no more done than was decided.
func (c *campaign) checkEvent(e engine.Event, counts []tally, made, stopped int) {
	c.Helper()
	name := fmt.Sprintf("event %s, %s %d→%d %s at %d, from %s to %s", e.ID, e.Action, e.From, e.To, e.Result, e.Reached, instantOf(e.Started), instantOf(e.Ended))
	if e.Ended.IsZero() || e.Ended.Before(e.Started) {
		c.Errorf("%s: it has not ended", name)
		return
	}
	if made > max(0, e.To-e.From) || stopped > max(0, e.From-e.To) {
		c.Errorf("%s: %d replicas were made and %d told to stop", name, made, stopped)
	}
	if e.Result == engine.Succeeded && e.Reached != e.To {
		c.Errorf("%s: is no success", name)
	}
	// It was counted just before the end; after an interruption, once what was left was cleared away.
	from, to := e.Ended.Add(-time.Second), e.Ended.Add(100*time.Millisecond)
	if e.Result == engine.Interrupted {
		to = e.Ended.Add(10 * time.Second)
	}
	if !ranBetween(counts, from, to, e.Reached) {
		c.Errorf("%s: so many ran at no time about its end", name)
	}
	for _, s := range c.gauge.silences() {
		if e.Action == engine.ScaleDown && e.Started.After(s.from.Add(crashStale+500*time.Millisecond)) && (s.to.IsZero() || e.Started.Before(s.to)) {
			c.Errorf("%s: nothing said what the load is since %s", name, instantOf(s.from))
		}
	}
}

// checkCooldown wants an event to have waited for those before it. Raising to the minimum, and what was put back, wait for none.
func (c *campaign) checkCooldown(e engine.Event, before []engine.Event) {
	c.Helper()
	if e.Request != nil || e.Result == engine.Seen || e.Action == engine.ScaleUp && e.From < crashMin {
		return
	}
	for _, b := range before {
		waits := e.Action == engine.ScaleDown || b.Action == engine.ScaleUp && b.Request == nil
		if waits && b.Result != engine.Seen && e.Started.Before(b.Ended.Add(crashCooldown)) {
			c.Errorf("event %s began at %s, and %s had ended at %s: no cooldown of %s", e.ID, instantOf(e.Started), b.ID, instantOf(b.Ended), crashCooldown)
		}
	}
}

// checkAudit wants the log to have no gap, and of each event that it was opened, once, and after that how it ended, once.
func (c *campaign) checkAudit(log []store.Entry, past []engine.Event) {
	c.Helper()
	told := map[string][]store.EntryKind{}
	for i, entry := range log {
		if entry.Number != int64(i)+1 {
			c.Errorf("audit entry %d stands at place %d: %+v", entry.Number, i+1, entry)
		}
		told[entry.Event] = append(told[entry.Event], entry.Kind)
	}
	for _, e := range past {
		want := []store.EntryKind{store.OfDecision, store.OfEvent}
		if e.Result == engine.Seen {
			want = want[1:]
		}
		if !slices.Equal(told[e.ID], want) {
			c.Errorf("the audit log has %v of event %s, want %v", told[e.ID], e.ID, want)
		}
	}
}

// tally is how many replicas ran from an instant on.
type tally struct {
	at      time.Time
	running int
}

// counts are what the engine's events add up to.
func (w *witness) counts() []tally {
	running := map[string]bool{}
	for id := range w.running {
		running[id] = true
	}
	all := []tally{{running: len(running)}}
	for _, m := range w.turns {
		switch m.Action {
		case events.ActionStart:
			running[m.Actor.ID] = true
		case events.ActionDie:
			delete(running, m.Actor.ID)
		default:
			continue
		}
		all = append(all, tally{time.Unix(0, m.TimeNano), len(running)})
	}
	return all
}

// runs is how many run by now.
func (w *witness) runs() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := w.counts()
	return counts[len(counts)-1].running
}

// ranBetween says whether so many ran at some time of a span.
func ranBetween(counts []tally, from, to time.Time, n int) bool {
	for i, c := range counts {
		ends := i+1 == len(counts) || counts[i+1].at.After(from)
		if c.running == n && c.at.Before(to) && ends {
			return true
		}
	}
	return false
}

func instantOf(at time.Time) string { return at.UTC().Format("15:04:05.000") }
