package redis

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

const day = 24 * time.Hour

// noon is when the samples of the tests begin.
var noon = now.Truncate(time.Hour)

// cpu is n samples at 15 s from an instant on, of four digits.
func cpu(n int, from time.Time) engine.Series {
	s := engine.Series{Subject: "live/shop", Metric: "cpu", Signal: "s1", Replica: "r1"}
	dice := rand.New(rand.NewPCG(1, uint64(from.Unix())))
	for i := range n {
		s.Points = append(s.Points, engine.Point{
			At: from.Add(time.Duration(i) * 15 * time.Second), Value: float64(dice.IntN(10000)) / 100,
		})
	}
	return s
}

var always = engine.Range{Subject: "live/shop", From: noon.AddDate(-9, 0, 0), To: noon.AddDate(9, 0, 0)}

// holds wants exactly these samples, each metric's for itself.
func holds(t *testing.T, s *Store, want ...engine.Series) {
	t.Helper()
	got, err := s.Samples(t.Context(), always)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d series, %v; want %d", len(got), err, len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("series %d is of %d samples, want %d: %+v\nwant %+v", i, len(got[i].Points), len(want[i].Points), got[i], want[i])
		}
	}
}

// counted is how many samples the rollups sum up.
func counted(t *testing.T, s *Store) (count int) {
	t.Helper()
	all, err := s.Rollups(t.Context(), always)
	check(t, err)
	for _, one := range all {
		for _, r := range one.Rollups {
			count += r.Count
		}
	}
	return count
}

// kinds are how many full chunks, open ones and days there are of live/shop.
func kinds(t *testing.T, s *Store) (full, open, days int) {
	t.Helper()
	all, err := s.held(t.Context())
	check(t, err)
	for _, h := range all {
		if h.Subject != "live/shop" {
			continue
		}
		for _, c := range h.chunks {
			if c.kind == store.FullChunk {
				full++
			} else {
				days++
			}
		}
		if h.open > 0 {
			open++
		}
	}
	return full, open, days
}

func keep(t *testing.T, s *Store, all ...engine.Series) {
	t.Helper()
	s.Keep(all)
	check(t, s.flush(t.Context()))
}

func part(s engine.Series, from, to int) engine.Series {
	s.Points = s.Points[from:to]
	return s
}

func TestLiveChunksFillUp(t *testing.T) {
	t.Parallel()
	redis := start(t)
	whole := cpu(500, noon)
	for _, c := range []struct{ from, to, full, open int }{
		{0, 100, 0, 1}, {100, 239, 0, 1}, {239, 240, 1, 0}, {240, 241, 1, 1}, {241, 500, 2, 1}, {240, 260, 2, 1},
	} {
		s := leader(t, Options{URL: redis.url()})
		keep(t, s, part(whole, c.from, c.to))
		if full, open, _ := kinds(t, s); full != c.full || open != c.open {
			t.Errorf("%d full chunks and %d open ones, want %d and %d", full, open, c.full, c.open)
		}
		check(t, s.Resign(t.Context()))
		check(t, s.Shutdown())
	}
	s := follower(t, Options{URL: redis.url(), ReadOnly: true})
	s.Keep([]engine.Series{cpu(10, noon.Add(-time.Hour))}) // a reader keeps nothing
	check(t, s.Flush(t.Context(), noon))
	holds(t, s, whole)
	if n := counted(t, s); n != 500 {
		t.Errorf("rollups count %d samples, want 500", n)
	}
}

// Whoever does not lead writes no samples: they wait, also for those that lead again.
func TestLiveSamplesAreFenced(t *testing.T) {
	t.Parallel()
	redis := start(t)
	one := leader(t, Options{URL: redis.url()})
	whole := cpu(300, noon)
	keep(t, one, part(whole, 0, 100))
	redis.do("DEL", one.leaseKey()) // it expired
	other := leader(t, Options{URL: redis.url()})

	one.Keep([]engine.Series{part(whole, 100, 200)})
	if err := one.Flush(t.Context(), noon); !errors.Is(err, store.ErrFenced) {
		t.Errorf("error is %v, want %v", err, store.ErrFenced)
	}
	holds(t, one, part(whole, 0, 200))
	holds(t, other, part(whole, 0, 100))
	keep(t, other, part(whole, 200, 300))
	holds(t, one, whole)
	if n := counted(t, one); n != 300 {
		t.Errorf("rollups count %d samples, want 300", n)
	}
	check(t, other.Resign(t.Context()))
	lead(t, one)
	check(t, one.Flush(t.Context(), noon))
	holds(t, other, whole)
	if n := counted(t, other); n != 300 {
		t.Errorf("rollups count %d samples, want 300", n)
	}
}

// witness is a shelf that remembers what was put.
type witness struct {
	shelf
	put []series.Change
}

func (w *witness) Put(ctx context.Context, changes []series.Change) error {
	w.put = append(w.put, changes...)
	return w.shelf.Put(ctx, changes)
}

