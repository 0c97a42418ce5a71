package chunk

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func rollupsRoundTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, all []engine.Rollup) {
	t.Helper()
	got, err := DecodeRollups(EncodeRollups(all))
	if err != nil {
		t.Fatalf("%v is packed, and unpacked: %v", all, err)
	}
	bits := math.Float64bits
	identical := func(a, b engine.Rollup) bool {
		return a.From.Equal(b.From) && a.Count == b.Count && bits(a.Min) == bits(b.Min) && bits(a.Max) == bits(b.Max) && bits(a.Mean) == bits(b.Mean)
	}
	if !slices.EqualFunc(got, all, identical) {
		t.Fatalf("packed %v\nunpacked %v", all, got)
	}
	for _, r := range encodeRollups(all).readers() {
		if got, err := decodeRollups(r); err != nil || !slices.EqualFunc(got, all, identical) {
			t.Fatalf("packed (%t) %v\nunpacked %v, %v", r.packed, all, got, err)
		}
	}
}

func TestAnyRollupsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rollupsRoundTrip(t, rapid.SliceOf(rapid.Custom(func(t *rapid.T) engine.Rollup {
			return engine.Rollup{
				From: time.UnixMilli(rapid.Int64().Draw(t, "from")), Count: rapid.Int().Draw(t, "count"),
				Min: values().Draw(t, "min"), Max: values().Draw(t, "max"), Mean: values().Draw(t, "mean"),
			}
		})).Draw(t, "rollups"))
	})
}

func TestOrder(t *testing.T) {
	at := func(seconds int, v float64) engine.Point {
		return engine.Point{At: start.Add(time.Duration(seconds) * time.Second), Value: v}
	}
	got := Order([]engine.Point{at(30, 1), at(0, 2), at(30, 3), at(15, 4), at(0, 5), at(30, math.NaN())})
	if want := []engine.Point{at(0, 2), at(15, 4), at(30, 1)}; !slices.Equal(got, want) {
		t.Errorf("got %v, want by time the first of each: %v", got, want)
	}
}

func TestSumUp(t *testing.T) {
	at := func(seconds int, v float64) engine.Point {
		return engine.Point{At: start.Add(time.Duration(seconds) * time.Second), Value: v}
	}
	five := start.Add(Period)
	for name, c := range map[string]struct {
		points []engine.Point
		want   []engine.Rollup
	}{
		"nothing":           {nil, nil},
		"one":               {[]engine.Point{at(7, 3)}, []engine.Rollup{{From: start, Count: 1, Min: 3, Max: 3, Mean: 3}}},
		"up to the border":  {[]engine.Point{at(0, 1), at(299, 2)}, []engine.Rollup{{From: start, Count: 2, Min: 1, Max: 2, Mean: 1.5}}},
		"and beyond":        {[]engine.Point{at(299, 1), at(300, 2)}, []engine.Rollup{{From: start, Count: 1, Min: 1, Max: 1, Mean: 1}, {From: five, Count: 1, Min: 2, Max: 2, Mean: 2}}},
		"finite ones":       {[]engine.Point{at(0, math.NaN()), at(1, 5), at(2, math.Inf(1)), at(300, math.Inf(-1))}, []engine.Rollup{{From: start, Count: 1, Min: 5, Max: 5, Mean: 5}}},
		"six digits":        {[]engine.Point{at(0, 1), at(1, 1), at(2, 2)}, []engine.Rollup{{From: start, Count: 3, Min: 1, Max: 2, Mean: 1.33333}}},
		"no wider than all": {[]engine.Point{at(0, 12345678), at(1, 12345678)}, []engine.Rollup{{From: start, Count: 2, Min: 12345678, Max: 12345678, Mean: 12345678}}},
		"the largest": {[]engine.Point{at(0, math.MaxFloat64), at(1, math.MaxFloat64), at(2, math.MaxFloat64)},
			[]engine.Rollup{{From: start, Count: 3, Min: math.MaxFloat64, Max: math.MaxFloat64, Mean: math.MaxFloat64}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := SumUp(c.points); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// grain is what sums of numbers near the smallest that there is may differ by: those have few digits.
const grain = 16 * math.SmallestNonzeroFloat64

// However points are parted, the rollups of the parts are together those of all.
func TestPartsJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts [4][]engine.Point
		var all []engine.Point
		points := rapid.MapOf(rapid.IntRange(0, 3600), values()).Draw(t, "points")
		for _, at := range slices.Sorted(maps.Keys(points)) { // in an order that can be drawn again
			p := engine.Point{At: start.Add(time.Duration(at) * time.Second), Value: points[at]}
			part := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
			parts[part] = append(parts[part], p)
			all = append(all, p)
		}
		var joined []engine.Rollup
		for _, part := range parts {
			joined = append(joined, SumUp(Order(part))...)
		}
		joined = Join(joined)
		want := SumUp(Order(all))
		if !slices.EqualFunc(joined, want, func(a, b engine.Rollup) bool {
			size := max(math.Abs(b.Min), math.Abs(b.Max))
			return a.From.Equal(b.From) && a.Count == b.Count && a.Min == b.Min && a.Max == b.Max &&
				(math.Abs(a.Mean/size-b.Mean/size) <= 1e-4 || math.Abs(a.Mean-b.Mean) <= grain) || size == 0 && a == b
		}) {
			t.Fatalf("joined %v\nwant %v", joined, want)
		}
		for _, r := range joined {
			if !(r.Min <= r.Mean && r.Mean <= r.Max) {
				t.Fatalf("mean outside of all in %v", r)
			}
		}
	})
}

func BenchmarkRollupsOfADay(b *testing.B) {
	all := SumUp(cpu(5760, 3))
	var size int
	var e Encoder
	for b.Loop() {
		size = len(e.EncodeRollups(all))
	}
	b.ReportMetric(float64(size)/float64(len(all)), "bytes/rollup")
}
