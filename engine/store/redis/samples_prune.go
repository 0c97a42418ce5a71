package redis

import (
	"context"
	"errors"
	"slices"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

const (
	keepSamples = 48 * time.Hour
	keepRollups = 30 * 24 * time.Hour
	sampleBytes = 64 << 20
)

// pruneSamples drops samples and rollups past their retention, and the oldest ones where they take too much, and closes the
// chunks of series that have ended; at most once an hour, and again when the clock was set back. Where Redis has no memory
// left, dropping works all the same.
func (s *Store) pruneSamples(ctx context.Context, now time.Time) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	since := now.Sub(s.prunedSamples)
	if s.readOnly || s.saw().leads == 0 || 0 <= since && since < pruneEvery {
		return
	}
	s.prunedSamples = now
	if err := s.dropSamples(ctx, now); err != nil && !errors.Is(err, store.ErrFenced) {
		s.log.Warn("old samples not dropped", "store", s.name, "error", err)
	}
}

func (s *Store) dropSamples(ctx context.Context, now time.Time) error {
	all, err := s.held(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	over := s.keep.At(now, newest(all))
	outdate(all, over)
	crowd := thin(all, s.sampleBytes)
	if crowd > 0 && !s.crowded {
		s.crowded = true
		s.log.Warn("samples take too much memory in Redis: the oldest of them and of their rollups are dropped before their time, from now on",
			"store", s.name, "megabytes_at_most", s.sampleBytes>>20, "chunks", crowd)
	}
	var ended []series.ID
	for some := range slices.Chunk(all, seriesTogether) {
		if err := s.dropMarked(ctx, some); err != nil {
			return err
		}
		for _, h := range some {
			if h.open > 0 && h.last < over.Idle {
				ended = append(ended, h.ID)
			}
		}
	}
	return series.End(ctx, shelf{s}, s.log, ended)
}

// held is everything that there is of all series.
func (s *Store) held(ctx context.Context) ([]held, error) {
	var all []held
	err := s.each(ctx, s.saw().generation, seriesTogether, func(some []series.ID, keys []string) error {
		var answer []any
		err := s.call(ctx, func(ctx context.Context) (err error) {
			answer, err = s.client.Eval(ctx, s.scripts.sizes, keys).Slice()
			return err
		})
		if err != nil {
			return err
		}
		for i, one := range answer {
			words, _ := one.([]any)
			h, err := readHeld(some[i], words)
			if err != nil {
				return err
			}
			all = append(all, h)
		}
		return nil
	})
	return all, err
}

// each goes through all series of a generation, so many at a time, with the keys of their chunks.
func (s *Store) each(ctx context.Context, generation string, together int, do func(some []series.ID, keys []string) error) error {
	ids, err := s.seriesOf(ctx, generation)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(ids, together) {
		keys := make([]string, len(some))
		for i, who := range some {
			keys[i] = s.key(generation, chunksKey(who))
		}
		if err := do(some, keys); err != nil {
			return err
		}
	}
	return nil
}

// seriesOf lists the series of a generation.
func (s *Store) seriesOf(ctx context.Context, generation string) ([]series.ID, error) {
	var subjects []string
	err := s.call(ctx, func(ctx context.Context) (err error) {
		subjects, err = s.client.SMembers(ctx, s.key(generation, subjectsKey)).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(subjects)
	var all []series.ID
	for some := range slices.Chunk(subjects, seriesTogether) {
		names := make([]*client.StringSliceCmd, len(some))
		err := s.call(ctx, func(ctx context.Context) error {
			_, err := s.client.Pipelined(ctx, func(p client.Pipeliner) error {
				for i, subject := range some {
					names[i] = p.SMembers(ctx, s.key(generation, namesKey(subject)))
				}
				return nil
			})
			return err
		})
		if err != nil {
			return nil, err
		}
		for i, subject := range some {
			for _, name := range names[i].Val() {
				who, err := named(subject, name)
				if err != nil {
					return nil, err
				}
				all = append(all, who)
			}
		}
	}
	return all, nil
}

// dropMarked drops what was marked of some series, and series of which nothing is left.
func (s *Store) dropMarked(ctx context.Context, some []held) error {
	names := []string{subjectsKey}
	var args []any
	for _, h := range some {
		fields, over := h.gone()
		if len(fields) == 0 && !over {
			continue
		}
		names = append(names, chunksKey(h.ID), namesKey(h.Subject))
		args = append(args, h.Subject, nameOf(h.ID), len(fields))
		for _, field := range fields {
			args = append(args, field)
		}
	}
	if args == nil {
		return nil
	}
	_, err := s.run(ctx, s.scripts.drop, names, args...)
	return err
}
