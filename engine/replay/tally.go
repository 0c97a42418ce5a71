package replay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Find is what a decision is made again with. Where that is not at hand it says why. An error ends the replay.
type Find func(ctx context.Context, r engine.Record) (with Maker, missing string, err error)

// Tally is what came of replaying a stretch of the ledger. It stays small however long that is: of what differs it keeps the
// first.
type Tally struct {
	From      time.Time `json:"from,omitzero"` // of the oldest decision; zero: there is none
	To        time.Time `json:"to,omitzero"`   // of the newest
	Decisions int       `json:"decisions"`     // that were to be made again
	Alike     int       `json:"alike"`         // holds like one of those, of which nothing more is on record
	Policies  []string  `json:"policies"`
	Revisions []string  `json:"revisions"` // that the decisions were made by

	Same     int         `json:"same"`   // the same bytes came out
	Differ   int         `json:"differ"` // others did
	Turned   int         `json:"turned"` // of those: another action, or another count
	Unproved int         `json:"unproved"`
	First    []Differing `json:"first"` // of those that differ; those that turned come before the others, where not all are kept
	Missing  []Missing   `json:"missing"`

	Most int `json:"-"` // of First that are kept
}

// Differing is a decision that came out otherwise.
type Differing struct {
	Decision    int64        `json:"decision"` // its number in the ledger
	At          time.Time    `json:"at"`
	Policy      string       `json:"policy"`
	Service     string       `json:"service"`
	Mode        engine.Mode  `json:"mode"`
	Revision    string       `json:"revision"`
	Count       int          `json:"count"` // how often it was made, alike
	Was         Outcome      `json:"was"`
	Is          Outcome      `json:"is"`
	Differences []Difference `json:"differences"`
	More        int          `json:"more,omitempty"` // differences that are left out
}

// Turned says that the decision itself is another one, and not just what is said of it.
func (d Differing) Turned() bool { return d.Was.Action != d.Is.Action || d.Was.To != d.Is.To }

// Outcome is what a decision came to.
type Outcome struct {
	Action  engine.Action `json:"action"`
	From    int           `json:"from"`
	To      int           `json:"to"`
	Reason  string        `json:"reason"`
	Message string        `json:"message"`
}

func (o Outcome) String() string {
	if o.Action == engine.Hold {
		return fmt.Sprintf("hold at %d (%s)", o.To, o.Reason)
	}
	return fmt.Sprintf("%s from %d to %d (%s)", o.Action, o.From, o.To, o.Reason)
}

// Missing is why decisions could not be made again.
type Missing struct {
	Why       string `json:"why"`
	Decisions int    `json:"decisions"`
	First     int64  `json:"first"` // the number of the oldest
	Last      int64  `json:"last"`  // of the newest
}

// mostReasons are told apart of why decisions could not be made again.
const mostReasons = 100

// Add makes the decision of a row again, and counts what comes of it.
func (t *Tally) Add(ctx context.Context, row store.Row, find Find) error {
	r := row.Record
	if t.Decisions == 0 || r.At.Before(t.From) {
		t.From = r.At
	}
	if row.Last.After(t.To) {
		t.To = row.Last
	}
	t.Decisions++
	t.Alike += row.Count - 1
	t.Policies, t.Revisions = with(t.Policies, r.Policy), with(t.Revisions, r.Revision)
	maker, missing, err := find(ctx, r)
	if err != nil {
		return err
	}
	if missing != "" {
		t.miss(row.ID, missing)
		return nil
	}
	is := Again(ctx, maker, r)
	if err := ctx.Err(); err != nil {
		return err // and so the rules may have given no answer
	}
	differences, more, err := Differences(r, is)
	switch {
	case err != nil:
		t.miss(row.ID, err.Error())
	case len(differences) == 0:
		t.Same++
	default:
		t.differs(row, is, differences, more)
	}
	return nil
}

func (t *Tally) differs(row store.Row, is engine.Record, differences []Difference, more int) {
	r := row.Record
	d := Differing{
		Decision: row.ID, At: r.At, Policy: r.Policy, Service: r.Service, Mode: r.Mode, Revision: r.Revision, Count: row.Count,
		Was: outcome(r.Decision), Is: outcome(is.Decision), Differences: differences, More: more,
	}
	if t.Differ++; d.Turned() {
		t.Turned++
	}
	if len(t.First) == t.Most && d.Turned() {
		t.forget()
	}
	if len(t.First) < t.Most {
		t.First = append(t.First, d)
	}
}

// forget makes room for a decision that turned in the place of the last one that did not.
func (t *Tally) forget() {
	for i, d := range slices.Backward(t.First) {
		if !d.Turned() {
			t.First = slices.Delete(t.First, i, i+1)
			return
		}
	}
}

func outcome(d engine.Decision) Outcome {
	return Outcome{d.Action, d.From, d.To, d.Reason, d.Message}
}

// miss counts a decision that could not be made again with the others of which that is so for the same reason.
func (t *Tally) miss(id int64, why string) {
	t.Unproved++
	known := func() int { return slices.IndexFunc(t.Missing, func(m Missing) bool { return m.Why == why }) }
	i := known()
	if i < 0 && len(t.Missing) >= mostReasons {
		why = "other reasons"
		i = known()
	}
	if i < 0 {
		i = len(t.Missing)
		t.Missing = append(t.Missing, Missing{Why: why, First: id})
	}
	t.Missing[i].Decisions++
	t.Missing[i].Last = id
}

func with(all []string, one string) []string {
	if at, there := slices.BinarySearch(all, one); !there {
		return slices.Insert(all, at, one)
	}
	return all
}

// Proved says that every decision came out as it is on record, byte for byte.
func (t *Tally) Proved() bool { return t.Same == t.Decisions }
