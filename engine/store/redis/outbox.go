package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
)

// outboxKeys are those of the scripts of the outbox.
func outboxKeys() []string { return []string{messagesKey, dueKey, deadKey} }

// letter is a message as it is packed: JSON would write its body in another way, and that may be signed.
type letter struct {
	Message store.Message `json:"m"`
	Body    []byte        `json:"b"`
}

// messageArgs are a message as scripts take it: id, message, when it is due (empty: it is dead) and when it was made. Redis
// counts in floating point, which is exact for microseconds.
func (s *Store) messageArgs(m store.Message) ([]any, error) {
	made := strconv.FormatInt(m.Created.UnixMicro(), 10)
	due := ""
	if !m.Dead {
		due = strconv.FormatInt(m.Due.UnixMicro(), 10)
	}
	l := letter{m, m.Body}
	l.Message.Body = nil
	packed, err := s.pack(l)
	return []any{m.ID, packed, due, made}, err
}

// readMessage reads one as it is kept, with its number.
func readMessage(value string) (number string, m store.Message, err error) {
	number, packed, _ := strings.Cut(value, " ")
	l, err := unpack[letter](packed)
	l.Message.Body = l.Body
	return number, l.Message, err
}

const postedField = "posted"

// Posted is the number of the audit entry up to which messages were made; false where none ever was.
func (s *Store) Posted(ctx context.Context) (int64, bool, error) {
	values, err := s.core(ctx, postedField)
	if err != nil {
		return 0, false, fmt.Errorf("read up to where the audit log was told: %w", err)
	}
	return number(values[0]), values[0] != nil, nil
}

// Post takes messages, and where upTo is above 0 notes that they were made of the audit log up to there. A message whose id is
// there already is left as it is. upTo never goes back.
func (s *Store) Post(ctx context.Context, upTo int64, messages ...store.Message) error {
	args := []any{store.MostDead, upTo}
	for _, m := range messages {
		one, err := s.messageArgs(m)
		if err != nil {
			return fmt.Errorf("post notifications: %w", err)
		}
		args = append(args, one...)
	}
	if len(messages) == 0 && upTo <= 0 {
		return nil
	}
	if _, err := s.run(ctx, s.scripts.post, outboxKeys(), args...); err != nil {
		return fmt.Errorf("post notifications: %w", err)
	}
	return nil
}

// Put writes how it stands with a message after an attempt. One that is not there is an error.
func (s *Store) Put(ctx context.Context, m store.Message) error {
	args, err := s.messageArgs(m)
	var answer []any
	if err == nil {
		answer, err = s.run(ctx, s.scripts.put, outboxKeys(), append([]any{store.MostDead}, args...)...)
	}
	if err == nil && text(answer[0]) == "gone" {
		err = errors.New("it is not in the outbox")
	}
	if err != nil {
		return fmt.Errorf("put notification %s: %w", m.ID, err)
	}
	return nil
}

// Delivered forgets a message.
func (s *Store) Delivered(ctx context.Context, id string) error {
	if _, err := s.run(ctx, s.scripts.delivered, outboxKeys(), id); err != nil {
		return fmt.Errorf("forget notification %s: %w", id, err)
	}
	return nil
}

// Due lists messages that are to be delivered at an instant, those that are due longest first. A limit of 0 or less is no
// limit.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]store.Message, error) {
	all, err := s.messages(ctx, dueKey, strconv.FormatInt(at.UnixMicro(), 10), limit)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m store.Message) bool { return m.Due.After(at) })
	slices.SortStableFunc(all, func(a, b store.Message) int { return a.Due.Compare(b.Due) })
	return all, nil
}

// Dead lists the messages that were given up, the oldest first. A limit of 0 or less is no limit.
func (s *Store) Dead(ctx context.Context, limit int) ([]store.Message, error) {
	return s.messages(ctx, deadKey, "+inf", limit)
}

// Depth is how many messages wait, and how many were given up.
func (s *Store) Depth(ctx context.Context) (waiting, dead int, err error) {
	var due, gone *client.IntCmd
	err = s.look(ctx, func(p client.Pipeliner, key func(string) string) {
		due, gone = p.ZCard(ctx, key(dueKey)), p.ZCard(ctx, key(deadKey))
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count notifications: %w", err)
	}
	return int(due.Val()), int(gone.Val()), nil
}

// messages are those of a sorted set up to a score, so many of them, but for those that are gone meanwhile.
func (s *Store) messages(ctx context.Context, set, most string, limit int) ([]store.Message, error) {
	if limit <= 0 {
		limit = -1 // as Redis has it
	}
	var members *client.StringSliceCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
		members = p.ZRangeByScore(ctx, key(set), &client.ZRangeBy{Min: "-inf", Max: most, Count: int64(limit)})
	})
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	messages := []store.Message{}
	for some := range slices.Chunk(members.Val(), page) {
		ids := make([]string, len(some))
		for i, m := range some {
			_, ids[i], _ = strings.Cut(m, " ")
		}
		values, err := s.fields(ctx, messagesKey, ids)
		if err != nil {
			return nil, fmt.Errorf("read notifications: %w", err)
		}
		for _, value := range values {
			if value == nil {
				continue
			}
			_, m, err := readMessage(text(value))
			if err != nil {
				return nil, fmt.Errorf("read notifications: %w", err)
			}
			messages = append(messages, m)
		}
	}
	return messages, nil
}

// fields reads some of a hash.
func (s *Store) fields(ctx context.Context, hash string, names []string) ([]any, error) {
	var values *client.SliceCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) { values = p.HMGet(ctx, key(hash), names...) })
	if err != nil {
		return nil, err
	}
	return values.Val(), nil
}
