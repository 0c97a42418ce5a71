package backtest

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A plot with fewer points has the same peaks, lacks and end.
func TestCoarserKeepsPeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		high := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 60).Draw(t, "high")
		by := rapid.IntRange(1, 70).Draw(t, "by")
		var s Series
		n := Need{Every: 3}
		for i, most := range high {
			s.add(i, 1, most)
			s.Low[i], s.Last[i] = most/3, most/2
			n.Demand, n.Replicas = append(n.Demand, float64(most)/2), append(n.Replicas, most)
		}
		c, few := s.Coarser(by), n.Coarser(by)
		want := (len(high) + by - 1) / by
		for name, got := range map[string]int{"high": len(c.High), "low": len(c.Low), "last": len(c.Last), "need": len(few.Replicas), "demand": len(few.Demand)} {
			if got != want {
				t.Fatalf("%d points of %s, want %d", got, name, want)
			}
		}
		if few.Every != 3*by {
			t.Fatalf("a stretch is %d s", few.Every)
		}
		for i, most := range high {
			if at := i / by; c.High[at] < most || c.Low[at] > most/3 || few.Replicas[at] < most || few.Demand[at] < float64(most)/2 {
				t.Fatalf("point %d of %+v, %+v leaves out %d", at, c, few, most)
			}
		}
		if slices.Max(c.High) != slices.Max(high) || slices.Min(c.Low) != slices.Min(high)/3 || slices.Max(few.Replicas) != slices.Max(high) || c.Last[want-1] != high[len(high)-1]/2 {
			t.Fatalf("%+v of %v", c, high)
		}
	})
}
