package redis

import (
	"context"
	"fmt"
	"time"
)

// core reads fields of the core. It is an error where that lacks what was seen of it: nobody is to decide on it.
func (s *Store) core(ctx context.Context, fields ...string) ([]any, error) {
	before := s.saw()
	var values []any
	err := s.call(ctx, func(ctx context.Context) (err error) {
		values, err = s.client.HMGet(ctx, s.coreKey(), append(marks[:len(marks):len(marks)], fields...)...).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.whole(before, values); err != nil {
		return nil, err
	}
	return values[len(marks):], nil
}

// wholeCore reads all of it.
func (s *Store) wholeCore(ctx context.Context) (map[string]string, error) {
	before := s.saw()
	var core map[string]string
	err := s.call(ctx, func(ctx context.Context) (err error) {
		core, err = s.client.HGetAll(ctx, s.coreKey()).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	mark := make([]any, len(marks))
	for i, m := range marks {
		if value, there := core[m]; there {
			mark[i] = value
		}
	}
	return core, s.whole(before, mark)
}

// whole takes in the marks of a core that was asked for when a store had seen so much.
func (s *Store) whole(before seen, mark []any) error {
	if !s.readOnly && before.lacks(mark) {
		return fmt.Errorf("%s: %w", s.name, errLost)
	}
	if mark[0] != nil {
		s.see(mark)
	}
	return nil
}

// nanoseconds writes a time so that texts compare as times do.
func nanoseconds(t time.Time) string {
	return fmt.Sprintf("%019d", max(0, t.UnixNano()))
}

func instant(text string) time.Time {
	return time.Unix(0, number(text)).UTC()
}
