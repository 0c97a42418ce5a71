package notify

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Watch tells troubles from what comes and goes: one begins when it was there at two looks in a row and has lasted, and it is over
// when two looks in a row did not find it. Each is an entry of the audit log, once. The zero Watch knows of none.
type Watch struct {
	open  map[trouble]time.Time // since when it is on record
	seen  map[trouble]sight     // those that may begin
	clear map[trouble]int       // looks in a row that did not find one that is open
}

// trouble names one.
type trouble struct{ policy, service, reason string }

type sight struct {
	since time.Time
	looks int
}

// Finding is what one look finds wrong.
type Finding struct {
	Reason  string
	Message string
}

// Resume takes up what the audit log says is open. entries are of troubles and recoveries, in their order.
func (w *Watch) Resume(entries []store.Entry) {
	*w = Watch{open: map[trouble]time.Time{}, seen: map[trouble]sight{}, clear: map[trouble]int{}}
	for _, e := range entries {
		switch t := (trouble{e.Policy, e.Service, e.Reason}); e.Kind {
		case store.OfTrouble:
			w.open[t] = e.At
		case store.OfRecovery:
			delete(w.open, t)
		}
	}
}

// Look compares what was found of a policy with what was there before, and gives the entries that are to be noted. Of reasons
// in unseen the look says nothing. What should have been noted and could not be is noted after the next look, if Lost is told.
func (w *Watch) Look(at time.Time, policy, service string, found []Finding, unseen []string) []store.Entry {
	if w.open == nil {
		w.Resume(nil)
	}
	var entries []store.Entry
	for _, c := range codes {
		t := trouble{policy, service, c.reason}
		i := slices.IndexFunc(found, func(f Finding) bool { return f.Reason == c.reason })
		since, open := w.open[t]
		switch {
		case i < 0 && slices.Contains(unseen, c.reason):
		case i >= 0 && open:
			delete(w.clear, t)
		case i >= 0:
			s := w.seen[t]
			s.since, s.looks = first(s.since, at), s.looks+1
			if w.seen[t] = s; at.Sub(s.since) >= c.lasts && (s.looks > 1 || c.plain) {
				entries = append(entries, entry(at, t, store.OfTrouble, found[i].Message))
				w.open[t] = s.since
				delete(w.seen, t)
			}
		case open:
			if w.clear[t]++; w.clear[t] > 1 || c.plain {
				entries = append(entries, entry(at, t, store.OfRecovery, after(c.over, at.Sub(since))))
				w.close(t)
			}
		default:
			delete(w.seen, t)
		}
	}
	return entries
}

// Keep ends the troubles of policies that are not at work any more.
func (w *Watch) Keep(at time.Time, policies []engine.Policy) []store.Entry {
	stays := func(t trouble) bool {
		return t.policy == "" || slices.ContainsFunc(policies, func(p engine.Policy) bool { return p.Name == t.policy && p.Service == t.service })
	}
	var entries []store.Entry
	for t, since := range w.open {
		if !stays(t) {
			entries = append(entries, entry(at, t, store.OfRecovery, after("its policy is not at work any more", at.Sub(since))))
			w.close(t)
		}
	}
	for t := range w.seen {
		if !stays(t) {
			delete(w.seen, t)
		}
	}
	slices.SortFunc(entries, func(a, b store.Entry) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Reason, b.Reason))
	})
	return entries
}

// Lost takes entries back that could not be noted.
func (w *Watch) Lost(entries []store.Entry) {
	for _, e := range entries {
		t := trouble{e.Policy, e.Service, e.Reason}
		if e.Kind == store.OfTrouble {
			w.seen[t] = sight{w.open[t], 1}
			w.close(t)
		} else {
			w.open[t], w.clear[t] = e.At, 1
		}
	}
}

func (w *Watch) close(t trouble) {
	delete(w.open, t)
	delete(w.clear, t)
}

func entry(at time.Time, t trouble, kind store.EntryKind, message string) store.Entry {
	return store.Entry{
		At: at, Actor: "flyball", Kind: kind, Policy: t.policy, Service: t.service, Reason: t.reason, Message: line(message, longestText),
	}
}

// first is since when something is there, which is now where it was not before.
func first(since, at time.Time) time.Time {
	if since.IsZero() {
		return at
	}
	return since
}

// after says how long something lasted.
func after(text string, length time.Duration) string {
	return fmt.Sprintf("%s, after %s", text, max(0, length).Round(time.Second))
}
