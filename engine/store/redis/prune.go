package redis

import (
	"cmp"
	"context"
	"slices"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// How much is kept, so that 300 services fit into 100 MB with their samples. Measured (TestSizes): a row of decisions with
// two metrics takes 1 kB, 10,000 of them 10 MB; an event 0.6 kB, 5,000 of them 3 MB; an entry of the audit log 0.25 kB,
// 20,000 of them 5 MB; a revision with its rules 2 kB, 1,000 of them 2 MB; a service's state and its newest record 3 kB, 300 of
// them 1 MB. That is 21 MB, and leaves 9 MB for messages that wait.
const (
	retention     = 90 * 24 * time.Hour
	pruneEvery    = time.Hour
	keepRows      = 10000
	keepEvents    = 5000
	keepEntries   = 20000 // some more, until Redis drops them
	keepRevisions = 1000
)

// prune drops what is past its retention, at most once an hour. It runs after the decision is safe: what it can't drop
// now it finds again next time. It works where there is no memory left, too.
func (s *Store) prune(ctx context.Context, at time.Time) {
	s.mu.Lock()
	due := at.Sub(s.pruned) >= pruneEvery
	if due {
		s.pruned = at
	}
	s.mu.Unlock()
	if !due {
		return
	}
	ctx = context.WithoutCancel(ctx)
	if err := cmp.Or(s.pruneRows(ctx, at), s.pruneEvents(ctx, at), s.pruneRevisions(ctx)); err != nil {
		s.log.Warn("old decisions and events not dropped", "store", s.name, "error", err)
	}
}

// pruneRows leaves the newest row of each policy.
func (s *Store) pruneRows(ctx context.Context, at time.Time) error {
	spans, err := s.spans(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(b.id, a.id) })
	type policy struct {
		name string
		mode engine.Mode
	}
	seen := map[policy]bool{}
	var old []string
	for i, r := range spans {
		of := policy{r.Policy, r.Mode}
		if seen[of] && (i >= keepRows || r.last.Before(at.Add(-retention))) {
			old = append(old, r.field())
		}
		seen[of] = true
	}
	return s.drop(ctx, old, rowsKey, spansKey)
}

func (s *Store) pruneEvents(ctx context.Context, at time.Time) error {
	ended, err := all(ctx, s, endedKey, readHappening)
	if err != nil {
		return err
	}
	slices.SortFunc(ended, func(a, b happening) int { return b.before(a) })
	var old []string
	for i, e := range ended {
		if i >= keepEvents || e.started.Before(at.Add(-retention)) {
			old = append(old, e.id)
		}
	}
	return s.drop(ctx, old, eventsKey, endedKey)
}

// pruneRevisions drops those that have been known longest, where there are too many.
func (s *Store) pruneRevisions(ctx context.Context) error {
	var n *client.IntCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) { n = p.HLen(ctx, key(revisionsKey)) })
	if err != nil || n.Val() <= keepRevisions {
		return err
	}
	revisions, err := all(ctx, s, revisionsKey, func(_, packed string) (store.Revision, error) { return unpack[store.Revision](packed) })
	if err != nil {
		return err
	}
	slices.SortFunc(revisions, func(a, b store.Revision) int { return b.At.Compare(a.At) })
	var old []string
	for _, r := range revisions[min(keepRevisions, len(revisions)):] {
		old = append(old, r.ID)
	}
	return s.drop(ctx, old, revisionsKey)
}

// drop takes fields out of hashes, some at a time, so that it never holds up a decision for long.
func (s *Store) drop(ctx context.Context, fields []string, hashes ...string) error {
	for some := range slices.Chunk(fields, page) {
		err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
			for _, h := range hashes {
				p.HDel(ctx, key(h), some...)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
