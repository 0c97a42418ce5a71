package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

// month gives what so many series leave behind in 30 days at 15 s, with a decision each five minutes.
func month(series int) func(take func(store.Part) error) error {
	r := web(start)
	r.Recommendation.Reasons = []engine.Reason{{Code: "x", Message: strings.Repeat("some text ", 300)}}
	return func(take func(store.Part) error) error {
		for n := range 30 * 24 {
			hour := start.Truncate(day).Add(time.Duration(n) * time.Hour)
			points := cpu(240, hour).Points
			data, rollups := chunk.Encode(points), chunk.EncodeRollups(chunk.SumUp(points))
			var p store.Part
			for i, s := range newFleet(series / 3).series {
				one := store.Chunk{Subject: s.Subject, Metric: s.Metric, Signal: s.Signal, Replica: s.Replica, Data: data}
				one.Kind, one.First, one.Last = store.FullChunk, hour.UnixMilli(), hour.Add(time.Hour).UnixMilli()-15_000
				p.Chunks = append(p.Chunks, one)
				if n%24 == 0 {
					one.Kind, one.Last, one.Data = store.DayChunk, 0, rollups
					p.Chunks = append(p.Chunks, one)
				}
				if i%25 == 0 {
					r.At = hour
					id := int64(n*series + i + 1)
					p.Rows = append(p.Rows, store.Row{ID: id, First: hour, Last: hour, Count: 1, Record: r})
				}
			}
			if err := take(p); err != nil {
				return err
			}
		}
		return nil
	}
}

func BenchmarkMove(b *testing.B) {
	from, err := Open(filepath.Join(b.TempDir(), "from.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer from.Shutdown()
	if err := from.Replace(b.Context(), month(300), time.Time{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "to.db")
		to, err := Open(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		var before, peak runtime.MemStats
		runtime.ReadMemStats(&before)
		most := uint64(0)
		rows, parts := 0, 0
		err = to.Replace(b.Context(), func(take func(store.Part) error) error {
			return from.Export(b.Context(), func(p store.Part) error {
				if parts++; parts%20 == 0 {
					runtime.ReadMemStats(&peak)
					most = max(most, peak.HeapAlloc)
				}
				rows += len(p.Chunks) + len(p.Rows)
				return take(p)
			})
		}, time.Time{})
		if err != nil {
			b.Fatal(err)
		}
		wal, _ := os.Stat(path + "-wal")
		b.ReportMetric(float64(wal.Size())/1e6, "MB-wal")
		if err := to.Shutdown(); err != nil {
			b.Fatal(err)
		}
		file, _ := os.Stat(path)
		b.ReportMetric(float64(file.Size())/1e6, "MB-file")
		b.ReportMetric(float64(most-before.HeapAlloc)/1e6, "MB-heap")
		b.ReportMetric(float64(rows), "rows")
	}
}
