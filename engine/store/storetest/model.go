package storetest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// model is a history as one would write it down: each sample by itself.
type model map[engine.Range]map[string]map[int64]float64 // by subject, metric and signal; replica; millisecond

// likeTheModel does anything to a history, restarts included, and wants it to answer what the model does.
func (s Suite) likeTheModel(t *testing.T) {
	address := s.Address(t)
	ledger := s.open(t, address)
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		subject := func(t *rapid.T) string { // one run's are not another's
			return fmt.Sprint(rapid.SampledFrom([]string{"live/web", "shadow/web"}).Draw(t, "subject"), " ", runs)
		}
		kept := model{}
		t.Repeat(map[string]func(*rapid.T){
			"keep": func(t *rapid.T) {
				one := anySeries(t, subject(t))
				kept.keep(one)
				ledger.Keep([]engine.Series{one})
			},
			"flush": func(t *rapid.T) {
				if err := ledger.Flush(t.Context(), after(7200)); err != nil {
					t.Fatal(err)
				}
			},
			"open again": func(t *rapid.T) {
				if !rapid.SampledFrom([]bool{false, false, true}).Draw(t, "now") {
					t.Skip("it takes long")
				}
				err := ledger.Shutdown()
				if err == nil {
					ledger, err = s.Open(address)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			"samples": func(t *rapid.T) {
				r := anyRange(t, subject(t))
				got, err := ledger.Samples(t.Context(), r)
				if want := kept.samples(r); err != nil || !slices.EqualFunc(got, want, sameSeries) {
					t.Fatalf("samples of %+v\n got %+v, %v\nwant %+v", r, got, err, want)
				}
			},
			"rollups": func(t *rapid.T) {
				r := anyRange(t, subject(t))
				got, err := ledger.Rollups(t.Context(), r)
				if want := kept.rollups(r); err != nil || !slices.EqualFunc(got, want, sameRollups) {
					t.Fatalf("rollups of %+v\n got %+v, %v\nwant %+v", r, got, err, want)
				}
			},
		})
	})
	check(t, ledger.Shutdown())
}

// anySeries is a run of samples in step, forwards, backwards or all at once.
func anySeries(t *rapid.T, subject string) engine.Series {
	s := engine.Series{
		Subject: subject,
		Metric:  rapid.SampledFrom([]string{"cpu", "rps"}).Draw(t, "metric"),
		Signal:  rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "signal"),
		Replica: rapid.SampledFrom([]string{"", "r1"}).Draw(t, "replica"),
	}
	at := rapid.IntRange(0, 3600).Draw(t, "from")
	step := rapid.SampledFrom([]int{15, 15, 1, 100, -15, 0}).Draw(t, "step")
	values := rapid.SampledFrom([]*rapid.Generator[float64]{
		rapid.Map(rapid.IntRange(-9999, 9999), func(n int) float64 { return float64(n) / 100 }),
		rapid.Float64Range(-1e9, 1e9),
		rapid.SampledFrom([]float64{0, 1, math.NaN(), math.Inf(1), math.Inf(-1)}),
	}).Draw(t, "kind")
	some := rapid.SliceOfN(values, 1, 7).Draw(t, "values") // in turn
	for i := range rapid.SampledFrom([]int{1, 4, 20, 239, 240, 241, 600}).Draw(t, "samples") {
		s.Points = append(s.Points, engine.Point{At: after(float64(at)), Value: some[i%len(some)]})
		at += step
	}
	return s
}

func anyRange(t *rapid.T, subject string) engine.Range {
	r := engine.Range{
		Subject: subject,
		Metric:  rapid.SampledFrom([]string{"", "cpu"}).Draw(t, "metric"),
		Signal:  rapid.SampledFrom([]string{"", "s2"}).Draw(t, "signal"),
		From:    after(-1e5), To: after(1e5),
	}
	if rapid.Bool().Draw(t, "a part") {
		r.From = after(float64(rapid.IntRange(-600, 9000).Draw(t, "from")))
		r.To = after(float64(rapid.IntRange(-600, 9000).Draw(t, "to")))
	}
	return r
}

func (m model) keep(s engine.Series) {
	key := engine.Range{Subject: s.Subject, Metric: s.Metric, Signal: s.Signal}
	if m[key] == nil {
		m[key] = map[string]map[int64]float64{}
	}
	if m[key][s.Replica] == nil {
		m[key][s.Replica] = map[int64]float64{}
	}
	for _, p := range s.Points {
		if _, there := m[key][s.Replica][p.At.UnixMilli()]; !there {
			m[key][s.Replica][p.At.UnixMilli()] = p.Value
		}
	}
}

func (m model) samples(r engine.Range) []engine.Series {
	var all []engine.Series
	for key, replicas := range m {
		if key.Subject != r.Subject || r.Metric != "" && r.Metric != key.Metric || r.Signal != "" && r.Signal != key.Signal {
			continue
		}
		for replica, values := range replicas {
			one := engine.Series{Subject: key.Subject, Metric: key.Metric, Signal: key.Signal, Replica: replica}
			for _, ms := range slices.Sorted(maps.Keys(values)) {
				if at := time.UnixMilli(ms); at.After(r.From) && !at.After(r.To) {
					one.Points = append(one.Points, engine.Point{At: at.UTC(), Value: values[ms]})
				}
			}
			if len(one.Points) > 0 {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b engine.Series) int {
		return slices.Compare([]string{a.Metric, a.Signal, a.Replica}, []string{b.Metric, b.Signal, b.Replica})
	})
	return all
}

func (m model) rollups(r engine.Range) []engine.Rollups {
	whole := r
	whole.From, whole.To = after(-1e5), after(1e5)
	var all []engine.Rollups
	for _, s := range m.samples(whole) {
		one := engine.Rollups{Subject: s.Subject, Metric: s.Metric, Signal: s.Signal, Replica: s.Replica}
		for _, p := range s.Points {
			from := p.At.Truncate(5 * time.Minute)
			if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) || !from.After(r.From) || from.After(r.To) {
				continue
			}
			if n := len(one.Rollups); n == 0 || !one.Rollups[n-1].From.Equal(from) {
				one.Rollups = append(one.Rollups, engine.Rollup{From: from, Min: p.Value, Max: p.Value})
			}
			sum := &one.Rollups[len(one.Rollups)-1]
			sum.Count++
			sum.Min, sum.Max = min(sum.Min, p.Value), max(sum.Max, p.Value)
			sum.Mean += (p.Value - sum.Mean) / float64(sum.Count)
		}
		if len(one.Rollups) > 0 {
			all = append(all, one)
		}
	}
	return all
}

func sameSeries(a, b engine.Series) bool {
	return a.Subject == b.Subject && a.Metric == b.Metric && a.Signal == b.Signal && a.Replica == b.Replica &&
		slices.EqualFunc(a.Points, b.Points, func(a, b engine.Point) bool {
			return a.At.Equal(b.At) && math.Float64bits(a.Value) == math.Float64bits(b.Value)
		})
}

// sameRollups allows means that are rounded.
func sameRollups(a, b engine.Rollups) bool {
	return a.Subject == b.Subject && a.Metric == b.Metric && a.Signal == b.Signal && a.Replica == b.Replica &&
		slices.EqualFunc(a.Rollups, b.Rollups, func(a, b engine.Rollup) bool {
			return a.From.Equal(b.From) && a.Count == b.Count && a.Min == b.Min && a.Max == b.Max &&
				math.Abs(a.Mean-b.Mean) <= 1e-4*max(math.Abs(b.Min), math.Abs(b.Max))
		})
}
