package storetest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// noon is a multiple of five minutes, to the millisecond.
var noon = start.Truncate(time.Hour)

func after(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

// cpu is a series of web's metric cpu, with a value at each of so many seconds after noon: the seconds themselves.
func cpu(seconds ...float64) engine.Series {
	s := engine.Series{Subject: "live/web", Metric: "cpu", Signal: "s1", Replica: "r1"}
	for _, at := range seconds {
		s.Points = append(s.Points, engine.Point{At: after(at), Value: at})
	}
	return s
}

// web asks for all of web's samples between so many seconds after noon.
func web(from, to float64) engine.Range {
	return engine.Range{Subject: "live/web", From: after(from), To: after(to)}
}

// everywhere holds a history to the same before a flush, after it, and after a restart.
func (s Suite) everywhere(t *testing.T, keep func(store.Store), look func(*testing.T, store.Store)) {
	t.Helper()
	address := s.Address(t)
	ledger := s.open(t, address)
	keep(ledger)
	t.Run("kept", func(t *testing.T) { look(t, ledger) })
	check(t, ledger.Flush(t.Context(), after(3600)))
	t.Run("flushed", func(t *testing.T) { look(t, ledger) })
	check(t, ledger.Shutdown())
	ledger = s.open(t, address)
	t.Run("opened again", func(t *testing.T) { look(t, ledger) })
	keep(ledger)
	t.Run("kept twice", func(t *testing.T) { look(t, ledger) })
	check(t, ledger.Shutdown()) // which flushes
	ledger = s.open(t, address)
	t.Run("kept twice and opened again", func(t *testing.T) { look(t, ledger) })
}

func (s Suite) noSamples(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	ledger.Keep(nil)
	ledger.Keep([]engine.Series{cpu()})
	check(t, ledger.Flush(ctx, noon))
	same(t, "samples", must(ledger.Samples(ctx, web(-100, 100)))(t), []engine.Series{})
	same(t, "rollups", must(ledger.Rollups(ctx, web(-100, 100)))(t), []engine.Rollups{})
}

func (s Suite) inOrder(t *testing.T) {
	late, twice := cpu(45, 15, 30), cpu(15, 60)
	for i := range twice.Points {
		twice.Points[i].Value = 1000 // 15 is there already: the first that came is kept
	}
	fine := cpu(75.0009) // to the millisecond
	want := cpu(0, 15, 30, 45, 60, 75)
	want.Points[4].Value, want.Points[5].Value = 1000, 75.0009
	s.everywhere(t, func(ledger store.Store) {
		ledger.Keep([]engine.Series{cpu(0)})
		ledger.Keep([]engine.Series{late, twice})
		ledger.Keep([]engine.Series{fine, cpu(75)})
	}, func(t *testing.T, ledger store.Store) {
		same(t, "samples", must(ledger.Samples(t.Context(), web(-100, 100)))(t), []engine.Series{want})
	})
}

func (s Suite) ranges(t *testing.T) {
	s.everywhere(t, func(ledger store.Store) {
		ledger.Keep([]engine.Series{cpu(0, 15, 30)})
	}, func(t *testing.T, ledger store.Store) {
		for _, c := range []struct {
			name     string
			from, to float64
			want     []float64
		}{
			{"all", -1, 30, []float64{0, 15, 30}},
			{"without its beginning", 0, 30, []float64{15, 30}},
			{"with its end", 14.999, 15, []float64{15}},
			{"without what comes after", 0, 14.999, nil},
			{"between two", 15, 29, nil},
			{"of no time", 15, 15, nil},
			{"backwards", 30, 0, nil},
			{"before", -20, -10, nil},
			{"after", 30, 60, nil},
		} {
			want := []engine.Series{}
			if len(c.want) > 0 {
				want = append(want, cpu(c.want...))
			}
			same(t, c.name, must(ledger.Samples(t.Context(), web(c.from, c.to)))(t), want)
		}
	})
}

func (s Suite) apart(t *testing.T) {
	var all []engine.Series // as they must come back
	for _, metric := range []string{"cpu", "rps"} {
		for _, signal := range []string{"s1", "s2"} {
			for _, replica := range []string{"", "r1", "r2"} {
				one := cpu(0, 15)
				one.Metric, one.Signal, one.Replica = metric, signal, replica
				one.Points[1].Value = float64(len(all)) // none is another's
				all = append(all, one)
			}
		}
	}
	other := cpu(0)
	other.Subject = "shadow/web"
	s.everywhere(t, func(ledger store.Store) {
		ledger.Keep([]engine.Series{other})
		for i := range all {
			ledger.Keep([]engine.Series{all[len(all)-1-i]})
		}
	}, func(t *testing.T, ledger store.Store) {
		for _, c := range []struct {
			name           string
			metric, signal string
			want           []engine.Series
		}{
			{"all", "", "", all},
			{"of a metric", "rps", "", all[6:]},
			{"of a metric's signal", "cpu", "s2", all[3:6]},
			{"of an unknown metric", "memory", "", []engine.Series{}},
			{"of an unknown signal", "cpu", "s3", []engine.Series{}},
		} {
			r := web(-1, 100)
			r.Metric, r.Signal = c.metric, c.signal
			same(t, c.name, must(ledger.Samples(t.Context(), r))(t), c.want)
			rollups := must(ledger.Rollups(t.Context(), r))(t)
			if len(rollups) != len(c.want) {
				t.Fatalf("%s: %d series of rollups, want %d", c.name, len(rollups), len(c.want))
			}
			for i, w := range c.want {
				got := rollups[i]
				if got.Subject != w.Subject || got.Metric != w.Metric || got.Signal != w.Signal || got.Replica != w.Replica {
					t.Errorf("%s: rollups %d are %+v, want those of %+v", c.name, i, got, w)
				}
			}
		}
		shadow := web(-1, 100)
		shadow.Subject = "shadow/web"
		same(t, "another subject's", must(ledger.Samples(t.Context(), shadow))(t), []engine.Series{other})
		shadow.Subject = "live/we"
		same(t, "an unknown subject's", must(ledger.Samples(t.Context(), shadow))(t), []engine.Series{})
	})
}

func (s Suite) anyValue(t *testing.T) {
	odd := cpu(0, 1, 2, 3, 4, 5, 6)
	for i, v := range []float64{
		math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1.0 / 3,
	} {
		odd.Points[i].Value = v
	}
	s.everywhere(t, func(ledger store.Store) {
		ledger.Keep([]engine.Series{odd})
	}, func(t *testing.T, ledger store.Store) {
		got := must(ledger.Samples(t.Context(), web(-1, 100)))(t)
		if len(got) != 1 || len(got[0].Points) != len(odd.Points) {
			t.Fatalf("got %v, want %v", got, odd)
		}
		for i, p := range got[0].Points {
			if math.Float64bits(p.Value) != math.Float64bits(odd.Points[i].Value) {
				t.Errorf("%v came back as %v", odd.Points[i].Value, p.Value)
			}
		}
		rollups := must(ledger.Rollups(t.Context(), web(-1, 100)))(t)
		if len(rollups) != 1 || len(rollups[0].Rollups) != 1 {
			t.Fatalf("rollups are %+v, want one", rollups)
		}
		if r := rollups[0].Rollups[0]; r.Count != 4 || r.Max != math.MaxFloat64 || r.Min != 0 {
			t.Errorf("rollup is %+v, want the four that are finite", r)
		}
	})
}

func (s Suite) rollups(t *testing.T) {
	one := func(from float64, count int, lowest, highest, mean float64) engine.Rollup {
		return engine.Rollup{From: after(from), Count: count, Min: lowest, Max: highest, Mean: mean}
	}
	of := func(some ...engine.Rollup) []engine.Rollups {
		return []engine.Rollups{{Subject: "live/web", Metric: "cpu", Signal: "s1", Replica: "r1", Rollups: some}}
	}
	first, second, later := one(0, 3, 0, 299, 103), one(300, 1, 300, 300, 300), one(3600, 2, 3610, 3630, 3620)
	s.everywhere(t, func(ledger store.Store) {
		ledger.Keep([]engine.Series{cpu(299, 10, 300)})
		ledger.Keep([]engine.Series{cpu(0, 10, 3610, 3630)}) // late ones too
	}, func(t *testing.T, ledger store.Store) {
		for _, c := range []struct {
			name     string
			from, to float64
			want     []engine.Rollups
		}{
			{"all", -1, 4000, of(first, second, later)},
			{"those that begin in it", 0, 300, of(second)},
			{"and are not over", -0.001, 299, of(first)},
			{"none", 301, 3599, []engine.Rollups{}},
		} {
			same(t, c.name, must(ledger.Rollups(t.Context(), web(c.from, c.to)))(t), c.want)
		}
	})
}

// A flush by a clock that is years ahead, with a sample of it, drops nothing.
func (s Suite) clockAhead(t *testing.T) {
	ctx, ledger := t.Context(), s.fresh(t)
	const years = 3 * 365 * 24 * 3600
	ledger.Keep([]engine.Series{cpu(0, 15)})
	check(t, ledger.Flush(ctx, after(15)))
	ledger.Keep([]engine.Series{cpu(years)})
	check(t, ledger.Flush(ctx, after(years)))
	ledger.Keep([]engine.Series{cpu(30)})
	check(t, ledger.Flush(ctx, after(30)))
	same(t, "samples", must(ledger.Samples(ctx, web(-1, years)))(t), []engine.Series{cpu(0, 15, 30, years)})
}

// Keep, Flush and the readers are called at once by many.
func (s Suite) keeping(t *testing.T) {
	const policies, each = 8, 300
	ctx, ledger := t.Context(), s.fresh(t)
	of := func(n int) engine.Range {
		return engine.Range{Subject: fmt.Sprint("live/", n), From: noon.Add(-time.Second), To: after(each)}
	}
	var keepers, others sync.WaitGroup
	for n := range policies {
		keepers.Go(func() {
			for i := range each {
				one := cpu(float64(i))
				one.Subject = fmt.Sprint("live/", n)
				ledger.Keep([]engine.Series{one})
			}
		})
	}
	ctx, done := context.WithCancel(ctx)
	for n := range 2 {
		others.Go(func() {
			for seen := 0; ctx.Err() == nil; {
				if err := ledger.Flush(t.Context(), noon); err != nil {
					t.Error(err)
				}
				got, err := ledger.Samples(t.Context(), of(n))
				if err != nil || len(got) > 1 || len(got) == 0 && seen > 0 {
					t.Errorf("read %d series, %v", len(got), err)
					return
				}
				if len(got) == 0 {
					continue
				}
				if len(got[0].Points) < seen {
					t.Errorf("%d samples, after there were %d", len(got[0].Points), seen)
				}
				seen = len(got[0].Points)
			}
		})
	}
	keepers.Wait()
	done()
	others.Wait()
	for n := range policies {
		got := must(ledger.Samples(t.Context(), of(n)))(t)
		if len(got) != 1 || len(got[0].Points) != each {
			t.Fatalf("policy %d has %d series, want one of %d samples", n, len(got), each)
		}
		var want []float64
		for i := range each {
			want = append(want, float64(i))
		}
		if !reflect.DeepEqual(got[0].Points, cpu(want...).Points) {
			t.Errorf("samples of policy %d are %v", n, got[0].Points)
		}
	}
}
