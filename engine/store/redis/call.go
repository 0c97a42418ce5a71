package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
)

const (
	firstPause   = 10 * time.Millisecond
	longestPause = 200 * time.Millisecond
)

// patience is how long a call may take in all, and one attempt of it.
type patience struct{ whole, attempt time.Duration }

func brief() patience { return patience{3 * time.Second, 2 * time.Second} }

// long is for what reads or writes all that there is.
func long() patience { return patience{2 * time.Minute, time.Minute} }

var errEmpty = errors.New("it is empty, and no daemon has led yet: nothing was written")

var errReadOnly = errors.New("it is open for reading only")

// call does what is harmless to do twice until it is answered, for three seconds at most.
func (s *Store) call(ctx context.Context, do func(context.Context) error) error {
	return s.patiently(ctx, brief(), do)
}

// patiently does so for as long as there is patience. A Redis that was not there the last time is asked once: when it is gone
// for long, nobody is to wait those seconds for each service.
func (s *Store) patiently(ctx context.Context, p patience, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.whole)
	defer cancel()
	pause := firstPause
	for {
		if err := ctx.Err(); err != nil { // the client looks at the deadline alone
			return s.failed(context.Cause(ctx))
		}
		err := attempt(ctx, p, do)
		gone := err != nil && unanswered(err)
		wasAway := s.setAway(gone)
		if err == nil || !passing(err) || gone && wasAway {
			return s.failed(err)
		}
		select {
		case <-ctx.Done():
			return s.failed(err)
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
}

func attempt(ctx context.Context, p patience, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.attempt)
	defer cancel()
	return do(ctx)
}

// setAway notes whether Redis could not be reached, and answers whether it could not the last time.
func (s *Store) setAway(away bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.away
	s.away = away
	return was
}

// run runs a script on the core, the lease, and keys of the generation by their names. It answers "ok" and what else the script
// does, or why it has written nothing, in a word. Nothing is written where another
// daemon has led since, for what only a leader may, nor where the core lacks what this store has seen of it.
func (s *Store) run(ctx context.Context, w write, names []string, args ...any) ([]any, error) {
	if s.readOnly {
		return nil, fmt.Errorf("%s: %w", s.name, errReadOnly)
	}
	for {
		before := s.saw()
		leads := int64(-1)
		if w.leads {
			leads = before.leads
		}
		keys := []string{s.coreKey(), s.leaseKey()}
		for _, n := range names {
			keys = append(keys, s.key(before.generation, n))
		}
		known := []any{before.generation, leads, before.epoch, before.seq, before.turns}
		var answer []any
		err := s.call(ctx, func(ctx context.Context) (err error) {
			answer, err = w.Run(ctx, s.client, keys, append(known, args...)...).Slice()
			return err
		})
		if err != nil {
			return nil, err
		}
		switch text(answer[0]) {
		case "lost":
			if before.seq == 0 {
				return nil, fmt.Errorf("%s: %w", s.name, errEmpty)
			}
			return nil, fmt.Errorf("%s: %w", s.name, errLost)
		case "fenced":
			return nil, store.ErrFenced
		case "moved": // the store was replaced meanwhile
			if err := s.look(ctx, nil); err != nil {
				return nil, err
			}
			continue
		}
		if text(answer[0]) == "ok" {
			s.see(answer[1].([]any))
			answer = append(answer[:1], answer[2:]...)
		}
		return answer, nil
	}
}

// look reads in one transaction, from keys of the generation that is.
func (s *Store) look(ctx context.Context, ask func(p client.Pipeliner, key func(name string) string)) error {
	return s.lookFor(ctx, brief(), ask)
}

func (s *Store) lookFor(ctx context.Context, patience patience, ask func(p client.Pipeliner, key func(name string) string)) error {
	for {
		before := s.saw()
		var mark *client.SliceCmd
		err := s.patiently(ctx, patience, func(ctx context.Context) error {
			commands, err := s.client.TxPipelined(ctx, func(p client.Pipeliner) error {
				mark = p.HMGet(ctx, s.coreKey(), marks...)
				if ask != nil {
					ask(p, func(name string) string { return s.key(before.generation, name) })
				}
				return nil
			})
			for _, c := range commands {
				if c.Err() != nil && !errors.Is(c.Err(), client.Nil) { // that is what is not there
					return c.Err()
				}
			}
			if errors.Is(err, client.Nil) {
				err = nil
			}
			return err
		})
		if err != nil {
			return err
		}
		now := mark.Val()
		if !before.lacks(now) {
			s.see(now)
		}
		generation := text(now[0])
		if generation == "" || generation == before.generation {
			return nil
		}
		s.mu.Lock()
		s.seen.generation = generation
		s.mu.Unlock()
		if ask == nil {
			return nil
		}
	}
}
