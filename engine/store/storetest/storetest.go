// Package storetest is the conformance suite of the stores: what the loop, the API and an operator after a crash rely on,
// whatever the store is made of.
package storetest

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Suite says how to come by a ledger. The test binary's TestMain calls Write first.
type Suite struct {
	Address func(tb testing.TB) string                // of a new, empty store, which the test's end removes
	Open    func(address string) (store.Store, error) // again and again, also in another process
}

// Run holds a ledger to everything.
func (s Suite) Run(t *testing.T) {
	story := func(name string, tell func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tell(t)
		})
	}
	story("every field comes back", s.fields)
	story("a new ledger knows nothing", s.empty)
	story("a restart keeps cooldown, open event and switch", s.restart)
	story("live and shadow are two", s.modes)
	story("pauses last until they are resumed", s.pauses)
	story("a renamed policy finds the state of its service", s.renamed)
	story("holds in a row are one row", s.holds)
	story("holds that differ are several rows", s.unlike)
	story("decisions and events of a range", s.between)
	story("rows page by page", s.rows)
	story("history is newest first", s.history)
	story("one decision, one event", s.single)
	story("an event closes once", s.closing)
	story("all or nothing", s.atomic)
	story("many policies at once", s.concurrent)
	story("a new history has no samples", s.noSamples)
	story("samples are in order, once", s.inOrder)
	story("samples of a range", s.ranges)
	story("series are told apart", s.apart)
	story("any value comes back", s.anyValue)
	story("rollups", s.rollups)
	story("samples are kept and read at once", s.keeping)
	story("a clock that is ahead wipes no samples", s.clockAhead)
	story("samples are those of the model", s.likeTheModel)
	story("each change is in the audit log", s.audited)
	story("audit entries of many writers have no gap", s.auditedAtOnce)
	story("audit entries are filtered", s.filtered)
	story("a revision is learned once", s.revisions)
	story("the revisions of a policy are newest first", s.revised)
	story("the outbox keeps messages until they are delivered", s.outbox)
	story("messages are due in order", s.due)
	story("messages are made of the audit log once", s.posted)
	story("the oldest that were given up go", s.givenUp)
	story("who may use the API", s.accounts)
	story("policies by the API", s.documents)
	story("changes at once", s.changedAtOnce)
	story("a store is empty until it is used", s.unused)
	story("everything moves to another store", s.moves)
	story("a move ends what was told with the audit log", s.told)
	story("a move that fails changes nothing", s.movesNot)
	story("what was lost is a full cooldown", s.lost)
	story("a sound store has no problems", s.sound)
	story("kill -9 loses nothing acknowledged", s.killed)
}

func (s Suite) open(tb testing.TB, address string) store.Store {
	tb.Helper()
	ledger, err := s.Open(address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { ledger.Shutdown() })
	return ledger
}

func (s Suite) fresh(tb testing.TB) store.Store {
	tb.Helper()
	return s.open(tb, s.Address(tb))
}

// start is when the stories begin.
var start = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// must takes the error out of a read that has to work.
func must[T any](value T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return value
	}
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// decided is a record of policy web's at so many seconds after the start.
func decided(seconds int, action engine.Action, reason string) engine.Record {
	return engine.Record{
		At: start.Add(time.Duration(seconds) * time.Second), Policy: "web", Service: "web", Mode: engine.Live, Revision: "r1",
		Decision: engine.Decision{Action: action, Reason: reason, From: 1, To: 1},
	}
}

func policy(name string, mode engine.Mode) engine.Policy {
	return engine.Policy{Name: name, Service: name, Mode: mode}
}

// opened is an event that began so many seconds after the start.
func opened(id string, seconds int) engine.Event {
	return engine.Event{
		ID: id, Policy: "web", Service: "shop", Action: engine.ScaleUp, From: 1, To: 2,
		Started: start.Add(time.Duration(seconds) * time.Second), Actor: "web", Revision: "r1",
	}
}

func ended(e engine.Event, after time.Duration) engine.Event {
	e.Ended, e.Result, e.Reached = e.Started.Add(after), engine.Succeeded, e.To
	return e
}
