package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

var _ store.Elector = (*Store)(nil)

// version is that of the layout, which the core carries, and whoever comes to lead writes. 2 has who may use the API, the policies
// that came by it, and what of the audit log has been told.
const version = 2

// Lead takes the lease, or prolongs it. Where the core is gone, or lacks what this store has seen of it, whoever finds that
// begins anew and leads: the epoch rises, what people turned, as it was seen last, is put back, and every policy waits a full
// cooldown.
func (s *Store) Lead(ctx context.Context, name string, length time.Duration) (store.Lease, error) {
	err := s.greet(ctx)
	var lease store.Lease
	if err == nil {
		lease, err = s.take(ctx, name, length)
	}
	if err != nil {
		return store.Lease{}, fmt.Errorf("take the lease: %w", err)
	}
	return lease, nil
}

func (s *Store) take(ctx context.Context, name string, length time.Duration) (store.Lease, error) {
	now := time.Now()
	before := s.saw()
	answer, err := s.askToLead(ctx, name, max(length, time.Millisecond), now)
	if err != nil {
		return store.Lease{}, err
	}
	mine := answer[2] == int64(1)
	lease := store.Lease{Leader: text(answer[3]), Epoch: number(answer[4]), Mine: mine}
	anew := answer[1] == int64(1) && lease.Epoch > before.epoch // else we know
	s.mu.Lock()
	s.seen.leads = 0
	if mine {
		s.seen.leads = lease.Epoch
	}
	s.mu.Unlock()
	if anew {
		s.begun(ctx, before, now)
	}
	return lease, s.refreshTurned(ctx)
}

// askToLead sends what people turned only when it is asked for: that may be much, and the lease is prolonged all the time.
func (s *Store) askToLead(ctx context.Context, name string, length time.Duration, now time.Time) ([]any, error) {
	last := s.lastTurned()
	args := []any{s.me, name, length.Milliseconds(), s.nextGeneration(now), version, nanoseconds(now), last.global, 0}
	switch {
	case last.known && len(last.fields) > 0:
		args[7] = 2
	case last.known:
		args[7] = 1
	}
	answer, err := s.run(ctx, s.scripts.lead, nil, args...)
	if err != nil || text(answer[0]) != "tell" {
		return answer, err
	}
	args[7] = 1
	for field, value := range last.fields {
		args = append(args, field, value)
	}
	return s.run(ctx, s.scripts.lead, nil, args...)
}

// found begins a store in an empty Redis, without leading.
func (s *Store) found(ctx context.Context) error {
	now := time.Now()
	before := s.saw()
	answer, err := s.askToLead(ctx, "", 0, now)
	if err == nil && answer[1] == int64(1) {
		s.begun(ctx, before, now)
	}
	return err
}

// nextGeneration is for a core that has to be made. What is left of others is not read as its own.
func (s *Store) nextGeneration(now time.Time) int64 {
	n, _ := strconv.ParseInt(s.saw().generation, 10, 64)
	return max(n+1, now.Unix())
}

// begun says loudly that the store was begun anew.
func (s *Store) begun(ctx context.Context, before seen, now time.Time) {
	if before.seq == 0 {
		s.log.Warn("store begun in an empty Redis: every policy waits a full cooldown first", "store", s.name)
		return
	}
	if s.saw().generation != before.generation {
		_ = s.unlink(ctx, before.generation) // nobody names it any more: if it is still there, it only takes room
	}
	message := "Redis has lost writes, so that the store was begun anew: every policy waits a full cooldown"
	if s.saw().generation != before.generation {
		message = "Redis has lost all that was written, so that the store was begun anew: every policy waits a full cooldown, " +
			"and the history is gone; see whether the switch, the pauses, who may use the API and the policies that came by it are as you want them"
	}
	s.log.Error(message, "store", s.name)
	entry := store.Entry{At: now, Actor: "flyball", Kind: store.OfStore, Message: message}
	if err := s.Audit(ctx, entry); err != nil {
		s.log.Error("what was lost is not in the audit log", "store", s.name, "error", err)
	}
}

// Resign gives the lease back, where this store has it.
func (s *Store) Resign(ctx context.Context) error {
	s.mu.Lock()
	led := s.seen.leads != 0
	s.seen.leads = 0
	s.mu.Unlock()
	if !led {
		return nil
	}
	if _, err := s.run(ctx, s.scripts.resign, nil, s.me); err != nil && !errors.Is(err, errLost) {
		return fmt.Errorf("give the lease back: %w", err)
	}
	return nil
}

// Leader says who leads, without wanting to.
func (s *Store) Leader(ctx context.Context) (store.Lease, error) {
	var held []any
	err := s.call(ctx, func(ctx context.Context) (err error) {
		held, err = s.client.HMGet(ctx, s.leaseKey(), "holder", "name", "epoch").Result()
		return err
	})
	if err != nil {
		return store.Lease{}, fmt.Errorf("read who leads: %w", err)
	}
	return store.Lease{Leader: text(held[1]), Epoch: number(held[2]), Mine: text(held[0]) == s.me}, nil
}
