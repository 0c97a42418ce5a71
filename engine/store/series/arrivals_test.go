package series

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// of is n samples of a replica, one a second.
func of(replica string, n int) engine.Series {
	s := engine.Series{Subject: "live/shop", Metric: "cpu", Signal: "s1", Replica: replica}
	for i := range n {
		s.Points = append(s.Points, engine.Point{At: start.Add(time.Duration(i) * time.Second), Value: float64(i)})
	}
	return s
}

// waits wants the samples that wait to be those of a replica from one on.
func waits(t *testing.T, a *Arrivals, replica string, from, to int) {
	t.Helper()
	got := a.in(engine.Range{Subject: "live/shop", From: start.AddDate(-1, 0, 0), To: start.AddDate(1, 0, 0)})
	points := got[ID{"live/shop", "cpu", "s1", replica}]
	if len(got) != 1 || len(points) != to-from || points[0].Value != float64(from) || points[to-from-1].Value != float64(to-1) {
		t.Errorf("%d samples of %d series wait; want %d to %d of %s", len(points), len(got), from, to, replica)
	}
}

func TestWaitingSamplesAreBounded(t *testing.T) {
	var a Arrivals
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	whole := of("r1", maxArrivals+10)
	first, rest := whole, whole
	first.Points, rest.Points = whole.Points[:maxArrivals], whole.Points[maxArrivals:]
	a.Keep([]engine.Series{first})
	full := errors.New("the disk is full")
	if err := a.Flush(log, func(fresh Fresh) error {
		a.Keep([]engine.Series{rest}) // while the others are being written
		return full
	}); err != full {
		t.Errorf("flushed, %v", err)
	}
	waits(t, &a, "r1", maxArrivals/4, maxArrivals+10)
	for range 2 { // told once
		_ = a.Flush(log, func(Fresh) error { return full })
	}
	if want := fmt.Sprintf("samples=%d", maxArrivals/4); strings.Count(text.String(), want) != 1 || !strings.Contains(text.String(), "level=WARN") {
		t.Errorf("log says %q, want at warn, once, %s", text.String(), want)
	}
}

func TestSamplesThatComeMeanwhileWait(t *testing.T) {
	var a Arrivals
	a.Keep([]engine.Series{of("r1", maxArrivals)})
	err := a.Flush(slog.Default(), func(fresh Fresh) error {
		a.Keep([]engine.Series{of("r2", 3)}) // drops some of the others
		if len(fresh) != maxArrivals {
			t.Errorf("%d samples are written, want all", len(fresh))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	waits(t, &a, "r2", 0, 3)
	if len(a.known) != 1 {
		t.Errorf("%d series are known, want that of the samples that wait", len(a.known))
	}
}

// However long a store can't be written, the ids of its series are in memory once.
func TestWaitingSamplesTakeLittleMemory(t *testing.T) {
	const series = 100
	var a Arrivals
	before := heap()
	for n := range maxArrivals {
		one := of(fmt.Sprintf("%s%03d", strings.Repeat("a", 64), n%series), 1) // each time a string of its own
		one.Points[0].At = start.Add(time.Duration(n/series) * time.Second)
		a.Keep([]engine.Series{one})
	}
	if used := heap() - before; used > 20e6 {
		t.Errorf("%d samples wait in %d MB, want at most 20", len(a.all), used/1e6)
	}
	if n := len(a.known); n != series {
		t.Errorf("%d series are known, want %d", n, series)
	}
}

func heap() int64 {
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}
