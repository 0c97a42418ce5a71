package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

const (
	latestKey    = "latest"    // hash: subject, its newest record
	rowsKey      = "rows"      // hash: number, record
	spansKey     = "spans"     // hash: number; first, last, count, label
	eventsKey    = "events"    // hash: id, event that has ended
	endedKey     = "ended"     // hash: id; number, began, ended, label
	auditKey     = "audit"     // stream: number, entry
	revisionsKey = "revisions" // hash: id, revision
	messagesKey  = "messages"  // hash: id, message
	dueKey       = "due"       // sorted set: id, by when it is due
	deadKey      = "dead"      // sorted set: id, by when it was made
)

// label says whose a row of decisions, or an event, is.
type label struct {
	Policy   string      `json:"p,omitempty"`
	Mode     engine.Mode `json:"m"`
	Service  string      `json:"s"`
	Revision string      `json:"r,omitempty"`
}

func labelOf(r engine.Record) label {
	return label{Policy: r.Policy, Mode: r.Mode, Service: r.Service, Revision: r.Revision}
}

// Record writes a decision, the state after it and, where s.Open is set, the intent, in one script. Holds of a policy that are
// alike are counted in one row. When Record returns an error, for want of memory for one, nothing is written, or nobody
// knows: Redis may have gone before it answered.
func (s *Store) Record(ctx context.Context, r engine.Record, state engine.State) error {
	if err := s.record(ctx, r, state); err != nil {
		return fmt.Errorf("record decision of policy %s: %w", r.Policy, err)
	}
	s.prune(ctx, r.At)
	return nil
}

func (s *Store) record(ctx context.Context, r engine.Record, state engine.State) error {
	like, err := likeness(r)
	if err != nil {
		return err
	}
	record, err := s.pack(r)
	if err != nil {
		return err
	}
	own, err := stateText(state)
	if err != nil {
		return err
	}
	of, err := json.Marshal(labelOf(r))
	if err != nil {
		return err
	}
	opens, err := intentArgs(r.Mode, state.Open)
	if err != nil {
		return err
	}
	args := []any{
		s.nonce(), r.Subject(), own, record, tipField(r.Policy, r.Mode), like, nanoseconds(r.At),
		nanoseconds(r.At.Add(-engine.Unseen(r.Terms.Every))), of, keepEntries,
	}
	answer, err := s.run(ctx, s.scripts.record.on(state), []string{latestKey, rowsKey, spansKey, endedKey, auditKey}, append(args, opens...)...)
	return written(answer, err, state)
}

// nonce tells one write of the ledger from another, and from newer ones of this store.
func (s *Store) nonce() string { return fmt.Sprintf("%s %d", s.me, s.writes.Add(1)) }

// written is why a write of the ledger was refused.
func written(answer []any, err error, state engine.State) error {
	if err != nil {
		return err
	}
	switch text(answer[0]) {
	case "ended":
		return fmt.Errorf("event %s has ended and can't be opened again", state.Open.ID)
	case "late":
		return errors.New("a newer one was written meanwhile")
	}
	return nil
}

func tipField(policy string, mode engine.Mode) string { return "tip:" + string(mode) + "/" + policy }

// likeness is what further holds must have in common with one to be counted in its row: the same reason at the same count, of
// the same wish of the rules, or of a person, under the same terms. What is no hold is alone.
func likeness(r engine.Record) (string, error) {
	if r.Decision.Action != engine.Hold {
		return "-", nil
	}
	all, err := json.Marshal([]any{
		r.Decision.Reason, r.Revision, r.Decision.From, r.Recommendation.Action, r.Recommendation.Error != "", r.Request != nil, r.Terms,
	})
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:16]), err
}

// stateText is a state without what is not the policy's own.
func stateText(state engine.State) ([]byte, error) {
	state.Enabled, state.Pauses, state.Budget = false, nil, engine.Budget{}
	return json.Marshal(state)
}

// intentArgs are an intent as scripts take it: its id, what is kept of it, and its entry in the audit log.
func intentArgs(mode engine.Mode, e *engine.Event) ([]any, error) {
	if e == nil {
		return []any{"", "", ""}, nil
	}
	intent, err := intentText(store.Intent{Mode: mode, Event: *e})
	if err != nil {
		return nil, err
	}
	entry, err := entryText(store.Opened(*e))
	return []any{e.ID, intent, entry}, err
}

// intentText is an intent as it is kept, but for its number.
func intentText(i store.Intent) (string, error) {
	text, err := json.Marshal(i)
	return nanoseconds(i.Event.Started) + " " + string(text), err
}

// Close writes how an event ended and the state after it in one script. An event without an intent on record, such as a
// drift that was only seen, is recorded whole.
func (s *Store) Close(ctx context.Context, e engine.Event, p engine.Policy, state engine.State) error {
	if err := s.end(ctx, e, p, state); err != nil {
		return fmt.Errorf("close event %s of policy %s: %w", e.ID, p.Name, err)
	}
	return nil
}

func (s *Store) end(ctx context.Context, e engine.Event, p engine.Policy, state engine.State) error {
	if e.Ended.IsZero() || e.Result == "" {
		return errors.New("it has no end or no result")
	}
	own, err := stateText(state)
	if err != nil {
		return err
	}
	event, err := s.pack(e)
	if err != nil {
		return err
	}
	span, err := endedSpan(e, p.Mode)
	if err != nil {
		return err
	}
	entry, err := entryText(store.Ended(e))
	if err != nil {
		return err
	}
	other := state.Open
	if other != nil && other.ID == e.ID {
		other = nil
	}
	opens, err := intentArgs(p.Mode, other)
	if err != nil {
		return err
	}
	args := []any{s.nonce(), p.Subject(), own, e.ID, event, span, keepEntries, entry}
	answer, err := s.run(ctx, s.scripts.close.on(state), []string{eventsKey, endedKey, auditKey}, append(args, opens...)...)
	return written(answer, err, state)
}

// endedSpan is what is looked through for events, but for the number.
func endedSpan(e engine.Event, mode engine.Mode) (string, error) {
	of, err := json.Marshal(label{Mode: mode, Service: e.Service})
	return nanoseconds(e.Started) + " " + nanoseconds(e.Ended) + " " + string(of), err
}
