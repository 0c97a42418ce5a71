package app

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/replay"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
)

// Replay is a stretch of the ledger that is to be made again.
type Replay struct {
	Of       string // a service or a policy; empty: all
	From, To time.Time
	Current  *Loaded             // that answers in the place of what did then; nil: what did then
	Most     int                 // decisions that are told of those that differ
	Told     func(share float64) // is told how far it is
}

// Replayed is what came of it.
type Replayed struct {
	replay.Tally
	Notes []string `json:"notes"` // what else is to be known of it
}

// page is how many rows are in memory at a time.
const page = 200

// Run makes the decisions again, the oldest first. What is asked for and is not on record is a Refusal.
func (r Replay) Run(ctx context.Context, ledger api.Flyball) (Replayed, error) {
	done := Replayed{Tally: replay.Tally{Most: r.Most, Policies: []string{}, Revisions: []string{}, First: []replay.Differing{}, Missing: []replay.Missing{}}, Notes: []string{}}
	known := &revisions{ledger: ledger}
	find := known.find
	if r.Current != nil {
		find = r.current(known, &done)
	}
	for after := int64(0); ; {
		rows, err := ledger.Rows(ctx, r.From, r.To, after, page)
		if err != nil {
			return done, err
		}
		for _, row := range rows {
			if after = row.ID; r.Of != "" && r.Of != row.Record.Policy && r.Of != row.Record.Service {
				continue
			}
			if err := done.Add(ctx, row, find); err != nil {
				return done, err
			}
		}
		if len(rows) < page {
			break
		}
		if r.Told != nil {
			far := rows[len(rows)-1].First.Sub(r.From)
			r.Told(max(0, min(1, float64(far)/float64(r.To.Sub(r.From)))))
		}
	}
	if r.Of != "" && done.Decisions == 0 {
		return done, api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf(
			"nothing is on record of a service or a policy %s from %s to %s", r.Of, r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))}
	}
	return done, nil
}

// current finds the policies that are to answer now.
func (r Replay) current(then *revisions, done *Replayed) replay.Find {
	rules := r.Current.Rules.Patient().Afresh()
	noted := map[string]bool{} // by policy and revision
	return func(ctx context.Context, record engine.Record) (replay.Maker, string, error) {
		i := slices.IndexFunc(r.Current.Policies, func(p engine.Policy) bool { return p.Name == record.Policy })
		if i < 0 {
			return replay.Maker{}, fmt.Sprintf("there is no policy %s any more", record.Policy), nil
		}
		p := r.Current.Policies[i]
		if key := record.Policy + " " + record.Revision; !noted[key] && p.Revision != record.Revision {
			noted[key] = true
			before, known, err := then.ledger.Revision(ctx, record.Revision)
			if err != nil {
				return replay.Maker{}, "", err
			}
			if known {
				done.note(replay.Unread(before.Policy, p))
			}
		}
		return replay.Maker{Policy: p, Rules: rules}, "", nil
	}
}

func (d *Replayed) note(notes []string) {
	for _, n := range notes {
		if !slices.Contains(d.Notes, n) {
			d.Notes = append(d.Notes, n)
		}
	}
}

// revisions are those on record, compiled when they are first asked for.
type revisions struct {
	ledger interface {
		Revision(ctx context.Context, id string) (store.Revision, bool, error)
	}
	known   map[string]maker
	shipped map[string]*rego.Rules // of revisions without rules of the author's, by their strategies
}

// maker is what decisions of a revision are made with; missing says why there is none.
type maker struct {
	replay.Maker
	missing string
}

// mostKnown is how many revisions are compiled at a time: more than are at work at once, and less than would fill the memory.
const mostKnown = 64

// find is the revision that a decision names.
func (r *revisions) find(ctx context.Context, record engine.Record) (replay.Maker, string, error) {
	if replay.TimedOut(record.Recommendation) {
		return replay.Maker{}, "the rules gave no answer in time then, which was the machine's doing", nil
	}
	found, asked := r.known[record.Revision]
	if !asked {
		revision, known, err := r.ledger.Revision(ctx, record.Revision)
		if err != nil {
			return replay.Maker{}, "", err
		}
		if found = (maker{missing: fmt.Sprintf("revision %s is not on record", record.Revision)}); known {
			found = r.compile(ctx, revision)
		}
		if len(r.known) >= mostKnown || r.known == nil {
			r.known = map[string]maker{}
		}
		r.known[record.Revision] = found
	}
	return found.Maker, found.missing, nil
}

// compile makes the rules of a revision ones that can be asked. They are asked afresh and with patience: what they answer
// depends on nothing else.
func (r *revisions) compile(ctx context.Context, of store.Revision) maker {
	key := strings.Join(of.Policy.Strategies, " ")
	shared := len(of.Rules) == 0
	if rules := r.shipped[key]; shared && rules != nil {
		return maker{Maker: replay.Maker{Policy: of.Policy, Rules: rules}}
	}
	rules, wrong := compiled(ctx, of)
	if rules == nil {
		return maker{missing: fmt.Sprintf("the rules of revision %s can't be used any more: %s", of.ID, first(wrong))}
	}
	rules = rules.Patient().Afresh()
	if shared {
		if r.shipped == nil {
			r.shipped = map[string]*rego.Rules{}
		}
		r.shipped[key] = rules
	}
	return maker{Maker: replay.Maker{Policy: of.Policy, Rules: rules}}
}

// compiled are the rules of a revision. They are not held to the schema of today: what was let through then, answered then.
func compiled(ctx context.Context, of store.Revision) (*rego.Rules, []engine.Problem) {
	files := make([]rego.File, len(of.Rules))
	for i, f := range of.Rules {
		files[i] = rego.File{Path: f.Name, Text: []byte(f.Text)}
	}
	return rego.Compile(ctx, files, []engine.Policy{of.Policy}, nil)
}

// first is the first error among problems.
func first(problems []engine.Problem) string {
	for _, p := range problems {
		if !p.Warning {
			return p.String()
		}
	}
	return "nobody knows why"
}
