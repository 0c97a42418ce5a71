package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// maxArrivals is how many samples wait in memory at most, in some 15 MB: two hours of 800 series at 15 s. Beyond that,
// the oldest quarter is dropped.
const maxArrivals = 500_000

// identity tells one series from another.
type identity struct{ subject, metric, signal, replica string }

// of says that a range asks for a series.
func (i identity) of(r engine.Range) bool {
	return i.subject == r.Subject && (r.Metric == "" || r.Metric == i.metric) && (r.Signal == "" || r.Signal == i.signal)
}

func compare(a, b identity) int {
	for _, c := range []int{
		strings.Compare(a.metric, b.metric), strings.Compare(a.signal, b.signal), strings.Compare(a.replica, b.replica),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

// arrival is a sample that is not on disk yet.
type arrival struct {
	who   *identity // one for all samples of a series that wait
	at    int64     // milliseconds since 1970
	value float64
}

func (a arrival) point() engine.Point {
	return engine.Point{At: time.UnixMilli(a.at).UTC(), Value: a.value}
}

// arrivals are the samples that are not on disk yet, in the order in which they came.
type arrivals struct {
	mutex   sync.Mutex
	all     []arrival
	known   map[identity]*identity // the series of all
	writing int                    // so many of them, from the first, are being written
	dropped int
}

func (a *arrivals) add(series []engine.Series) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, s := range series {
		for _, p := range s.Points {
			if len(a.all) == maxArrivals {
				a.drop(maxArrivals / 4)
			}
			who := a.know(identity{s.Subject, s.Metric, s.Signal, s.Replica})
			a.all = append(a.all, arrival{who, p.At.UnixMilli(), p.Value})
		}
	}
}

func (a *arrivals) know(who identity) *identity {
	if known := a.known[who]; known != nil {
		return known
	}
	if a.known == nil {
		a.known = map[identity]*identity{}
	}
	a.known[who] = &who
	return &who
}

func (a *arrivals) drop(n int) {
	a.dropped += n
	a.writing = max(0, a.writing-n)
	a.forget(n)
}

// forget lets go of the first n, and of the series of which no other waits.
func (a *arrivals) forget(n int) {
	a.all = slices.Clone(a.all[n:]) // what is being written is left as it is
	a.known = nil
	if len(a.all) > 0 {
		a.known = map[identity]*identity{}
	}
	for _, one := range a.all {
		a.known[*one.who] = one.who
	}
}

// begin answers what is to be written, and how many samples were lost before.
func (a *arrivals) begin() (all []arrival, dropped int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	dropped, a.dropped = a.dropped, 0
	a.writing = len(a.all)
	return a.all, dropped
}

// end forgets what was written, or keeps it for the next time.
func (a *arrivals) end(written bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if written {
		a.forget(a.writing)
	}
	a.writing = 0
}

// in are the points of a range by series.
func (a *arrivals) in(r engine.Range) map[identity][]engine.Point {
	from, to := r.From.UnixMilli(), r.To.UnixMilli()
	found := map[identity][]engine.Point{}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, one := range a.all {
		if one.at > from && one.at <= to && one.who.of(r) {
			found[*one.who] = append(found[*one.who], one.point())
		}
	}
	return found
}

// Keep takes new samples, in any order, and never waits for the disk; Flush writes them. Of several of one series at
// the same millisecond the first is kept. A store that can't be written for long keeps the newest 375,000 to 500,000 in
// memory and says at warn how many it lost. One that is open for reading only keeps nothing.
func (s *Store) Keep(series []engine.Series) {
	if s.write != nil {
		s.arrivals.add(series)
	}
}

// Flush writes what was kept since the last one, in one transaction of its own; and each hour drops what is past its
// retention, counted from now, or from the newest sample on disk where that is older. An error, a full disk's for one, means that nothing was written: it stays in memory and is written by the
// next Flush. Samples that were not flushed are lost when the process is killed.
func (s *Store) Flush(ctx context.Context, now time.Time) error {
	s.pruneSamples(ctx, now) // before: samples of a clock that is wrong do not count yet
	return s.flush(ctx)
}

func (s *Store) flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	all, dropped := s.arrivals.begin()
	if dropped > 0 {
		s.log.Warn("samples lost: the store could not be written for too long", "store", s.path, "samples", dropped)
	}
	if len(all) == 0 {
		return nil
	}
	err := s.inTransaction(ctx, func(tx *sql.Tx) error {
		f, err := s.newFiller(ctx, tx)
		if err != nil {
			return err
		}
		return f.fill(ctx, all)
	})
	s.arrivals.end(err == nil)
	if err != nil {
		return fmt.Errorf("write samples: %w", err)
	}
	return nil
}
