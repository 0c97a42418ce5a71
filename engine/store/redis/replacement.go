package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

// replacement is a store that is made ready beside the one that is.
type replacement struct {
	*Store
	generation string
	beside     []any   // marks of the core that is there, as it was begun
	commands   [][]any // that are to be sent
	failed     error   // the first

	rebuilt  time.Time        // when what is moved was begun anew
	row      int64            // the highest number
	events   int64            // so far
	entry    int64            // the highest number
	messages int64            // so far
	posted   int64            // the highest
	tips     map[string]int64 // by field: the highest number
}

func (s *Store) replacement(at time.Time) *replacement {
	return &replacement{Store: s, generation: strconv.FormatInt(s.nextGeneration(at), 10), tips: map[string]int64{}}
}

func (r *replacement) key(name string) string { return r.Store.key(r.generation, name) }

func (r *replacement) set(hash, field string, value any) {
	r.commands = append(r.commands, []any{"HSET", r.key(hash), field, value})
}

// part takes a part. After one that it could not take it takes no other, also where nobody listens.
func (r *replacement) part(ctx context.Context, part store.Part) error {
	if r.failed == nil {
		r.failed = r.take(ctx, part)
	}
	return r.failed
}

// take writes a part.
func (r *replacement) take(ctx context.Context, part store.Part) error {
	if part.Rebuilt.After(r.rebuilt) {
		r.rebuilt = part.Rebuilt
	}
	r.posted = max(r.posted, part.Posted)
	if err := r.takeTurned(part); err != nil {
		return err
	}
	if err := r.takeAccounts(part); err != nil {
		return err
	}
	for _, s := range part.Subjects {
		if err := r.takeSubject(s); err != nil {
			return fmt.Errorf("state of %s: %w", s.Subject, err)
		}
	}
	for _, row := range part.Rows {
		if err := r.takeRow(row); err != nil {
			return fmt.Errorf("decision %d: %w", row.ID, err)
		}
	}
	for _, i := range part.Events {
		if err := r.takeEvent(i); err != nil {
			return fmt.Errorf("event %s: %w", i.Event.ID, err)
		}
	}
	for _, e := range part.Entries {
		line, err := entryText(e)
		if err != nil {
			return fmt.Errorf("entry %d: %w", e.Number, err)
		}
		r.commands = append(r.commands, []any{"XADD", r.key(auditKey), strconv.FormatInt(e.Number, 10) + "-0", "entry", line})
		r.entry = max(r.entry, e.Number)
	}
	for _, one := range part.Revisions {
		packed, err := r.pack(one)
		if err != nil {
			return fmt.Errorf("revision %s: %w", one.ID, err)
		}
		r.set(revisionsKey, one.ID, packed)
	}
	for _, m := range part.Messages {
		if err := r.takeMessage(m); err != nil {
			return fmt.Errorf("notification %s: %w", m.ID, err)
		}
	}
	if err := r.takeChunks(part.Chunks); err != nil {
		return err
	}
	return r.send(ctx)
}

func (r *replacement) takeTurned(part store.Part) error {
	if part.Switch != nil {
		text, err := json.Marshal(part.Switch)
		if err != nil {
			return err
		}
		r.set(stagedKey, switchField, text)
	}
	for place, p := range part.Pauses {
		text, err := json.Marshal(p)
		if err != nil {
			return err
		}
		r.set(stagedKey, pauseField+place, text)
	}
	return nil
}

func (r *replacement) takeAccounts(part store.Part) error {
	for _, t := range part.Tokens {
		text, err := json.Marshal(t)
		if err != nil {
			return fmt.Errorf("token %s: %w", t.ID, err)
		}
		r.set(stagedKey, tokenField+t.ID, text)
	}
	for _, u := range part.Users {
		text, err := json.Marshal(u)
		if err != nil {
			return fmt.Errorf("person %s: %w", u.Email, err)
		}
		r.set(stagedKey, userField+u.Email, text)
	}
	for _, d := range part.Documents {
		packed, err := r.packDocument(d)
		if err != nil {
			return fmt.Errorf("posted policy %s: %w", d.Name, err)
		}
		r.set(stagedKey, documentField+d.Name, packed)
	}
	return nil
}

// takeSubject writes that a state was written before the store was begun anew (0), or since (1): see end.
func (r *replacement) takeSubject(s store.Subject) error {
	state, err := stateText(s.State)
	if err != nil {
		return err
	}
	written := 1
	if s.Lost {
		written = 0
	}
	r.set(stagedKey, stateField+s.Subject, state)
	r.set(stagedKey, "written:"+s.Subject, written)
	if s.Record == nil {
		return nil
	}
	packed, err := r.pack(s.Record)
	r.set(latestKey, s.Subject, packed)
	return err
}

func (r *replacement) takeRow(row store.Row) error {
	packed, err := r.pack(row.Record)
	if err != nil {
		return err
	}
	like, err := likeness(row.Record)
	if err != nil {
		return err
	}
	one := span{id: row.ID, first: row.First, last: row.Last, count: row.Count, label: labelOf(row.Record)}
	r.set(rowsKey, one.field(), packed)
	r.set(spansKey, one.field(), one.String())
	r.row = max(r.row, row.ID)
	if tip := tipField(row.Record.Policy, row.Record.Mode); row.ID > r.tips[tip] {
		r.tips[tip] = row.ID
		r.set(stagedKey, tip, one.tip(like))
	}
	return nil
}

func (r *replacement) takeEvent(i store.Intent) error {
	r.events++
	number := strconv.FormatInt(r.events, 10) + " "
	if i.Event.Ended.IsZero() {
		text, err := intentText(i)
		r.set(stagedKey, openField+i.Event.ID, number+text)
		return err
	}
	packed, err := r.pack(i.Event)
	if err != nil {
		return err
	}
	span, err := endedSpan(i.Event, i.Mode)
	r.set(eventsKey, i.Event.ID, packed)
	r.set(endedKey, i.Event.ID, number+span)
	return err
}

func (r *replacement) takeMessage(m store.Message) error {
	args, err := r.messageArgs(m)
	if err != nil {
		return err
	}
	r.messages++
	number := fmt.Sprintf("%016d", r.messages)
	r.set(messagesKey, m.ID, number+" "+string(args[1].([]byte)))
	set, score := dueKey, args[2]
	if m.Dead {
		set, score = deadKey, args[3]
	}
	r.commands = append(r.commands, []any{"ZADD", r.key(set), score, number + " " + m.ID})
	return nil
}

// end writes what is known once everything was taken. What was written up to rebuilt_seq is doubted: all where something was
// lost, else what was doubted before.
func (r *replacement) end(ctx context.Context, lost time.Time) error {
	r.set(stagedKey, "version", version)
	r.set(stagedKey, "row", r.row)
	r.set(stagedKey, "event", r.events)
	r.set(stagedKey, "audit", r.entry)
	r.set(stagedKey, "message", r.messages)
	if posted := min(r.posted, r.entry); posted > 0 { // so that what the audit log goes on with is told
		r.set(stagedKey, postedField, posted)
	}
	doubted := 0
	if !lost.IsZero() {
		doubted = 1
	}
	if lost.After(r.rebuilt) {
		r.rebuilt = lost
	}
	if !r.rebuilt.IsZero() {
		r.set(stagedKey, "rebuilt", nanoseconds(r.rebuilt))
		r.set(stagedKey, "rebuilt_seq", doubted)
	}
	return r.send(ctx)
}
