package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestFullDiskKeepsSamplesInMemory(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	hold := web(start)
	hold.Decision.Action = engine.Hold
	check(t, s.Record(t.Context(), hold, engine.State{}))
	flush(t, s, cpu(1, start))
	limit := func(pages int) {
		_, err := s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		check(t, err)
	}
	limit(1)
	whole := cpu(100_000, start)
	s.Keep([]engine.Series{whole})
	for range 3 {
		wantError(t, s.Flush(t.Context(), start), "write samples", "full")
		check(t, s.Record(t.Context(), hold, engine.State{}))
	}
	holds(t, s, whole)
	if n := rowsIn(t, s, "chunk"); n != 0 {
		t.Errorf("%d chunks were written, want all or none", n)
	}
	limit(1 << 20)
	check(t, s.Flush(t.Context(), start))
	holds(t, s, whole)
	if n := counted(t, s); n != len(whole.Points) {
		t.Errorf("rollups count %d samples, want %d", n, len(whole.Points))
	}
}

// Keep does not wait for a writer that is busy, and a caller of Flush that has left leaves the samples in memory.
func TestKeepDoesNotWait(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	check(t, s.inTransaction(t.Context(), func(*sql.Tx) error { // it has the only connection that writes
		s.Keep([]engine.Series{cpu(10, start)})
		gone, leave := context.WithCancel(t.Context())
		leave()
		if err := s.Flush(gone, start); !errors.Is(err, context.Canceled) {
			t.Errorf("flushed, %v", err)
		}
		holds(t, s, cpu(10, start))
		return nil
	}))
	check(t, s.Flush(t.Context(), start))
	holds(t, s, cpu(10, start))
}

func TestDamagedSamplesAreSkipped(t *testing.T) {
	flip := "UPDATE %s SET %s = CAST(substr(%[2]s, 1, 9) || x'5a5a' || substr(%[2]s, 12) AS BLOB) WHERE rowid = (SELECT min(rowid) FROM %[1]s)"
	for _, c := range []struct {
		table, column     string
		lost, fromRollups int
	}{
		{"chunk", "points", 240, 0},
		{"open_chunk", "points", 20, 20},
		{"rollup", "rollups", 0, 480},
	} {
		t.Run(c.table, func(t *testing.T) {
			var log bytes.Buffer
			s, err := Open(filepath.Join(t.TempDir(), "flyball.db"), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			check(t, err)
			t.Cleanup(func() { s.Shutdown() })
			other := cpu(700, start)
			other.Metric = "other"
			whole := cpu(500, start.Truncate(day))
			flush(t, s, whole)
			flush(t, s, other)
			_, err = s.write.Exec(fmt.Sprintf(flip, c.table, c.column))
			check(t, err)

			got, err := s.Samples(t.Context(), always)
			check(t, err)
			if len(got) != 2 || len(got[0].Points) != 500-c.lost || !reflect.DeepEqual(got[1], other) {
				t.Errorf("%d series, the first of %d samples; want 2, and all but %d of 500", len(got), len(got[0].Points), c.lost)
			}
			if n := counted(t, s); n != 1200-c.fromRollups {
				t.Errorf("rollups count %d samples, want all but %d of 1200", n, c.fromRollups)
			}
			for _, say := range []string{"level=WARN", "damaged", "subject=live/shop", "metric=cpu", "replica=r1"} {
				if !strings.Contains(log.String(), say) {
					t.Errorf("log %q does not say %q", log.String(), say)
				}
			}
			more := cpu(240, start.Truncate(day).Add(500*15*time.Second))
			flush(t, s, more)
			got, err = s.Samples(t.Context(), always)
			check(t, err)
			if n := len(got[0].Points); n != 740-c.lost {
				t.Errorf("%d samples after the damage, want %d", n, 740-c.lost)
			}
		})
	}
}
