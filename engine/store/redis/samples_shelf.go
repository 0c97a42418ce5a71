package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
		var names []string
		var args []any
		for _, w := range some {
			names = append(names, chunksKey(w.ID))
			open := 0
			if w.Open {
				open = 1
			}
			args = append(args, open)
			args = append(append(args, between(w.Full)...), between(w.Days)...)
		}
		all, err := s.ask(ctx, s.scripts.chunks, names, args...)
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

// ask runs a script that reads, on the core and on keys of the generation by their names. It is no transaction: those Redis
// refuses where it has no memory left.
func (s *Store) ask(ctx context.Context, script string, names []string, args ...any) ([]any, error) {
	for {
		generation := s.saw().generation
		keys := []string{s.coreKey()}
		for _, n := range names {
			keys = append(keys, s.key(generation, n))
		}
		var answer []any
		err := s.call(ctx, func(ctx context.Context) (err error) {
			answer, err = s.client.Eval(ctx, script, keys, append([]any{generation}, args...)...).Slice()
			return err
		})
		if err != nil {
			return nil, err
		}
		if text(answer[0]) == "ok" {
			return answer[1:], nil
		}
		s.mu.Lock()
		s.seen.generation = text(answer[1])
		s.mu.Unlock()
	}
}

// between is a span as the script takes it.
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
	answer, err := s.ask(ctx, s.scripts.names, []string{namesKey(q.Subject)})
	if err != nil {
		return err
	}
	var wants []series.Want
	names, _ := answer[0].([]any)
	for _, name := range names {
		who, err := named(q.Subject, text(name))
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
