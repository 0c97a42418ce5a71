package backtest

import (
	"math"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/sim"
)

// Each case was worked out on paper: d is what is needed, s what is ready, a second each.
func TestElasticityByHand(t *testing.T) {
	for name, tc := range map[string]struct {
		d, s []int
		want Figures
	}{
		"always right": {
			d:    []int{1, 2, 3, 2},
			s:    []int{1, 2, 3, 2},
			want: Figures{},
		},
		"half of what is needed, half of the time": {
			d: []int{2, 2, 4, 4},
			s: []int{2, 2, 2, 2},
			// the third second: 2 of 4 lack, and d moved where s did not; so does the fourth lack
			want: Figures{ThetaU: 100 * (0.5 + 0.5) / 4, TauU: 50, Instability: 25, Jitter: -1 * 3600.0 / 4},
		},
		"twice what is needed": {
			d:    []int{1, 1, 1, 1, 1},
			s:    []int{2, 2, 2, 2, 2},
			want: Figures{ThetaO: 100, TauO: 100},
		},
		"a step behind": {
			d: []int{1, 2, 3, 3, 1},
			s: []int{1, 1, 2, 3, 3},
			// second 2: 1 of 2 lacks, +/0; second 3: 1 of 3 lacks, +/+; second 4: right, 0/+; second 5: 2 over 1, −/0
			want: Figures{ThetaU: 100 * (1.0/2 + 1.0/3) / 5, ThetaO: 100 * 2.0 / 5, TauU: 40, TauO: 20, Instability: 60, Jitter: (2 - 3) * 3600.0 / 5},
		},
		"opposite directions count once": {
			d:    []int{2, 3},
			s:    []int{3, 2},
			want: Figures{ThetaU: 100 * (1.0 / 3) / 2, ThetaO: 100 * (1.0 / 2) / 2, TauU: 50, TauO: 50, Instability: 50},
		},
		"nothing at all is ready": {
			d:    []int{4, 4},
			s:    []int{0, 0},
			want: Figures{ThetaU: 100, TauU: 100},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var sum tally
			for i := range tc.d {
				sum.second(tc.d[i], tc.s[i], tc.s[i]+1)
			}
			got := sum.figures(3)
			want := tc.want
			want.Seconds, want.ViolationSeconds = len(tc.d), 3
			for _, s := range tc.s {
				want.ReplicaHours += float64(s+1) / 3600
				want.MeanReplicas += float64(s+1) / float64(len(tc.s))
				want.MostReplicas = max(want.MostReplicas, s+1)
			}
			for what, pair := range map[string][2]float64{
				"theta_u": {got.ThetaU, want.ThetaU}, "theta_o": {got.ThetaO, want.ThetaO}, "tau_u": {got.TauU, want.TauU},
				"tau_o": {got.TauO, want.TauO}, "instability": {got.Instability, want.Instability}, "jitter": {got.Jitter, want.Jitter},
				"replica-hours": {got.ReplicaHours, want.ReplicaHours}, "mean": {got.MeanReplicas, want.MeanReplicas},
				"most": {float64(got.MostReplicas), float64(want.MostReplicas)}, "violations": {float64(got.ViolationSeconds), 3},
			} {
				if math.Abs(pair[0]-pair[1]) > 1e-9 {
					t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
				}
			}
		})
	}
}

func TestFlaps(t *testing.T) {
	type order struct{ second, replicas int }
	for name, tc := range map[string]struct {
		orders         []order
		changes, flaps int
	}{
		"nothing changes":                      {[]order{{10, 2}, {20, 2}}, 0, 0},
		"up and up again":                      {[]order{{10, 3}, {20, 4}}, 2, 0},
		"up and down":                          {[]order{{10, 3}, {20, 2}}, 2, 1},
		"up, down, up, down":                   {[]order{{10, 3}, {20, 2}, {30, 3}, {40, 2}}, 4, 3},
		"down 600 s after up":                  {[]order{{10, 3}, {610, 2}}, 2, 1},
		"down 601 s after up":                  {[]order{{10, 3}, {611, 2}}, 2, 0},
		"up, up, and down 600 s after that":    {[]order{{10, 3}, {500, 4}, {1100, 2}}, 3, 1},
		"orders that change nothing between":   {[]order{{10, 3}, {300, 3}, {600, 3}, {610, 2}}, 2, 1},
		"long after, the direction is old":     {[]order{{10, 3}, {5000, 2}, {5010, 1}, {5020, 2}}, 4, 1},
		"the first change is never a flap":     {[]order{{1, 1}}, 1, 0},
		"by several replicas is one flap":      {[]order{{10, 9}, {20, 1}}, 2, 1},
		"back to what there was is a flap":     {[]order{{10, 1}, {20, 2}}, 2, 1},
		"twice down within, with one up ahead": {[]order{{10, 5}, {20, 4}, {30, 3}}, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			sum := tally{ordered: 2}
			for _, o := range tc.orders {
				sum.order(o.second, o.replicas)
			}
			sum.f.Seconds = 7200
			if f := sum.figures(0); f.Changes != tc.changes || f.Flaps != tc.flaps || f.FlapsPerHour != float64(tc.flaps)/2 {
				t.Errorf("%d changes, %d flaps, %v an hour; want %d, %d", f.Changes, f.Flaps, f.FlapsPerHour, tc.changes, tc.flaps)
			}
		})
	}
}

