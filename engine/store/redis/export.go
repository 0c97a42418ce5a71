package redis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// everything is all of a store but the samples, packed as it is kept. It is some 20 MB at most.
type everything struct {
	sampled                                       int64 // subjects with samples
	core                                          map[string]string
	latest, rows, spans, events, ended, revisions map[string]string
	messages                                      map[string]string
	due, dead                                     []client.Z
	audit                                         []client.XMessage
}

// everything reads all as it is at one instant.
func (s *Store) everything(ctx context.Context) (everything, error) {
	hashes := map[string]*client.MapStringStringCmd{}
	var core *client.MapStringStringCmd
	var audit *client.XMessageSliceCmd
	var due, dead *client.ZSliceCmd
	var sampled *client.IntCmd
	err := s.lookAtOnce(ctx, func(p client.Pipeliner, key func(string) string) {
		core = p.HGetAll(ctx, s.coreKey())
		for _, name := range []string{latestKey, rowsKey, spansKey, eventsKey, endedKey, revisionsKey, messagesKey} {
			hashes[name] = p.HGetAll(ctx, key(name))
		}
		due, dead = p.ZRangeWithScores(ctx, key(dueKey), 0, -1), p.ZRangeWithScores(ctx, key(deadKey), 0, -1)
		audit = p.XRange(ctx, key(auditKey), "-", "+")
		sampled = p.SCard(ctx, key(subjectsKey))
	})
	if err != nil {
		return everything{}, err
	}
	return everything{
		core: core.Val(), latest: hashes[latestKey].Val(), rows: hashes[rowsKey].Val(), spans: hashes[spansKey].Val(),
		events: hashes[eventsKey].Val(), ended: hashes[endedKey].Val(), revisions: hashes[revisionsKey].Val(),
		messages: hashes[messagesKey].Val(), due: due.Val(), dead: dead.Val(), audit: audit.Val(),
		sampled: sampled.Val(),
	}, nil
}

// unused says that nobody has ever used the store.
func (e everything) unused() bool {
	for field := range e.core {
		if field == switchField || field == "rebuilt" || field == postedField || isTurned(field) || strings.HasPrefix(field, stateField) {
			return false
		}
	}
	return len(e.spans)+len(e.ended)+len(e.audit)+len(e.revisions)+len(e.messages) == 0 && e.sampled == 0
}

// doubted says that a state was not written since the store was begun anew.
func (e everything) doubted(subject string) bool {
	_, anew := e.core["rebuilt"]
	return anew && number(e.core["written:"+subject]) <= number(e.core["rebuilt_seq"])
}

// Export gives everything in parts: all but the samples as it is at one instant, then the samples.
func (s *Store) Export(ctx context.Context, take func(store.Part) error) error {
	if err := s.export(ctx, take); err != nil {
		return fmt.Errorf("export the store: %w", err)
	}
	return nil
}

func (s *Store) export(ctx context.Context, take func(store.Part) error) error {
	e, err := s.everything(ctx)
	if err != nil {
		return err
	}
	if e.unused() {
		return ctx.Err()
	}
	for _, part := range []func(everything, func(store.Part) error) error{
		exportTurned, exportAccounts, exportDocuments, exportSubjects, exportRows, exportEvents, exportAudit, exportRevisions, exportMessages,
	} {
		if err := part(e, take); err != nil {
			return err
		}
	}
	return s.exportSamples(ctx, take)
}

func exportTurned(e everything, take func(store.Part) error) error {
	part := store.Part{Posted: number(e.core[postedField])}
	if value, set := e.core[switchField]; set {
		if err := json.Unmarshal([]byte(value), &part.Switch); err != nil {
			return fmt.Errorf("the switch can't be read: %w", err)
		}
	}
	if value, was := e.core["rebuilt"]; was {
		part.Rebuilt = instant(value)
	}
	for field, value := range e.core {
		place, is := strings.CutPrefix(field, pauseField)
		if !is {
			continue
		}
		var p engine.Pause
		if err := json.Unmarshal([]byte(value), &p); err != nil {
			return fmt.Errorf("%s can't be read: %w", field, err)
		}
		if part.Pauses == nil {
			part.Pauses = map[string]engine.Pause{}
		}
		part.Pauses[place] = p
	}
	return take(part)
}

