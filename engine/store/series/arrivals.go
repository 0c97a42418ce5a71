package series

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// maxArrivals is how many samples wait in memory at most, in some 15 MB: two hours of 800 series at 15 s. Beyond that,
// the oldest quarter is dropped.
const maxArrivals = 500_000

// Arrivals are the samples that are not written yet, in the order in which they came. The zero value is ready. It is safe
// for concurrent use.
type Arrivals struct {
	mutex   sync.Mutex
	all     []arrival
	known   map[ID]*ID // the series of all
	writing int        // so many of them, from the first, are being written
	dropped int
}

// arrival is a sample that is not written yet.
type arrival struct {
	who   *ID   // one for all samples of a series that wait
	at    int64 // milliseconds since 1970
	value float64
}

func (a arrival) point() engine.Point {
	return engine.Point{At: time.UnixMilli(a.at).UTC(), Value: a.value}
}

// Fresh are samples that are to be written.
type Fresh []arrival

// Keep takes new samples, in any order, and waits for nothing. When they are not written for long, the newest 375,000 to
// 500,000 are kept.
func (a *Arrivals) Keep(all []engine.Series) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, s := range all {
		for _, p := range s.Points {
			if len(a.all) == maxArrivals {
				a.drop(maxArrivals / 4)
			}
			who := a.know(ID{s.Subject, s.Metric, s.Signal, s.Replica})
			a.all = append(a.all, arrival{who, p.At.UnixMilli(), p.Value})
		}
	}
}

// Flush has all that wait written, unless there are none, and says at warn how many were lost before. They are forgotten
// once they are written; with an error they go on to wait. Only one may be at it at a time.
func (a *Arrivals) Flush(log *slog.Logger, write func(Fresh) error) error {
	all, dropped := a.begin()
	if dropped > 0 {
		log.Warn("samples lost: the store could not be written for too long", "samples", dropped)
	}
	if len(all) == 0 {
		return nil
	}
	err := write(all)
	a.end(err == nil)
	return err
}

// Drop forgets all that wait now, if do goes well. What comes meanwhile waits on. It is not for the time of a Flush.
func (a *Arrivals) Drop(do func() error) error {
	a.begin()
	err := do()
	a.end(err == nil)
	return err
}

func (a *Arrivals) know(who ID) *ID {
	if known := a.known[who]; known != nil {
		return known
	}
	if a.known == nil {
		a.known = map[ID]*ID{}
	}
	a.known[who] = &who
	return &who
}

func (a *Arrivals) drop(n int) {
	a.dropped += n
	a.writing = max(0, a.writing-n)
	a.forget(n)
}

// forget lets go of the first n, and of the series of which no other waits.
func (a *Arrivals) forget(n int) {
	a.all = slices.Clone(a.all[n:]) // what is being written is left as it is
	a.known = nil
	if len(a.all) > 0 {
		a.known = map[ID]*ID{}
	}
	for _, one := range a.all {
		a.known[*one.who] = one.who
	}
}

// begin answers what is to be written, and how many samples were lost before.
func (a *Arrivals) begin() (all Fresh, dropped int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	dropped, a.dropped = a.dropped, 0
	a.writing = len(a.all)
	return a.all, dropped
}

// end forgets what was written, or keeps it for the next time.
func (a *Arrivals) end(written bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if written {
		a.forget(a.writing)
	}
	a.writing = 0
}

// in are the points of a range by series.
func (a *Arrivals) in(r engine.Range) map[ID][]engine.Point {
	within := span(r)
	found := map[ID][]engine.Point{}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, one := range a.all {
		if one.at >= within.First && one.at <= within.Last && one.who.Of(r) {
			found[*one.who] = append(found[*one.who], one.point())
		}
	}
	return found
}
