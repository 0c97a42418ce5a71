package redis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/store/series"
)

func TestLiveOldSamplesAreDropped(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url(), KeepSamples: 2 * day, KeepRollups: 10 * day})
	at := func(days int) time.Time { return noon.Truncate(day).AddDate(0, 0, days) }
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
		beat := engine.Series{Subject: "live/other", Points: []engine.Point{{At: c.now}}} // the newest sample in Redis
		keep(t, s, append(c.keep, beat)...)
		check(t, s.Flush(t.Context(), c.now))
		t.Run(c.name, func(t *testing.T) {
			holds(t, s, c.want...)
			if n := counted(t, s); n != c.counted {
				t.Errorf("rollups count %d samples, want %d", n, c.counted)
			}
			if _, open, _ := kinds(t, s); open != c.openOnes {
				t.Errorf("%d open chunks, want %d", open, c.openOnes)
			}
			if n := redis.do("SCARD", s.key(s.saw().generation, namesKey("live/shop"))); n != int64(c.series) {
				t.Errorf("%d series, want %d", n, c.series)
			}
		})
	}
}

// A Redis without memory takes no samples, lets old ones go, and loses none of those that wait.
func TestLiveOldSamplesAreDroppedWithoutMemory(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url(), KeepSamples: day})
	old, newer := cpu(4800, noon), cpu(480, noon.Add(3*day))
	keep(t, s, old)
	keep(t, s, part(newer, 0, 240))
	redis.do("CONFIG", "SET", "maxmemory", "1")
	s.Keep([]engine.Series{part(newer, 240, 480)})
	isError(t, s.Flush(t.Context(), noon.Add(3*day+2*time.Hour)), "maxmemory")
	holds(t, s, newer)
	if full, _, days := kinds(t, s); full != 1 || days != 3 {
		t.Errorf("%d full chunks and %d days are left, want the one that is not old, and all days", full, days)
	}
	redis.do("CONFIG", "SET", "maxmemory", "0")
	check(t, s.Flush(t.Context(), noon.Add(3*day+2*time.Hour)))
	holds(t, s, newer)
	if n := counted(t, s); n != 5280 {
		t.Errorf("rollups count %d samples, want 5280", n)
	}
}

// taken is what Redis says that the samples take.
func taken(t *testing.T, redis *server, s *Store) (bytes int64) {
	t.Helper()
	for _, key := range redis.do("KEYS", s.key(s.saw().generation, "s*")).([]any) {
		bytes += redis.do("MEMORY", "USAGE", key, "SAMPLES", "0").(int64)
	}
	return bytes
}

func TestLiveSamplesTakeWhatTheyMay(t *testing.T) {
	t.Parallel()
	const most = 1_000_000
	redis := start(t)
	var log journal
	s := leader(t, Options{URL: redis.url(), KeepSamples: 9 * day, SampleBytes: most, Log: log.log()})
	f := newFleet(3)
	at := noon
	for range 6 { // 1.5 MB
		keep(t, s, f.say(at, day)...)
		at = at.Add(day)
		lead(t, s)
		check(t, s.Flush(t.Context(), at))
		if used := taken(t, redis, s); used > most*105/100 {
			t.Fatalf("samples take %d bytes, want %d at most", used, most)
		}
	}
	if used := taken(t, redis, s); used < most*90/100 {
		t.Errorf("samples take %d bytes, want nearly %d: no more is to be dropped than has to be", used, most)
	}
	all, err := s.held(t.Context())
	check(t, err)
	for _, h := range all {
		var oldest, oldestDay int64
		for _, c := range h.chunks {
			if c.kind == store.FullChunk && (oldest == 0 || c.Last < oldest) {
				oldest = c.Last
			}
			if c.kind == store.DayChunk && (oldestDay == 0 || c.end() < oldestDay) {
				oldestDay = c.end()
			}
		}
		if first := at.Add(-4 * day).UnixMilli(); oldest < first || oldestDay < first || oldest > at.Add(-3*day).UnixMilli() {
			t.Errorf("%s of %s has samples since %s and rollups since %s", h.Metric, h.Subject, time.UnixMilli(oldest), time.UnixMilli(oldestDay))
		}
	}
	if n := strings.Count(log.String(), `level=WARN msg="samples take too much`); n != 1 || !strings.Contains(log.String(), "megabytes_at_most=1 ") {
		t.Errorf("the log says %d times at warn, want once that samples take too much: %s", n, &log)
	}
}

// What is reckoned is what Redis takes, and that is little: 24 million samples fit into 64 MB, with their rollups.
func TestLiveSamplesTakeLittle(t *testing.T) {
	t.Parallel()
	redis := start(t)
	s := leader(t, Options{URL: redis.url()})
	const services = 8
	f := newFleet(services)
	keep(t, s, f.say(noon, day+20*time.Minute)...)
	all, err := s.held(t.Context())
	check(t, err)
	var reckoned int64
	for _, h := range all {
		reckoned += hashBytes + h.open
		for _, c := range h.chunks {
			reckoned += c.bytes
		}
	}
	says := taken(t, redis, s)
	if reckoned < says || reckoned > says*110/100 {
		t.Errorf("reckoned are %d bytes, Redis says %d", reckoned, says)
	}
	if each := float64(says) / (services * 7 * (5760 + 80)); each > 2.7 {
		t.Errorf("a sample takes %.2f bytes, want 2.7 at most", each)
	}
}

// Beyond what they may take the oldest go, and no more than have to.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) held {
			h := held{open: rapid.Int64Range(0, 500).Draw(t, "open")}
			for n := range rapid.IntRange(0, 5).Draw(t, "chunks") {
				at := rapid.Int64Range(0, 1e9).Draw(t, "at")
				h.chunks = append(h.chunks, heldChunk{
					field: fmt.Sprint(n), kind: rapid.SampledFrom([]store.ChunkKind{store.FullChunk, store.DayChunk}).Draw(t, "kind"),
					Span: series.Span{First: at, Last: at}, bytes: rapid.Int64Range(1, 3000).Draw(t, "bytes"),
					gone: rapid.SampledFrom([]bool{false, false, true}).Draw(t, "gone"),
				})
			}
			return h
		}), 0, 9).Draw(t, "series")
		most := rapid.Int64Range(0, 20000).Draw(t, "most")
		before := map[*heldChunk]bool{}
		for i := range all {
			for n := range all[i].chunks {
				before[&all[i].chunks[n]] = all[i].chunks[n].gone
			}
		}
		marked := thin(all, most)
		total, oldestLeft, newestMarked, largest := int64(0), int64(1e12), int64(0), int64(0)
		for _, h := range all {
			total += hashBytes + h.open
		}
		for c, was := range before {
			switch {
			case !c.gone:
				total += c.bytes
				oldestLeft = min(oldestLeft, c.end())
			case !was:
				marked--
				newestMarked, largest = max(newestMarked, c.end()), max(largest, c.bytes)
			}
			if was && !c.gone {
				t.Error("what was marked is not any more")
			}
		}
		if marked != 0 {
			t.Errorf("it is %d off in what it says that it marked", marked)
		}
		if newestMarked > oldestLeft {
			t.Errorf("what ends at %d is left, and what ends at %d is marked", oldestLeft, newestMarked)
		}
		if total > most && oldestLeft < 1e12 {
			t.Errorf("%d bytes are left, want %d at most", total, most)
		}
		if largest > 0 && total+largest <= most {
			t.Errorf("%d bytes are left of %d: more was marked than had to be", total, most)
		}
	})
}
