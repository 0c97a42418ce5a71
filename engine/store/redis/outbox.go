package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
)

var outboxKeys = []string{messagesKey, dueKey, deadKey}

// Post takes messages. One whose id is there already is left as it is.
func (s *Store) Post(ctx context.Context, messages ...store.Message) error {
	if len(messages) == 0 {
		return nil
	}
	var args []any
	for _, m := range messages {
		packed, err := pack(m)
		if err != nil {
			return fmt.Errorf("post message %s: %w", m.ID, err)
		}
		due, made := scores(m)
		args = append(args, m.ID, packed, due, made)
	}
	if _, err := s.run(ctx, s.scripts.post, outboxKeys, args...); err != nil {
		return fmt.Errorf("post messages: %w", err)
	}
	return nil
}

// scores are by when a message is due (empty: it is dead), and by when it was made. Redis counts in floating point, which is
// exact for microseconds.
func scores(m store.Message) (due, made string) {
	if !m.Dead {
		due = strconv.FormatInt(m.Due.UnixMicro(), 10)
	}
	return due, strconv.FormatInt(m.Created.UnixMicro(), 10)
}

// Put writes how it stands with a message after an attempt. One that is not there is an error.
func (s *Store) Put(ctx context.Context, m store.Message) error {
	packed, err := pack(m)
	if err == nil {
		var answer []any
		due, made := scores(m)
		answer, err = s.run(ctx, s.scripts.put, outboxKeys, m.ID, packed, due, made)
		if err == nil && text(answer[0]) == "gone" {
			err = errors.New("it is not there")
		}
	}
	if err != nil {
		return fmt.Errorf("write message %s: %w", m.ID, err)
	}
	return nil
}

// Delivered forgets a message.
func (s *Store) Delivered(ctx context.Context, id string) error {
	if _, err := s.run(ctx, s.scripts.delivered, outboxKeys, id); err != nil {
		return fmt.Errorf("forget message %s: %w", id, err)
	}
	return nil
}

// Due lists messages that are to be delivered at an instant, those that are due longest first.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]store.Message, error) {
	all, err := s.messages(ctx, dueKey, strconv.FormatInt(at.UnixMicro(), 10), limit)
	if err != nil {
		return nil, fmt.Errorf("read what is to be delivered: %w", err)
	}
	all = slices.DeleteFunc(all, func(m store.Message) bool { return m.Due.After(at) })
	slices.SortStableFunc(all, func(a, b store.Message) int {
		return cmp.Or(a.Due.Compare(b.Due), a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Dead lists the messages that were given up, the oldest first.
func (s *Store) Dead(ctx context.Context, limit int) ([]store.Message, error) {
	all, err := s.messages(ctx, deadKey, "+inf", limit)
	if err != nil {
		return nil, fmt.Errorf("read what was not delivered: %w", err)
	}
	slices.SortStableFunc(all, func(a, b store.Message) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// messages are those of a sorted set up to a score, so many of them.
func (s *Store) messages(ctx context.Context, set, most string, limit int) ([]store.Message, error) {
	var ids *client.StringSliceCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
		ids = p.ZRangeByScore(ctx, key(set), &client.ZRangeBy{Min: "-inf", Max: most, Count: int64(unlimited(limit))})
	})
	if err != nil {
		return nil, err
	}
	return fetchAll[store.Message](ctx, s, messagesKey, ids.Val())
}

func unlimited(limit int) int {
	if limit <= 0 {
		return -1 // as Redis has it
	}
	return limit
}

// fetchAll reads what is packed in fields of a hash, but for those that are not there any more. It answers an empty list, not
// nil, for none: it ends up in JSON.
func fetchAll[T any](ctx context.Context, s *Store, hash string, fields []string) ([]T, error) {
	all := []T{}
	for some := range slices.Chunk(fields, page) {
		var packed *client.SliceCmd
		err := s.look(ctx, func(p client.Pipeliner, key func(string) string) { packed = p.HMGet(ctx, key(hash), some...) })
		if err != nil {
			return nil, err
		}
		for i, one := range packed.Val() {
			if one == nil {
				continue
			}
			value, err := unpack[T](text(one))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", some[i], err)
			}
			all = append(all, value)
		}
	}
	return all, nil
}