// exportAccounts gives tokens, then people.
func exportAccounts(e everything, take func(store.Part) error) error {
	tokens, err := kept(e.core, tokenField, readToken)
	if err == nil {
		err = inParts(tokens, func(some []store.Token) error { return take(store.Part{Tokens: some}) })
	}
	if err != nil {
		return err
	}
	users, err := kept(e.core, userField, readUser)
	if err != nil {
		return err
	}
	return inParts(users, func(some []store.User) error { return take(store.Part{Users: some}) })
}

func exportDocuments(e everything, take func(store.Part) error) error {
	documents, err := kept(e.core, documentField, readDocument)
	if err != nil {
		return err
	}
	return inParts(documents, func(some []store.Document) error { return take(store.Part{Documents: some}) })
}

// inParts gives a list in pieces.
func inParts[T any](all []T, take func([]T) error) error {
	for some := range slices.Chunk(all, page/10) {
		if err := take(some); err != nil {
			return err
		}
	}
	return nil
}

func exportSubjects(e everything, take func(store.Part) error) error {
	var all []store.Subject
	for _, field := range slices.Sorted(maps.Keys(e.core)) {
		name, is := strings.CutPrefix(field, stateField)
		if !is {
			continue
		}
		one := store.Subject{Subject: name, Lost: e.doubted(name)}
		if err := json.Unmarshal([]byte(e.core[field]), &one.State); err != nil {
			return fmt.Errorf("%s can't be read: %w", field, err)
		}
		if packed, was := e.latest[name]; was {
			r, err := unpack[engine.Record](packed)
			if err != nil {
				return fmt.Errorf("the newest record of %s: %w", name, err)
			}
			one.Record = &r
		}
		all = append(all, one)
	}
	return inParts(all, func(some []store.Subject) error { return take(store.Part{Subjects: some}) })
}

func exportRows(e everything, take func(store.Part) error) error {
	var spans []span
	for id, value := range e.spans {
		r, err := readSpan(id, value)
		if err != nil {
			return err
		}
		spans = append(spans, r)
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.id, b.id) })
	return inParts(spans, func(some []span) error {
		var rows []store.Row
		for _, r := range some {
			row, err := r.row(e.rows[r.field()])
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return take(store.Part{Rows: rows})
	})
}

func exportEvents(e everything, take func(store.Part) error) error {
	all, err := intents(e.core)
	if err != nil {
		return err
	}
	for id, value := range e.ended {
		h, err := readHappening(id, value)
		if err != nil {
			return err
		}
		event, err := unpack[engine.Event](e.events[id])
		if err != nil {
			return fmt.Errorf("event %s: %w", id, err)
		}
		all = append(all, intent{happening: h, Intent: store.Intent{Mode: h.label.Mode, Event: event}})
	}
	slices.SortFunc(all, func(a, b intent) int { return cmp.Compare(a.number, b.number) })
	return inParts(all, func(some []intent) error {
		var events []store.Intent
		for _, i := range some {
			events = append(events, i.Intent)
		}
		return take(store.Part{Events: events})
	})
}

func exportAudit(e everything, take func(store.Part) error) error {
	return inParts(e.audit, func(some []client.XMessage) error {
		var entries []store.Entry
		for _, m := range some {
			entry, err := readEntry(m)
			if err != nil {
				return err
			}
			entries = append(entries, entry)
		}
		return take(store.Part{Entries: entries})
	})
}

func exportRevisions(e everything, take func(store.Part) error) error {
	return inParts(slices.Sorted(maps.Keys(e.revisions)), func(some []string) error {
		var part store.Part
		for _, id := range some {
			r, err := unpack[store.Revision](e.revisions[id])
			if err != nil {
				return fmt.Errorf("revision %s: %w", id, err)
			}
			part.Revisions = append(part.Revisions, r)
		}
		return take(part)
	})
}

func exportMessages(e everything, take func(store.Part) error) error {
	ids := slices.SortedFunc(maps.Keys(e.messages), func(a, b string) int { // their numbers come first
		return cmp.Compare(e.messages[a], e.messages[b])
	})
	return inParts(ids, func(some []string) error {
		var part store.Part
		for _, id := range some {
			_, m, err := readMessage(e.messages[id])
			if err != nil {
				return fmt.Errorf("message %s: %w", id, err)
			}
			part.Messages = append(part.Messages, m)
		}
		return take(part)
	})
}

// Empty says that nobody has ever used the store, and that no daemon has led in it.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	e, err := s.everything(ctx)
	if err != nil {
		return false, fmt.Errorf("look whether the store is empty: %w", err)
	}
	return e.unused(), nil
}
