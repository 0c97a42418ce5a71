package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
)

// stagedKey is a core that is made ready.
const stagedKey = "core"

// generationKeys are all names that keys of a generation have.
func generationKeys() []string {
	return []string{
		stagedKey, latestKey, rowsKey, spansKey, eventsKey, endedKey, auditKey, revisionsKey, messagesKey, dueKey, deadKey,
	}
}

// Replace puts what from gives in the place of everything that is there: it is written beside it, under another generation,
// and then one script has the core name that. Whoever leads must take the lease again. Where lost is not zero, every policy
// waits a full cooldown from then on. Samples that wait to be flushed go with the rest.
func (s *Store) Replace(ctx context.Context, from func(take func(store.Part) error) error, lost time.Time) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if err := s.arrivals.Drop(func() error { return s.replace(ctx, from, lost) }); err != nil {
		return fmt.Errorf("replace the store: %w", err)
	}
	return nil
}

func (s *Store) replace(ctx context.Context, from func(take func(store.Part) error) error, lost time.Time) error {
	if s.readOnly {
		return fmt.Errorf("%s: %w", s.name, errReadOnly)
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if err := s.sweep(ctx); err != nil {
		return err
	}
	r := s.replacement(time.Now())
	err := s.call(ctx, func(ctx context.Context) (err error) {
		r.beside, err = s.client.HMGet(ctx, s.coreKey(), "generation", "epoch", "seq", "turns", "audit", "message", "posted").Result()
		return err
	})
	if err != nil {
		return err
	}
	err = s.call(ctx, func(ctx context.Context) error { return s.client.Set(ctx, s.leftKey(), r.generation, 0).Err() })
	if err == nil {
		err = cmp.Or(from(func(part store.Part) error { return r.part(ctx, part) }), r.failed)
	}
	if err == nil {
		err = r.finish(ctx, lost)
	}
	swept := s.sweep(context.WithoutCancel(ctx))
	if err != nil {
		return errors.Join(err, swept)
	}
	if swept != nil {
		s.log.Warn("what was replaced is still in Redis: the next move drops it", "store", s.name, "error", swept)
	}
	return nil
}

// sweep drops the generation that a move has left: what it made ready and did not finish, perhaps because it was killed, or
// what it has replaced.
func (s *Store) sweep(ctx context.Context) error {
	var left string
	err := s.call(ctx, func(ctx context.Context) (err error) {
		left, err = s.client.Get(ctx, s.leftKey()).Result()
		if errors.Is(err, client.Nil) {
			return nil
		}
		return err
	})
	if err != nil || left == "" {
		return err
	}
	if err := s.unlink(ctx, left); err != nil {
		return err
	}
	return s.call(ctx, func(ctx context.Context) error { return s.client.Del(ctx, s.leftKey()).Err() })
}

// unlink drops a generation.
func (s *Store) unlink(ctx context.Context, generation string) error {
	var keys []string
	for _, name := range generationKeys() {
		keys = append(keys, s.key(generation, name))
	}
	err := s.patiently(ctx, long(), func(ctx context.Context) error { return s.client.Unlink(ctx, keys...).Err() })
	return errors.Join(err, s.unlinkSamples(ctx, generation))
}

// finish has the core name the replacement.
func (r *replacement) finish(ctx context.Context, lost time.Time) error {
	if err := r.end(ctx, lost); err != nil {
		return err
	}
	before := r.saw()
	keys := []string{r.coreKey(), r.leaseKey(), r.key(stagedKey), r.leftKey()}
	args := []any{"", -1, before.epoch, before.seq, before.turns, r.generation}
	for _, mark := range r.beside {
		args = append(args, text(mark))
	}
	var answer []any
	err := r.call(ctx, func(ctx context.Context) (err error) {
		answer, err = r.scripts.replace.Run(ctx, r.client, keys, args...).Slice()
		return err
	})
	if err != nil {
		return err
	}
	if text(answer[0]) == "changed" {
		return fmt.Errorf("%s: something else was written meanwhile, or lost: try again", r.name)
	}
	r.see(answer[1].([]any))
	return nil
}

// send sends commands that are harmless to send twice.
func (r *replacement) send(ctx context.Context) error {
	commands := r.commands
	r.commands = nil
	if len(commands) == 0 {
		return ctx.Err()
	}
	return r.patiently(ctx, long(), func(ctx context.Context) error {
		_, err := r.client.Pipelined(ctx, func(p client.Pipeliner) error {
			for _, words := range commands {
				p.Do(ctx, words...)
			}
			return nil
		})
		return err
	})
}
