package redis

import (
	"cmp"
	"context"
	"slices"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
)

// How much is kept at most, so that 300 services fit into 100 MB with their samples, which may take 64. TestLiveSizes measures
// with three metrics a service: rows of decisions 1.6 kB each, 16 MB in all; ended events 0.5 kB, 3 MB; entries of the audit log
// 0.4 kB, 8 MB; states with their newest record 6 kB, 2 MB; what comes by the API 1 MB; together 29 MB.
const (
	retention   = 90 * 24 * time.Hour
	pruneEvery  = time.Hour
	keepRows    = 10000 // and the newest of each policy
	keepEvents  = 5000  // that have ended
	keepEntries = 20000 // of the audit log; some more, until Redis drops them
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
	before := at.Add(-retention)
	err := s.pruneDecisions(ctx, before)
	if err == nil {
		err = s.pruneEvents(ctx, before)
	}
	if err == nil {
		err = s.pruneAudit(ctx, at.Add(-s.keepAudit))
	}
	if err != nil {
		s.log.Warn("old decisions, events, policies and audit entries not dropped", "store", s.name, "error", err)
	}
}

// pruneDecisions leaves the newest row of each policy, and the policies that decisions name.
func (s *Store) pruneDecisions(ctx context.Context, before time.Time) error {
	spans, err := s.spans(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(b.id, a.id) })
	type policy struct {
		name string
		mode engine.Mode
	}
	newest, named := map[policy]bool{}, map[string]bool{}
	var old []string
	for i, r := range spans {
		of := policy{r.Policy, r.Mode}
		if newest[of] && (i >= keepRows || r.last.Before(before)) {
			old = append(old, r.field())
			continue
		}
		newest[of], named[r.Revision] = true, true
	}
	if err := s.drop(ctx, old, rowsKey, spansKey); err != nil {
		return err
	}
	return s.pruneRevisions(ctx, before, named)
}

// pruneRevisions drops those that no decision names any more. One that has just come may have decided nothing yet.
func (s *Store) pruneRevisions(ctx context.Context, before time.Time, named map[string]bool) error {
	revisions, err := s.revisions(ctx)
	if err != nil {
		return err
	}
	var old []string
	for _, r := range revisions {
		if r.At.Before(before) && !named[r.ID] {
			old = append(old, r.ID)
		}
	}
	return s.drop(ctx, old, revisionsKey)
}

func (s *Store) pruneEvents(ctx context.Context, before time.Time) error {
	ended, err := all(ctx, s, endedKey, readHappening)
	if err != nil {
		return err
	}
	slices.SortFunc(ended, func(a, b happening) int { return b.before(a) })
	var old []string
	for i, e := range ended {
		if i >= keepEvents || e.started.Before(before) {
			old = append(old, e.id)
		}
	}
	return s.drop(ctx, old, eventsKey, endedKey)
}

// pruneAudit drops entries from the oldest on, up to the first that is not old: what is left has no gap. The newest stays.
func (s *Store) pruneAudit(ctx context.Context, before time.Time) error {
	for {
		var some *client.XMessageSliceCmd
		err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
			some = p.XRangeN(ctx, key(auditKey), "-", "+", page)
		})
		if err != nil {
			return err
		}
		old := 0
		for _, m := range some.Val() {
			e, err := readEntry(m)
			if err != nil {
				return err
			}
			if !e.At.Before(before) {
				break
			}
			old++
		}
		old = min(old, len(some.Val())-1)
		if old <= 0 {
			return nil
		}
		first := some.Val()[old].ID
		err = s.look(ctx, func(p client.Pipeliner, key func(string) string) { p.XTrimMinID(ctx, key(auditKey), first) })
		if err != nil || old < page-1 {
			return err
		}
	}
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
