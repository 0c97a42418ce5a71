package redis

import (
	"context"
	"fmt"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
)

// Learn keeps revisions. One that is known already is left as it is.
func (s *Store) Learn(ctx context.Context, revisions ...store.Revision) error {
	if len(revisions) == 0 {
		return nil
	}
	var args []any
	for _, r := range revisions {
		packed, err := s.pack(r)
		if err != nil {
			return fmt.Errorf("keep revision %s: %w", r.ID, err)
		}
		args = append(args, r.ID, packed)
	}
	if _, err := s.run(ctx, s.scripts.learn, []string{revisionsKey}, args...); err != nil {
		return fmt.Errorf("keep revisions: %w", err)
	}
	return nil
}

// Revision is the one of an id; false where it is not known.
func (s *Store) Revision(ctx context.Context, id string) (store.Revision, bool, error) {
	return fetch[store.Revision](ctx, s, revisionsKey, id, "revision")
}

// RevisionsOf lists those of a policy, the newest first.
func (s *Store) RevisionsOf(ctx context.Context, policy string, limit int) ([]store.Revised, error) {
	revisions, err := s.revisions(ctx)
	if err != nil {
		return nil, fmt.Errorf("read revisions of policy %s: %w", policy, err)
	}
	return store.Newest(revisions, policy, limit), nil
}

// revisions are all of them.
func (s *Store) revisions(ctx context.Context) ([]store.Revision, error) {
	return all(ctx, s, revisionsKey, func(_, packed string) (store.Revision, error) { return unpack[store.Revision](packed) })
}

// fetch reads what is packed in a field of a hash; false where there is no such field.
func fetch[T any](ctx context.Context, s *Store, hash, field, what string) (value T, found bool, err error) {
	var packed *client.StringCmd
	err = s.look(ctx, func(p client.Pipeliner, key func(string) string) { packed = p.HGet(ctx, key(hash), field) })
	if err == nil && packed.Err() == nil {
		found = true
		value, err = unpack[T](packed.Val())
	}
	if err != nil {
		return value, false, fmt.Errorf("read %s %s: %w", what, field, err)
	}
	return value, found, nil
}