func TestSpeedup(t *testing.T) {
	without := Figures{ThetaU: 8, ThetaO: 20, TauU: 30, TauO: 60}
	for name, tc := range map[string]struct {
		with Figures
		want float64 // 0: none
	}{
		"the same":                     {without, 1},
		"half of everything":           {Figures{ThetaU: 4, ThetaO: 10, TauU: 15, TauO: 30}, 2},
		"a sixteenth of one of them":   {Figures{ThetaU: 0.5, ThetaO: 20, TauU: 30, TauO: 60}, 2},
		"twice of one, half of others": {Figures{ThetaU: 16, ThetaO: 10, TauU: 15, TauO: 60}, math.Pow(2, 0.25)},
		"nothing is a multiple of 0":   {Figures{ThetaO: 20, TauO: 60}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.with.speedup(without)
			if (got == nil) != (tc.want == 0) || got != nil && math.Abs(*got-tc.want) > 1e-12 {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	if got := without.speedup(Figures{ThetaU: 1}); got != nil {
		t.Errorf("over one without any lack it is %v, want none", *got)
	}
}

// What speedup is measured against: the mean need, all the time.
func TestFixedIsTheMeanNeed(t *testing.T) {
	s := Settings{Settings: sim.Settings{Capacity: 60, StartDelay: 30 * time.Second}}
	trace := Trace{Rows: []Row{{Seconds: 30, Demand: 1}, {Seconds: 10, Demand: 9}}} // needs 1, then 9: 3 in the mean
	n := meanNeed(trace, s)
	if n != 3 {
		t.Fatalf("the mean need is %d, want 3", n)
	}
	f := fixed(trace, s, n)
	if f.TauU != 25 || f.TauO != 75 || math.Abs(f.ThetaO-150) > 1e-9 || math.Abs(f.ThetaU-100*6.0/9/4) > 1e-9 {
		t.Errorf("got %+v", f)
	}
}

func TestFront(t *testing.T) {
	run := func(hours float64, violations int) Run {
		return Run{Figures: Figures{ReplicaHours: hours, ViolationSeconds: violations}}
	}
	for name, tc := range map[string]struct {
		runs []Run
		want []bool
	}{
		"one":                               {[]Run{run(1, 1)}, []bool{true}},
		"better in both":                    {[]Run{run(1, 1), run(2, 2)}, []bool{true, false}},
		"each has its merit":                {[]Run{run(1, 9), run(2, 5), run(3, 0)}, []bool{true, true, true}},
		"one in the middle is beaten":       {[]Run{run(1, 9), run(3, 9), run(3, 0)}, []bool{true, false, true}},
		"as cheap, and violates more":       {[]Run{run(1, 2), run(1, 1)}, []bool{false, true}},
		"violates as much, and costs more":  {[]Run{run(1, 1), run(2, 1)}, []bool{true, false}},
		"two that are the same are both on": {[]Run{run(1, 1), run(1, 1)}, []bool{true, true}},
		"none":                              {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := Front(tc.runs)
			if len(got) != len(tc.want) {
				t.Fatalf("got %v", got)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("got %v, want %v", got, tc.want)
				}
			}
		})
	}
}

func TestSeriesKeepsTheExtremesOfAStretch(t *testing.T) {
	var s Series
	for second, ready := range []int{3, 1, 4, 4, 4, 4, 2} {
		s.add(second, 3, ready)
	}
	want := Series{Low: []int{1, 4, 2}, High: []int{4, 4, 2}, Last: []int{4, 4, 2}}
	for i := range want.Low {
		if s.Low[i] != want.Low[i] || s.High[i] != want.High[i] || s.Last[i] != want.Last[i] {
			t.Fatalf("got %+v, want %+v", s, want)
		}
	}
	need := Trace{Rows: []Row{{1999, 1}, {1, 4.5}, {1000, 2}}}.Need(Settings{Settings: sim.Settings{Capacity: 60}})
	if need.Every != 2 || len(need.Replicas) != 1500 {
		t.Fatalf("%d stretches of %d s, want 1500 of 2", len(need.Replicas), need.Every)
	}
	for i, want := range map[int]int{0: 1, 998: 1, 999: 5, 1000: 2, 1499: 2} {
		if need.Replicas[i] != want {
			t.Errorf("%d are needed in stretch %d, want %d", need.Replicas[i], i, want)
		}
	}
}
