package redis

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

// Keep takes new samples, in any order, and never waits for Redis; Flush writes them. Of several of one series at the same
// millisecond the first is kept. Where Redis can't be written for long, the newest 375,000 to 500,000 stay in memory, and how
// many were lost is said at warn. A store that is open for reading only keeps nothing.
func (s *Store) Keep(all []engine.Series) {
	if !s.readOnly {
		s.arrivals.Keep(all)
	}
}

// Flush writes what was kept since the last one; and each hour drops what is past its retention, counted from now, or from
// the newest sample in Redis where that is older, and what is too much. An error means that what was kept stays in memory and
// is written by the next Flush: each sample once, also where some were written before the error. It is store.ErrFenced where
// another daemon leads. Samples that were not flushed are lost when the process is killed.
func (s *Store) Flush(ctx context.Context, now time.Time) error {
	s.pruneSamples(ctx, now) // before: samples of a clock that is wrong do not count yet
	return s.flush(ctx)
}

func (s *Store) flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	err := s.arrivals.Flush(s.log.With("store", s.name), func(fresh series.Fresh) error {
		return series.Fill(ctx, shelf{s}, s.log, fresh)
	})
	if err != nil {
		return fmt.Errorf("write samples: %w", err)
	}
	return nil
}

// Samples gives back what was kept here, flushed or not, and what others have flushed, by series: sorted by metric, signal
// and replica, each with the oldest point first. Series without a sample in the range are left out. A damaged chunk is told
// to the log at warn and left out.
func (s *Store) Samples(ctx context.Context, r engine.Range) ([]engine.Series, error) {
	all, err := series.Samples(ctx, s.chunks, &s.arrivals, s.log, r)
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	return all, nil
}

// Rollups are the five-minute summaries that begin in the range, of all that was kept, flushed or not: also of the five
// minutes that are not over. They are sorted as Samples are, and leave out what those do.
func (s *Store) Rollups(ctx context.Context, r engine.Range) ([]engine.Rollups, error) {
	all, err := series.Rollups(ctx, s.chunks, &s.arrivals, s.log, r)
	if err != nil {
		return nil, fmt.Errorf("read rollups: %w", err)
	}
	return all, nil
}

// subjectsKey is the set of the subjects that have series.
const subjectsKey = "subjects"

// namesKey is the set of the names of a subject's series.
func namesKey(subject string) string { return "series:" + subject }

// chunksKey is the hash of what there is of a series:
//
//	open              the chunk that it fills
//	c<first>+<length> a full one: the time of its first point in milliseconds since 1970, and how much later its last one is
//	d<first>          the rollups of its full chunks of a day: when that begins
func chunksKey(who series.ID) string {
	return "samples:" + url.PathEscape(who.Subject) + "/" + nameOf(who)
}

// nameOf tells a series from others of its subject.
func nameOf(who series.ID) string {
	return url.PathEscape(who.Metric) + "/" + url.PathEscape(who.Signal) + "/" + url.PathEscape(who.Replica)
}

// named is the series of a subject with a name.
func named(subject, name string) (series.ID, error) {
	who := series.ID{Subject: subject}
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return who, fmt.Errorf("series %q of %s can't be read: want metric/signal/replica", name, subject)
	}
	for i, to := range []*string{&who.Metric, &who.Signal, &who.Replica} {
		var err error
		if *to, err = url.PathUnescape(parts[i]); err != nil {
			return who, fmt.Errorf("series %q of %s can't be read: %w", name, subject, err)
		}
	}
	return who, nil
}

const openChunk = "open"

func fullField(of series.Span) string { return fmt.Sprintf("c%d+%d", of.First, of.Last-of.First) }

func dayField(day int64) string { return "d" + strconv.FormatInt(day, 10) }

// readField says which chunk a field is. The open one does not say its times.
func readField(field string) (store.ChunkKind, series.Span, error) {
	if field == openChunk {
		return store.OpenChunk, series.Span{}, nil
	}
	begins, length, full := strings.Cut(field, "+")
	kind, number := begins[:min(1, len(begins))], begins[min(1, len(begins)):]
	first, err := strconv.ParseInt(number, 10, 64)
	if err == nil && kind == "d" && !full {
		return store.DayChunk, series.Span{First: first, Last: first}, nil
	}
	rest, failed := strconv.ParseInt(length, 10, 64)
	if err != nil || failed != nil || kind != "c" {
		return "", series.Span{}, fmt.Errorf("chunk %q can't be read: want open, c<first>+<length> or d<first>", field)
	}
	return store.FullChunk, series.Span{First: first, Last: first + rest}, nil
}
