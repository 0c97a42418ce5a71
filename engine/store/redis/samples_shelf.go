package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// Redis is asked for so many series in one go, so that it never holds up a decision for long.
const seriesTogether = 64

var errChanged = errors.New("what was written before came late: the next flush goes on")

// shelf is series.Shelf.
type shelf struct{ *Store }

// Find gives what there is of series, each of one state.
func (s shelf) Find(ctx context.Context, wants []series.Want, found func(int, store.ChunkKind, []byte)) error {
	done := 0
	for some := range slices.Chunk(wants, seriesTogether) {
		var answer *client.Cmd
		err := s.look(ctx, func(p client.Pipeliner, key func(string) string) {
			var keys []string
			var args []any
			for _, w := range some {
				keys, args = append(keys, key(chunksKey(w.ID))), append(args, wanted(w)...)
			}
			answer = p.Eval(ctx, s.scripts.chunks, keys, args...)
		})
		if err != nil {
			return err
		}
		all, err := answer.Slice()
		if err != nil {
			return err
		}
		for i, one := range all {
			words, _ := one.([]any)
			for n := 0; n+1 < len(words); n += 2 {
				kind, _, err := readField(text(words[n]))
				if err != nil {
					return err
				}
				found(done+i, kind, []byte(text(words[n+1])))
			}
		}
		done += len(some)
	}
	return nil
}

// wanted is what is asked for of a series as the script takes it.
func wanted(w series.Want) []any {
	open := 0
	if w.Open {
		open = 1
	}
	return append(append([]any{open}, between(w.Full)...), between(w.Days)...)
}

func between(of series.Span) []any {
	if of == (series.Span{}) {
		return []any{1, 0}
	}
	return []any{of.First, of.Last}
}

// Put writes changes of series.
func (s shelf) Put(ctx context.Context, changes []series.Change) error {
	for some := range slices.Chunk(changes, seriesTogether) {
		names := []string{subjectsKey}
		var args []any
		for _, c := range some {
			names = append(names, chunksKey(c.ID), namesKey(c.Subject))
			args = append(args, filled(c)...)
		}
		answer, err := s.run(ctx, s.scripts.fill, names, args...)
		if err != nil {
			return err
		}
		if text(answer[0]) == "changed" {
			return fmt.Errorf("%s: %w", s.name, errChanged)
		}
	}
	return nil
}

// filled is a change as the script takes it.
func filled(c series.Change) []any {
	var words []any
	for _, one := range c.Full {
		words = append(words, fullField(one.Span), one.Data)
	}
	for _, day := range c.Days {
		words = append(words, dayField(day.First), day.Data)
	}
	var now []byte
	if c.Open != nil {
		now = c.Open.Data
		words = append(words, openChunk, now)
	}
	return append([]any{c.Subject, nameOf(c.ID), beginning(c.Before), beginning(now), len(words)}, words...)
}

// beginning tells one chunk from another: their checksums are in it.
func beginning(chunk []byte) []byte { return chunk[:min(len(chunk), 6)] }

// chunks is series.Look.
func (s *Store) chunks(ctx context.Context, q series.Query, found func(series.ID, store.ChunkKind, []byte)) error {
	var names *client.StringSliceCmd
	err := s.look(ctx, func(p client.Pipeliner, key func(string) string) { names = p.SMembers(ctx, key(namesKey(q.Subject))) })
	if err != nil {
		return err
	}
	var wants []series.Want
	for _, name := range names.Val() {
		who, err := named(q.Subject, name)
		if err != nil {
			return err
		}
		if !who.Of(q.Range) {
			continue
		}
		w := series.Want{ID: who, Open: true, Full: q.Full, Days: q.Days}
		if beside, asked := q.Beside[who]; asked {
			w.Full = beside
		}
		wants = append(wants, w)
	}
	return shelf{s}.Find(ctx, wants, func(n int, kind store.ChunkKind, data []byte) { found(wants[n].ID, kind, data) })
}