// A write whose answer is lost is sent again; and one that the network has held back changes nothing any more.
func TestLiveWritesThatComeTwice(t *testing.T) {
	t.Parallel()
	s := leader(t, Options{URL: start(t).url()})
	whole := cpu(600, noon)
	keep(t, s, part(whole, 0, 10))
	w := &witness{shelf: shelf{s}}
	s.Keep([]engine.Series{part(whole, 10, 300)})
	check(t, s.arrivals.Flush(s.log, func(fresh series.Fresh) error { return series.Fill(t.Context(), w, s.log, fresh) }))
	check(t, w.shelf.Put(t.Context(), w.put)) // again
	holds(t, s, part(whole, 0, 300))

	keep(t, s, part(whole, 300, 600))
	if err := w.shelf.Put(t.Context(), w.put); !errors.Is(err, errChanged) {
		t.Errorf("error is %v, want %v", err, errChanged)
	}
	holds(t, s, whole)
	if n := counted(t, s); n != 600 {
		t.Errorf("rollups count %d samples, want 600", n)
	}
}

func TestLiveDamagedSamplesAreSkipped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, field       string
		lost, fromRollups int
	}{
		{"a full chunk", fullField(series.Span{First: noon.UnixMilli(), Last: noon.Add(239 * 15 * time.Second).UnixMilli()}), 240, 0},
		{"the open one", openChunk, 20, 20},
		{"a day", dayField(noon.Truncate(day).UnixMilli()), 0, 480},
	} {
		t.Run(c.name, func(t *testing.T) {
			redis := start(t)
			var log journal
			s := leader(t, Options{URL: redis.url(), Log: log.log()})
			whole := cpu(500, noon)
			keep(t, s, whole)
			key := s.key(s.saw().generation, chunksKey(series.ID{Subject: "live/shop", Metric: "cpu", Signal: "s1", Replica: "r1"}))
			if redis.do("HSET", key, c.field, "damaged as can be") != int64(0) {
				t.Fatalf("there was no field %s", c.field)
			}
			got, err := s.Samples(t.Context(), always)
			check(t, err)
			if len(got) != 1 || len(got[0].Points) != 500-c.lost {
				t.Errorf("%d series, the first of %d samples; want all but %d of 500", len(got), len(got[0].Points), c.lost)
			}
			if n := counted(t, s); n != 500-c.fromRollups {
				t.Errorf("rollups count %d samples, want all but %d of 500", n, c.fromRollups)
			}
			for _, say := range []string{"level=WARN", "damaged", "subject=live/shop", "metric=cpu", "replica=r1"} {
				if !strings.Contains(log.String(), say) {
					t.Errorf("log %q does not say %q", log.String(), say)
				}
			}
			findings, err := s.Check(t.Context())
			check(t, err)
			if len(findings.Problems) != 1 || !strings.Contains(findings.Problems[0], c.field) {
				t.Errorf("problems are %q, want one with %s", findings.Problems, c.field)
			}
			keep(t, s, cpu(240, noon.Add(500*15*time.Second)))
			got, err = s.Samples(t.Context(), always)
			check(t, err)
			if n := len(got[0].Points); n != 740-c.lost {
				t.Errorf("%d samples after the damage, want %d", n, 740-c.lost)
			}
		})
	}
}

// What was replaced leaves no key behind.
func TestLiveReplacedSamplesAreGone(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	keep(t, s, cpu(500, noon), engine.Series{Subject: "shadow/shop", Points: cpu(3, noon).Points})
	old := s.saw().generation
	check(t, s.Replace(t.Context(), func(func(store.Part) error) error { return nil }, time.Time{}))
	for _, key := range redis.do("KEYS", "*").([]any) {
		if strings.Contains(key.(string), ":"+old+":") {
			t.Errorf("key %s is still there", key)
		}
	}
	holds(t, s)
}

func TestNamesOfSeries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z/:%{}]*`), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		who := series.ID{Subject: any.Draw(t, "subject"), Metric: any.Draw(t, "metric"), Signal: any.Draw(t, "signal"), Replica: any.Draw(t, "replica")}
		if got, err := named(who.Subject, nameOf(who)); err != nil || got != who {
			t.Errorf("%q became %q, and that %q, %v", who, nameOf(who), got, err)
		}
		first, length := rapid.Int64Range(-1e15, 1e15).Draw(t, "first"), rapid.Int64Range(0, 1e12).Draw(t, "length")
		of := series.Span{First: first, Last: first + length}
		if kind, got, err := readField(fullField(of)); kind != store.FullChunk || got != of || err != nil {
			t.Errorf("%v became %s, and that %s %v, %v", of, fullField(of), kind, got, err)
		}
		if kind, got, err := readField(dayField(first)); kind != store.DayChunk || got.First != first || err != nil {
			t.Errorf("%d became %s, and that %s %v, %v", first, dayField(first), kind, got, err)
		}
	})
}

// Whatever is in Redis, a field is read or is an error.
func FuzzReadField(f *testing.F) {
	for _, seed := range []string{"open", "c1772366400000+3585000", "d1772323200000", "", "c", "d", "c1", "c1+", "c+1", "d1+1", "x1+1", "c-1+-1", "d99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		kind, of, err := readField(field)
		if (err == nil) != slices.Contains([]store.ChunkKind{store.FullChunk, store.OpenChunk, store.DayChunk}, kind) {
			t.Errorf("%q is %q of %v, %v", field, kind, of, err)
		}
		if who, err := named("live/shop", field); err == nil && len(nameOf(who)) < 2 {
			t.Errorf("%q is %+v", field, who)
		}
	})
}
