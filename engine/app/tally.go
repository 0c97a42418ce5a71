package app

import (
	"context"

	"github.com/flyball-dev/flyball/engine/store"
)

// tally counts what a store exports. What a store counts by itself depends on how it keeps it.
type tally struct {
	told func(records int64) // is told how many there are so far; nil: nobody is

	pauses, subjects, rows, events, chunks, entries, revisions, messages, tokens, users, documents int64
}

func (t *tally) add(p store.Part) {
	t.pauses += int64(len(p.Pauses))
	t.subjects += int64(len(p.Subjects))
	t.rows += int64(len(p.Rows))
	t.events += int64(len(p.Events))
	t.chunks += int64(len(p.Chunks))
	t.entries += int64(len(p.Entries))
	t.revisions += int64(len(p.Revisions))
	t.messages += int64(len(p.Messages))
	t.tokens += int64(len(p.Tokens))
	t.users += int64(len(p.Users))
	t.documents += int64(len(p.Documents))
	if t.told != nil {
		t.told(t.pauses + t.subjects + t.rows + t.events + t.chunks + t.entries + t.revisions + t.messages + t.tokens + t.users + t.documents)
	}
}

func (t *tally) counts() []store.CountOf {
	return []store.CountOf{
		{What: "pauses", Count: t.pauses},
		{What: "states", Count: t.subjects},
		{What: "decisions", Count: t.rows},
		{What: "events", Count: t.events},
		{What: "chunks of samples", Count: t.chunks},
		{What: "audit entries", Count: t.entries},
		{What: "revisions of policies", Count: t.revisions},
		{What: "notifications", Count: t.messages},
		{What: "tokens", Count: t.tokens},
		{What: "people", Count: t.users},
		{What: "posted policies", Count: t.documents},
	}
}

// exported is how much of what is in a store.
func exported(ctx context.Context, s store.Mover) ([]store.CountOf, error) {
	t := &tally{}
	err := s.Export(ctx, func(p store.Part) error { t.add(p); return nil })
	return t.counts(), err
}

// telling is everything in a store, which is counted on the way.
func telling(ctx context.Context, from store.Mover, t *tally) func(take func(store.Part) error) error {
	return func(take func(store.Part) error) error {
		return from.Export(ctx, func(p store.Part) error {
			t.add(p)
			return take(p)
		})
	}
}
