// Package store holds what every store answers beside the engine's own nouns. Each subfolder is one store; storetest is
// what all of them must hold to.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Store is the ledger with its read side, the history of samples, the audit log, the outbox, and what came by the API. It is safe for concurrent
// use. What it acknowledges it keeps: a process that is killed after a call has returned finds it again.
type Store interface {
	Ledger
	Switches
	Reader
	Samples
	Audit
	Revisions
	Outbox
	Accounts
	Documents
	Mover
	Shutdown() error // flushes
}

// Ledger is the durable record that the cycle writes. Of each decision that opens an event, and of each event that ends, it
// appends to the audit log in the same step.
type Ledger interface {
	State(ctx context.Context, p engine.Policy) (engine.State, error)
	Record(ctx context.Context, r engine.Record, s engine.State) error
	Close(ctx context.Context, e engine.Event, p engine.Policy, s engine.State) error
}

// Switches are what people turn. Each turn is in the audit log.
type Switches interface {
	SetEnabled(ctx context.Context, on bool, actor string, at time.Time) error
	// Switch is the global switch as it was last set; known is false where it never was.
	Switch(ctx context.Context) (is Switch, known bool, err error)
	Pause(ctx context.Context, place string, p engine.Pause) error
	// Resume ends the pause of a place; where there is none it does nothing.
	Resume(ctx context.Context, place, actor string, at time.Time) error
	Pauses(ctx context.Context) (map[string]engine.Pause, error)
}

// Reader reads the ledger.
type Reader interface {
	History(ctx context.Context, service string, limit int) ([]engine.Event, error)
	Decisions(ctx context.Context, policy string, limit int) ([]Row, error)
	Between(ctx context.Context, service string, from, to time.Time) ([]Row, []engine.Event, error)
	// Rows lists whole rows with a number above after, by their number: those that lie in a range, or reach into it. A limit of
	// 0 or less is none. Page after page of them, each after the last row of the one before, is all that is kept.
	Rows(ctx context.Context, from, to time.Time, after int64, limit int) ([]Row, error)
	Decision(ctx context.Context, id int64) (Row, bool, error)
	DecisionAt(ctx context.Context, policy string, mode engine.Mode, at time.Time) (Row, bool, error)
	Event(ctx context.Context, id string) (engine.Event, bool, error)
	Latest(ctx context.Context) ([]engine.Record, error)
	OpenEvents(ctx context.Context) ([]Intent, error)
	Halfway(ctx context.Context) ([]engine.Event, error)
}

// Samples are the history of what was sampled.
type Samples interface {
	Keep(series []engine.Series)
	Flush(ctx context.Context, now time.Time) error
	Samples(ctx context.Context, r engine.Range) ([]engine.Series, error)
	Rollups(ctx context.Context, r engine.Range) ([]engine.Rollups, error)
}

// Row is a decision as it is kept. A row of holds stands for all of them, with the record of the first: those have the
// same reason, count, wish and terms, and no gap between them. What else the record says is of the first alone.
type Row struct {
	ID     int64         `json:"id"` // rises with every row
	First  time.Time     `json:"first"`
	Last   time.Time     `json:"last"`
	Count  int           `json:"count"`
	Record engine.Record `json:"record"`
}

// Intent is an event that has not ended.
type Intent struct {
	Mode  engine.Mode  `json:"mode"` // of the policy that opened it
	Event engine.Event `json:"event"`
}

// Elector is a store that several daemons share. One of them leads: it alone records decisions, and acts.
type Elector interface {
	// Lead takes the lease for so long, or prolongs it where this store has it; else it says who leads. With each change of
	// the leader the epoch rises, and what an earlier one still writes is refused with ErrFenced.
	Lead(ctx context.Context, name string, length time.Duration) (Lease, error)
	// Resign gives the lease back, where this store has it.
	Resign(ctx context.Context) error
	// Leader says who leads, without wanting to; the zero Lease where nobody does.
	Leader(ctx context.Context) (Lease, error)
}

// Lease is the right to act.
type Lease struct {
	Leader string `json:"leader"` // who has it
	Epoch  int64  `json:"epoch"`
	Mine   bool   `json:"mine"` // the store that was asked has it
}

// ErrFenced says that another daemon has led since: nothing was written.
var ErrFenced = errors.New("another daemon has led since: nothing was written")

// ErrUnavailable says that the server which keeps the store can't be reached, or refuses what was asked: nothing is wrong with
// what was asked, and it may be answered later.
var ErrUnavailable = errors.New("the store is not available")
