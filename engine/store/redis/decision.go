package redis

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Decisions lists what a policy decided in either mode, the newest first. An empty policy means all; a limit of 0 or
// less, no limit.
func (s *Store) Decisions(ctx context.Context, policy string, limit int) ([]store.Row, error) {
	others := func(r span) bool { return policy != "" && r.Policy != policy }
	return s.some(ctx, others, func(a, b span) int { return cmp.Compare(b.id, a.id) }, limit)
}

// Decision is the decision of a number, which rows carry; false where there is none, or none any more.
func (s *Store) Decision(ctx context.Context, id int64) (store.Row, bool, error) {
	var value, packed *client.StringCmd
	field := strconv.FormatInt(id, 10)
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
		value, packed = p.HGet(ctx, key(spansKey), field), p.HGet(ctx, key(rowsKey), field)
	})
	if err == nil && (value.Err() != nil || packed.Err() != nil) {
		return store.Row{}, false, nil
	}
	var r span
	if err == nil {
		r, err = readSpan(field, value.Val())
	}
	var row store.Row
	if err == nil {
		row, err = r.row(packed.Val())
	}
	if err != nil {
		return store.Row{}, false, fmt.Errorf("look into the ledger: %w", err)
	}
	return row, true, nil
}

// DecisionAt is the decision of a policy in a mode that was the newest at an instant; false where nothing that old is kept.
func (s *Store) DecisionAt(ctx context.Context, policy string, mode engine.Mode, at time.Time) (store.Row, bool, error) {
	spans, err := s.spans(ctx)
	if err != nil {
		return store.Row{}, false, fmt.Errorf("look into the ledger: %w", err)
	}
	spans = slices.DeleteFunc(spans, func(r span) bool { return r.Policy != policy || r.Mode != mode || r.first.After(at) })
	if len(spans) == 0 {
		return store.Row{}, false, nil
	}
	return s.Decision(ctx, slices.MaxFunc(spans, func(a, b span) int { return cmp.Compare(a.id, b.id) }).id)
}

// Rows lists whole rows with a number above after, by their number: those that lie in a range, or reach into it. A limit of
// 0 or less is none.
func (s *Store) Rows(ctx context.Context, from, to time.Time, after int64, limit int) ([]store.Row, error) {
	outside := func(r span) bool { return r.id <= after || r.last.Before(from) || r.first.After(to) }
	return s.some(ctx, outside, func(a, b span) int { return cmp.Compare(a.id, b.id) }, limit)
}

// some are the first rows in an order, but for some.
func (s *Store) some(ctx context.Context, but func(span) bool, order func(a, b span) int, limit int) ([]store.Row, error) {
	spans, err := s.spans(ctx)
	if err == nil {
		spans = slices.DeleteFunc(spans, but)
		slices.SortFunc(spans, order)
		if limit > 0 {
			spans = spans[:min(limit, len(spans))]
		}
		var rows []store.Row
		if rows, err = s.rows(ctx, spans); err == nil {
			return rows, nil
		}
	}
	return nil, fmt.Errorf("read decisions: %w", err)
}

// Between lists what was decided and done for a service, the oldest first: the rows and the events that lie in a range, or
// reach into it. An empty service means all. The records are without snapshot, state and the rules' reasons, which are
// most of them and no part of a sum.
func (s *Store) Between(ctx context.Context, service string, from, to time.Time) ([]store.Row, []engine.Event, error) {
	spans, err := s.spans(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read decisions: %w", err)
	}
	spans = slices.DeleteFunc(spans, func(r span) bool {
		return r.last.Before(from) || r.first.After(to) || service != "" && r.Service != service
	})
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.id, b.id)) })
	rows, err := s.rows(ctx, spans)
	if err != nil {
		return nil, nil, fmt.Errorf("read decisions: %w", err)
	}
	for i := range rows {
		r := &rows[i].Record
		r.Snapshot, r.State, r.Recommendation.Reasons = engine.Snapshot{}, engine.State{}, nil
	}
	events, err := s.events(ctx, func(e happening) bool {
		return !e.started.After(to) && (e.ended.IsZero() || !e.ended.Before(from)) && (service == "" || e.Service == service)
	}, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("read history: %w", err)
	}
	slices.Reverse(events)
	return rows, events, nil
}

// Latest is the newest record of each service, and of each policy in shadow mode.
func (s *Store) Latest(ctx context.Context) ([]engine.Record, error) {
	type latest struct {
		subject string
		record  engine.Record
	}
	found, err := all(ctx, s, latestKey, func(subject, packed string) (latest, error) {
		r, err := unpack[engine.Record](packed)
		return latest{subject, r}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the newest decisions: %w", err)
	}
	slices.SortFunc(found, func(a, b latest) int { return cmp.Compare(a.subject, b.subject) })
	records := []engine.Record{}
	for _, l := range found {
		records = append(records, l.record)
	}
	return records, nil
}
