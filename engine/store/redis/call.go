package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
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

// brief is for a call: whoever decides waits for it.
func brief() patience { return patience{3 * time.Second, 2 * time.Second} }

// long is for what reads or writes all that there is.
func long() patience { return patience{2 * time.Minute, time.Minute} }

var errEmpty = errors.New("it is empty, and no daemon has led yet: nothing was written")

var errReadOnly = errors.New("it is open for reading only")

// call does what is harmless to do twice until it is answered, for as long as this store has patience.
func (s *Store) call(ctx context.Context, do func(context.Context) error) error {
	return s.patiently(ctx, s.patience, do)
}

// patiently does so for as long as there is patience. A Redis that was not there the last time is asked once: when it is gone
// for long, nobody is to wait those seconds for each service.
func (s *Store) patiently(ctx context.Context, p patience, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.whole)
	defer cancel()
	wasAway := s.isAway()
	pause := firstPause
	var before error
	for {
		if err := ctx.Err(); err != nil { // the client looks at the deadline alone
			return s.failed(telling(before, context.Cause(ctx)))
		}
		err := attempt(ctx, p, do)
		gone := err != nil && unanswered(err)
		s.setAway(gone)
		if err != nil && ctx.Err() != nil {
			err = telling(before, err)
		}
		before = telling(before, err)
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

// telling is why a call failed: where time is up, why an attempt before did says more than that.
func telling(before, err error) error {
	if before != nil && late(err) {
		return before
	}
	return err
}

// late says that time was up: in Go, or for a connection that was waited on, whose error is another.
func late(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

func attempt(ctx context.Context, p patience, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.attempt)
	defer cancel()
	return do(ctx)
}

// isAway says that Redis could not be reached the last time.
func (s *Store) isAway() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

func (s *Store) setAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
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
			leads = cmp.Or(w.epoch, before.leads)
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
			if before.seq == 0 && w.leads {
				return nil, fmt.Errorf("%s: %w", s.name, errEmpty)
			}
			if before.seq == 0 && before.turns == 0 {
				if err := s.found(ctx); err != nil {
					return nil, err
				}
				continue
			}
			return nil, fmt.Errorf("%s: %w", s.name, errLost)
		case "fenced":
			return nil, store.ErrFenced
		case "moved": // the store was replaced meanwhile
			if err := s.catchUp(ctx); err != nil {
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

// question asks for what is at keys of a generation.
type question func(p client.Pipeliner, key func(name string) string)

// look reads from keys of the generation that is, one after the other. It is no transaction, for Redis answers none when there
// is no memory left.
func (s *Store) look(ctx context.Context, ask question) error {
	return s.lookBy(ctx, s.patience, s.client.Pipelined, ask)
}

// lookAtOnce reads all that there is, as it is at one instant. Where there is no memory left nobody writes, either.
func (s *Store) lookAtOnce(ctx context.Context, ask question) error {
	err := s.lookBy(ctx, long(), s.client.TxPipelined, ask)
	if says(err, "OOM") {
		err = s.lookBy(ctx, long(), s.client.Pipelined, ask)
	}
	return err
}

type send func(context.Context, func(client.Pipeliner) error) ([]client.Cmder, error)

func (s *Store) lookBy(ctx context.Context, patience patience, send send, ask question) error {
	for {
		before := s.saw()
		var first, last *client.SliceCmd
		err := s.patiently(ctx, patience, func(ctx context.Context) error {
			commands, err := send(ctx, func(p client.Pipeliner) error {
				first = p.HMGet(ctx, s.coreKey(), marks...)
				ask(p, func(name string) string { return s.key(before.generation, name) })
				last = p.HMGet(ctx, s.coreKey(), marks...)
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
		if !before.lacks(last.Val()) {
			s.see(last.Val())
		}
		was, is := text(first.Val()[0]), text(last.Val()[0])
		s.adopt(is)
		if is == "" || is == before.generation && was == is {
			return nil
		}
	}
}

// adopt goes over to a generation, where there is one.
func (s *Store) adopt(generation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if generation != "" {
		s.seen.generation = generation
	}
}

// catchUp finds out which generation there is.
func (s *Store) catchUp(ctx context.Context) error {
	return s.look(ctx, func(client.Pipeliner, func(string) string) {})
}
