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
	t.Run("every field comes back", s.fields)
	t.Run("a new ledger knows nothing", s.empty)
	t.Run("a restart keeps cooldown, open event and switch", s.restart)
	t.Run("live and shadow are two", s.modes)
	t.Run("pauses last until they are resumed", s.pauses)
	t.Run("a renamed policy finds the state of its service", s.renamed)
	t.Run("holds in a row are one row", s.holds)
	t.Run("holds that differ are several rows", s.unlike)
	t.Run("decisions and events of a range", s.between)
	t.Run("rows page by page", s.rows)
	t.Run("history is newest first", s.history)
	t.Run("one decision, one event", s.single)
	t.Run("an event closes once", s.closing)
	t.Run("all or nothing", s.atomic)
	t.Run("many policies at once", s.concurrent)
	t.Run("a new history has no samples", s.noSamples)
	t.Run("samples are in order, once", s.inOrder)
	t.Run("samples of a range", s.ranges)
	t.Run("series are told apart", s.apart)
	t.Run("any value comes back", s.anyValue)
	t.Run("rollups", s.rollups)
	t.Run("samples are kept and read at once", s.keeping)
	t.Run("a clock that is ahead wipes no samples", s.clockAhead)
	t.Run("samples are those of the model", s.likeTheModel)
	t.Run("each change is in the audit log", s.audited)
	t.Run("audit entries of many writers have no gap", s.auditedAtOnce)
	t.Run("audit entries are filtered", s.filtered)
	t.Run("a revision is learned once", s.revisions)
	t.Run("the revisions of a policy are newest first", s.revised)
	t.Run("the outbox keeps messages until they are delivered", s.outbox)
	t.Run("messages are due in order", s.due)
	t.Run("messages are made of the audit log once", s.posted)
	t.Run("the oldest that were given up go", s.givenUp)
	t.Run("who may use the API", s.accounts)
	t.Run("policies by the API", s.documents)
	t.Run("changes at once", s.changedAtOnce)
	t.Run("a store is empty until it is used", s.unused)
	t.Run("everything moves to another store", s.moves)
	t.Run("a move ends what was told with the audit log", s.told)
	t.Run("a move that fails changes nothing", s.movesNot)
	t.Run("what was lost is a full cooldown", s.lost)
	t.Run("a sound store has no problems", s.sound)
	t.Run("kill -9 loses nothing acknowledged", s.killed)
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
