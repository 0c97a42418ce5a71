package series

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/chunk"
)

var errCut = errors.New("the cable is cut")

// memory is a shelf whose cable may be cut after some changes.
type memory struct {
	open       map[ID]Piece
	full, days map[ID][]Piece
	cut        int // after so many changes; below 0: never
}

func (m *memory) Find(_ context.Context, wants []Want, found func(int, store.ChunkKind, []byte)) error {
	for n, w := range wants {
		if open, there := m.open[w.ID]; there && w.Open {
			found(n, store.OpenChunk, open.Data)
		}
		for _, one := range m.full[w.ID] {
			if one.Last >= w.Full.First && one.First <= w.Full.Last {
				found(n, store.FullChunk, one.Data)
			}
		}
		for _, day := range m.days[w.ID] {
			if day.First >= w.Days.First && day.First <= w.Days.Last {
				found(n, store.DayChunk, day.Data)
			}
		}
	}
	return nil
}

func (m *memory) Put(_ context.Context, changes []Change) error {
	for _, c := range changes {
		if m.cut == 0 {
			return errCut
		}
		m.cut--
		m.full[c.ID] = append(m.full[c.ID], c.Full...)
		for _, day := range c.Days {
			m.days[c.ID] = slices.DeleteFunc(m.days[c.ID], func(old Piece) bool { return old.First == day.First })
			m.days[c.ID] = append(m.days[c.ID], day)
		}
		delete(m.open, c.ID)
		if c.Open != nil {
			m.open[c.ID] = *c.Open
		}
	}
	return nil
}

func (m *memory) look(ctx context.Context, q Query, found func(ID, store.ChunkKind, []byte)) error {
	for n := range 70 {
		who := whose(n)
		w := Want{ID: who, Open: true, Full: q.Full, Days: q.Days}
		if beside, asked := q.Beside[who]; asked {
			w.Full = beside
		}
		if !who.Of(q.Range) {
			continue
		}
		if err := m.Find(ctx, []Want{w}, func(_ int, kind store.ChunkKind, data []byte) { found(who, kind, data) }); err != nil {
			return err
		}
	}
	return nil
}

func whose(n int) ID { return ID{"live/shop", "cpu", "s1", string(rune('a' + n))} }

// However often a flush ends halfway, and whatever comes late or twice, each sample is there once, and counts once.
func TestHalfAFlush(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &memory{open: map[ID]Piece{}, full: map[ID][]Piece{}, days: map[ID][]Piece{}, cut: -1}
		var waiting Arrivals
		kept := map[ID]map[int64]bool{}
		log := slog.New(slog.DiscardHandler)
		flush := func(cut int) error {
			m.cut = cut
			return waiting.Flush(log, func(fresh Fresh) error { return Fill(context.Background(), m, log, fresh) })
		}
		for range rapid.IntRange(1, 5).Draw(t, "flushes") {
			series := rapid.SampledFrom([]int{1, 1, 2, 2, 70}).Draw(t, "series")
			from, n := rapid.IntRange(0, 1000).Draw(t, "from"), rapid.SampledFrom([]int{1, 4, 239, 240, 300}).Draw(t, "samples")
			for i := range series {
				one := engine.Series{Subject: "live/shop", Metric: "cpu", Signal: "s1", Replica: whose(i).Replica}
				if kept[whose(i)] == nil {
					kept[whose(i)] = map[int64]bool{}
				}
				for k := range n {
					at := start.Add(time.Duration(from+k) * 15 * time.Second)
					one.Points = append(one.Points, engine.Point{At: at, Value: float64(k)})
					kept[whose(i)][at.UnixMilli()] = true
				}
				waiting.Keep([]engine.Series{one})
			}
			if err := flush(rapid.IntRange(-1, 80).Draw(t, "cut")); err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
		}
		whole := engine.Range{Subject: "live/shop", From: start.AddDate(-1, 0, 0), To: start.AddDate(1, 0, 0)}
		check := func(when string) {
			samples, err := Samples(context.Background(), m.look, &waiting, log, whole)
			if err != nil || len(samples) != len(kept) {
				t.Fatalf("%s: %d series, %v; want %d", when, len(samples), err, len(kept))
			}
			rollups, err := Rollups(context.Background(), m.look, &waiting, log, whole)
			if err != nil || len(rollups) != len(kept) {
				t.Fatalf("%s: rollups of %d series, %v; want %d", when, len(rollups), err, len(kept))
			}
			for i, s := range samples {
				want := len(kept[ID{s.Subject, s.Metric, s.Signal, s.Replica}])
				var count int
				for _, r := range rollups[i].Rollups {
					count += r.Count
				}
				if len(s.Points) != want || count != want {
					t.Fatalf("%s: %d samples, and rollups of %d; want %d", when, len(s.Points), count, want)
				}
			}
		}
		check("before the last flush")
		if err := flush(-1); err != nil {
			t.Fatal(err)
		}
		check("after it")
		var all []ID
		for who := range kept {
			all = append(all, who)
		}
		if err := End(context.Background(), m, log, all); err != nil {
			t.Fatal(err)
		}
		check("after all have ended")
		if len(m.open) > 0 {
			t.Errorf("%d chunks are open still", len(m.open))
		}
		for who, full := range m.full {
			for _, one := range full {
				if points, err := chunk.Decode(one.Data); err != nil || len(points) > fullChunk || ends(points) != one.Span {
					t.Errorf("a full chunk of %v has %d samples, %v", who, len(points), err)
				}
			}
		}
	})
}

func TestRetention(t *testing.T) {
	keep := Retention{Samples: 2 * day, Rollups: 10 * day}
	for _, c := range []struct {
		name        string
		now, newest time.Time
		from        time.Time
	}{
		{"all is well", start, start, start},
		{"the clock is ahead, or nothing is sampled", start.AddDate(3, 0, 0), start, start},
		{"a sample is of the future", start, start.AddDate(3, 0, 0), start},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := Limits{
				Idle: c.from.Add(-day).UnixMilli(), Samples: c.from.Add(-2 * day).UnixMilli(), Days: c.from.Add(-11 * day).UnixMilli(),
			}
			if got := keep.At(c.now, c.newest); got != want {
				t.Errorf("limits are %+v, want %+v", got, want)
			}
		})
	}
	if got := (Retention{Samples: time.Hour, Rollups: day}).At(start, start); got.Idle != start.Add(-time.Hour).UnixMilli() {
		t.Errorf("a series has ended where its chunk ends before %s, want an hour ago", time.UnixMilli(got.Idle))
	}
}
