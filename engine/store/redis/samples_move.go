package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	client "github.com/redis/go-redis/v9"

	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/chunk"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// wholeTogether is of how many series everything is read in one go, which is some 100 kB of each.
const wholeTogether = 8

var errMoved = errors.New("the store was replaced meanwhile")

// exportSamples gives all chunks: those of one series as they are at one instant.
func (s *Store) exportSamples(ctx context.Context, take func(store.Part) error) error {
	return s.eachSeries(ctx, func(who series.ID, fields map[string]string) error {
		var part store.Part
		for field, data := range fields {
			one, err := exported(who, field, []byte(data))
			if err != nil {
				return err
			}
			part.Chunks = append(part.Chunks, one)
		}
		slices.SortFunc(part.Chunks, func(a, b store.Chunk) int {
			return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.First, b.First))
		})
		return take(part)
	})
}

func exported(who series.ID, field string, data []byte) (store.Chunk, error) {
	kind, span, err := readField(field)
	if kind == store.OpenChunk {
		if points, err := chunk.Decode(data); err == nil && len(points) > 0 { // else it is damaged, and kept as it is
			span = series.Span{First: points[0].At.UnixMilli(), Last: points[len(points)-1].At.UnixMilli()}
		}
	}
	if kind == store.DayChunk {
		span.Last = 0
	}
	return store.Chunk{
		Subject: who.Subject, Metric: who.Metric, Signal: who.Signal, Replica: who.Replica,
		Kind: kind, First: span.First, Last: span.Last, Data: data,
	}, err
}

// eachSeries gives all series with all that there is of them, and ends with an error where the store is replaced meanwhile.
func (s *Store) eachSeries(ctx context.Context, do func(who series.ID, fields map[string]string) error) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	generation := s.saw().generation
	err := s.each(ctx, generation, wholeTogether, func(some []series.ID, keys []string) error {
		all := make([]*client.MapStringStringCmd, len(keys))
		err := s.call(ctx, func(ctx context.Context) error {
			_, err := s.client.Pipelined(ctx, func(p client.Pipeliner) error {
				for i, key := range keys {
					all[i] = p.HGetAll(ctx, key)
				}
				return nil
			})
			return err
		})
		for i := 0; i < len(some) && err == nil; i++ {
			err = do(some[i], all[i].Val())
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if s.saw().generation != generation {
		return fmt.Errorf("%s: %w", s.name, errMoved)
	}
	return nil
}

// takeChunks writes chunks into the generation that is made ready.
func (r *replacement) takeChunks(all []store.Chunk) error {
	known := map[series.ID]bool{}
	for _, c := range all {
		field := openChunk
		switch c.Kind {
		case store.OpenChunk:
		case store.FullChunk:
			field = fullField(series.Span{First: c.First, Last: c.Last})
		case store.DayChunk:
			field = dayField(c.First)
		default:
			return fmt.Errorf("samples of %s: there is no chunk of kind %q", c.Subject, c.Kind)
		}
		who := series.ID{Subject: c.Subject, Metric: c.Metric, Signal: c.Signal, Replica: c.Replica}
		r.set(chunksKey(who), field, c.Data)
		if !known[who] {
			known[who] = true
			r.commands = append(r.commands,
				[]any{"SADD", r.key(namesKey(who.Subject)), nameOf(who)}, []any{"SADD", r.key(subjectsKey), who.Subject})
		}
	}
	return nil
}

// unlinkSamples drops those of a generation.
func (s *Store) unlinkSamples(ctx context.Context, generation string) error {
	names := map[string]bool{}
	err := s.each(ctx, generation, seriesTogether, func(some []series.ID, keys []string) error {
		for _, who := range some {
			names[s.key(generation, namesKey(who.Subject))] = true
		}
		return s.call(ctx, func(ctx context.Context) error { return s.client.Unlink(ctx, keys...).Err() })
	})
	if err != nil {
		return err
	}
	keys := []string{s.key(generation, subjectsKey)} // last: until then the rest can be found
	for key := range names {
		keys = append(keys, key)
	}
	slices.Reverse(keys)
	return s.call(ctx, func(ctx context.Context) error { return s.client.Unlink(ctx, keys...).Err() })
}

// samples looks through all chunks.
func (c *checkup) samples(ctx context.Context, s *Store) error {
	var decoder chunk.Decoder
	err := s.eachSeries(ctx, func(who series.ID, fields map[string]string) error {
		if len(fields) == 0 {
			c.say("series", "of %s of %s there is nothing", who.Metric, who.Subject)
		}
		for field, data := range fields {
			kind, _, err := readField(field)
			switch {
			case err != nil:
			case kind == store.DayChunk:
				_, err = decoder.DecodeRollups([]byte(data))
			default:
				_, err = decoder.Decode([]byte(data))
			}
			if err != nil {
				c.say("samples", "%s of %s, %s: %v", who.Metric, who.Subject, field, err)
			}
		}
		return nil
	})
	c.done("samples")
	return err
}
