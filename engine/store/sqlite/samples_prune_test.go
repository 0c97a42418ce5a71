package sqlite

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestOldSamplesAreDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	s, err := Open(path, Options{KeepSamples: 2 * day, KeepRollups: 10 * day})
	check(t, err)
	t.Cleanup(func() { s.Shutdown() })
	at := func(days int) time.Time { return start.Truncate(day).AddDate(0, 0, days) }
	gone, idle, live := cpu(480, at(0).Add(22*time.Hour)), cpu(100, at(0).Add(22*time.Hour)), cpu(480, at(5))
	idle.Replica, live.Replica = "r2", "r3"
	for _, c := range []struct {
		name                      string
		now                       time.Time
		keep                      []engine.Series
		want                      []engine.Series
		counted, series, openOnes int
	}{
		{"nothing is old", at(1), []engine.Series{gone, idle}, []engine.Series{gone, idle}, 580, 2, 1},
		{"not twice an hour", at(1).Add(59 * time.Minute), nil, []engine.Series{gone, idle}, 580, 2, 1},
		{"an idle chunk is closed", at(1).Add(23 * time.Hour), nil, []engine.Series{gone, idle}, 580, 2, 0},
		{"samples are old", at(5), []engine.Series{live}, []engine.Series{live}, 1060, 3, 0},
		{"rollups are kept", at(10).Add(12 * time.Hour), nil, nil, 1060, 3, 0},
		{"rollups are old", at(12), nil, nil, 480, 1, 0},
		{"all is old", at(20), nil, nil, 0, 0, 0},
	} {
		beat := engine.Series{Subject: "live/other", Points: []engine.Point{{At: c.now}}} // the newest sample on disk
		s.Keep(append(c.keep, beat))
		check(t, s.flush(t.Context()))
		check(t, s.Flush(t.Context(), c.now))
		t.Run(c.name, func(t *testing.T) {
			holds(t, s, c.want...)
			if n := counted(t, s); n != c.counted {
				t.Errorf("rollups count %d samples, want %d", n, c.counted)
			}
			if n := rowsIn(t, s, "series WHERE subject = 'live/shop'"); n != c.series {
				t.Errorf("%d series, want %d", n, c.series)
			}
			if n := rowsIn(t, s, "open_chunk JOIN series ON id = series WHERE subject = 'live/shop'"); n != c.openOnes {
				t.Errorf("%d open chunks, want %d", n, c.openOnes)
			}
		})
	}
}

func TestClockAheadWipesNothing(t *testing.T) {
	for _, c := range []struct {
		name    string
		ahead   time.Duration
		sampled bool // by that clock
	}{
		{"by a month", 32 * day, false},
		{"by a month, with samples", 32 * day, true},
		{"by two years", 2 * 365 * day, false},
		{"by two years, with samples", 2 * 365 * day, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
			whole := cpu(500, start)
			flush(t, s, whole)
			now := whole.Points[499].At
			check(t, s.Flush(t.Context(), now.Add(2*time.Hour)))
			if c.sampled {
				whole.Points = append(whole.Points, engine.Point{At: now.Add(c.ahead), Value: 1})
				s.Keep([]engine.Series{{Subject: "live/shop", Metric: "cpu", Signal: "s1", Replica: "r1", Points: whole.Points[500:]}})
			}
			check(t, s.Flush(t.Context(), now.Add(c.ahead)))
			check(t, s.Flush(t.Context(), now.Add(c.ahead+time.Minute)))
			check(t, s.Flush(t.Context(), now.Add(3*time.Hour))) // the clock is right again
			holds(t, s, whole)
			if n := counted(t, s); n != len(whole.Points) {
				t.Errorf("rollups count %d samples, want %d", n, len(whole.Points))
			}

			later := cpu(1, now.Add(31*day))
			s.Keep([]engine.Series{later})
			check(t, s.flush(t.Context()))
			check(t, s.Flush(t.Context(), now.Add(31*day))) // long before that clock
			if rowsIn(t, s, "chunk WHERE last < "+strconv.FormatInt(now.UnixMilli(), 10)) > 0 {
				t.Error("what is old is not dropped once the clock is right")
			}
		})
	}
}

// A history without new samples is left as it is: it does not grow.
func TestStoppedHistoryIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flyball.db")
	s := openAt(t, path)
	whole := cpu(500, start)
	flush(t, s, whole)
	check(t, s.Shutdown())
	s = openAt(t, path)
	for n := range 3 {
		check(t, s.Flush(t.Context(), start.AddDate(3, 0, n)))
	}
	holds(t, s, whole)
	if n := counted(t, s); n != 500 {
		t.Errorf("rollups count %d samples, want 500", n)
	}
}

func TestManyOldSamplesAreDropped(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "flyball.db"))
	flush(t, s, cpu(1, start))
	_, err := s.write.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO chunk (series, first, last, points) SELECT 1, i, i, x'' FROM n`, 2*pruneRows+7)
	check(t, err)
	check(t, s.Flush(t.Context(), start.Add(time.Hour)))
	if n := rowsIn(t, s, "chunk"); n != 0 {
		t.Errorf("%d old chunks are left", n)
	}
	holds(t, s, cpu(1, start))
}
