package sqlite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// fleet is some services, each with a replica that is sampled every 15 seconds for three metrics, some milliseconds late.
type fleet struct {
	dice   *rand.Rand
	series []engine.Series
	last   []float64
}

func newFleet(services int) *fleet {
	f := &fleet{dice: rand.New(rand.NewPCG(1, 2))}
	for n := range services {
		for _, metric := range []string{"cpu", "memory", "rps"} {
			f.series = append(f.series, engine.Series{
				Subject: fmt.Sprint("live/", n), Metric: metric, Signal: "1k2j3h4g5f6d7", Replica: fmt.Sprintf("%064x", n),
			})
			f.last = append(f.last, 40)
		}
	}
	return f
}

// minute is what each series says in the minute that begins at an instant.
func (f *fleet) minute(at time.Time) []engine.Series {
	now := make([]engine.Series, len(f.series))
	for i, s := range f.series {
		for n := range 4 {
			f.last[i] = max(0.1, f.last[i]+0.05*(40-f.last[i])+2*f.dice.NormFloat64())
			v, _ := strconv.ParseFloat(strconv.FormatFloat(f.last[i], 'g', 4, 64), 64)
			late := time.Duration(n)*15*time.Second + time.Duration(f.dice.IntN(7))*time.Millisecond
			s.Points = append(s.Points, engine.Point{At: at.Add(late), Value: v})
		}
		now[i] = s
	}
	return now
}

// run keeps so many minutes and flushes each.
func (f *fleet) run(tb testing.TB, s *Store, minutes int, after func(minute []engine.Series)) {
	for n := range minutes {
		at := start.Add(time.Duration(n) * time.Minute)
		now := f.minute(at)
		s.Keep(now)
		if err := s.Flush(tb.Context(), at.Add(time.Minute)); err != nil {
			tb.Fatal(err)
		}
		after(now)
	}
}

func TestKeepHours(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	f := newFleet(4)
	whole := make([]engine.Series, len(f.series))
	f.run(t, s, 65, func(minute []engine.Series) {
		for i, one := range minute {
			points := append(whole[i].Points, one.Points...)
			whole[i] = one
			whole[i].Points = points
		}
	})
	for n := range 4 {
		r := always
		r.Subject = fmt.Sprint("live/", n)
		got, err := s.Samples(t.Context(), r)
		if err != nil || !reflect.DeepEqual(got, whole[3*n:3*n+3]) {
			t.Errorf("samples of service %d came back changed, %v", n, err)
		}
		rollups, err := s.Rollups(t.Context(), r)
		check(t, err)
		for _, one := range rollups {
			if len(one.Rollups) != 13 || one.Rollups[12].Count != 20 {
				t.Errorf("%d rollups, want 13 of 20 samples each", len(one.Rollups))
			}
		}
	}
}

func BenchmarkKeepDay(b *testing.B) {
	const services, minutes = 300, 24 * 60
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "flyball.db")
		s, err := Open(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		f := newFleet(services)
		var peak uint64
		var longest time.Duration
		before, written := usage(b), writes(b)
		began := time.Now()
		f.run(b, s, minutes, func([]engine.Series) {
			longest, began = max(longest, time.Since(began)), time.Now()
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			peak = max(peak, memory.HeapAlloc)
		})
		b.ReportMetric((usage(b) - before).Seconds(), "cpu-s")
		b.ReportMetric(float64(writes(b)-written)/1e6, "MB-written")
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
		b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
		if err := s.Shutdown(); err != nil {
			b.Fatal(err)
		}
		file, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(file.Size())/float64(services*3*minutes*4), "bytes/sample")
		began = time.Now()
		if s, err = Open(path, Options{}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "open-ms")
		if err := s.Shutdown(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeriesYear(b *testing.B) {
	const samples = 365 * 24 * 60 * 4
	s, err := Open(filepath.Join(b.TempDir(), "flyball.db"), Options{KeepSamples: 10 * 365 * day})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Shutdown()
	for n := 0; n < samples; n += samples / 73 {
		s.Keep([]engine.Series{cpu(samples/73, start.Add(time.Duration(n)*15*time.Second))})
		if err := s.Flush(b.Context(), start); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("samples", func(b *testing.B) {
		for b.Loop() {
			got, err := s.Samples(b.Context(), always)
			if err != nil || len(got[0].Points) != samples {
				b.Fatalf("%d series, %v", len(got), err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*samples), "ns/sample")
	})
	b.Run("rollups", func(b *testing.B) {
		for b.Loop() {
			if got, err := s.Rollups(b.Context(), always); err != nil || len(got[0].Rollups) < samples/20 {
				b.Fatalf("%d series, %v", len(got), err)
			}
		}
	})
	b.Run("a day", func(b *testing.B) {
		r := always
		r.From, r.To = start.AddDate(0, 6, 0), start.AddDate(0, 6, 1)
		for b.Loop() {
			if got, err := s.Samples(b.Context(), r); err != nil || len(got[0].Points) != samples/365 {
				b.Fatalf("%d series, %v", len(got), err)
			}
		}
	})
}

// usage is the processor time that the process has used.
func usage(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// writes is how many bytes the process has had written to the disk.
func writes(b *testing.B) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Oublock * 512
}
