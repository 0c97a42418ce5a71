package metrics

import (
	"math"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// daily is what a clockwork would read at an hour of the day.
func daily(at time.Time) float64 { return 100 + 10*float64(at.Hour()) }

// seasoned hears a value every minute from midnight on for so long.
func seasoned(hours int, value func(at time.Time) float64) (*season, time.Time) {
	s := newSeason(24 * time.Hour)
	midnight := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range hours * 60 {
		at := midnight.Add(time.Duration(i) * time.Minute)
		s.add(at, value(at))
	}
	return s, midnight.Add(time.Duration(hours) * time.Hour)
}

func TestSeasonIsForecastAfterOneWhole(t *testing.T) {
	for name, tc := range map[string]struct {
		hours   int
		horizon time.Duration
		want    float64 // 0: none
	}{
		"half a day is no season":           {12, 5 * time.Minute, 0},
		"nine tenths are not quite enough":  {21, 5 * time.Minute, 0},
		"all but an hour will do":           {23, 2 * time.Hour, 110}, // 23 h is not known yet, 1 h is
		"a day: the hour that comes":        {24, 5 * time.Minute, 100},
		"the highest until the horizon":     {24, 3 * time.Hour, 130},
		"five days later it says the same":  {6 * 24, 3 * time.Hour, 130},
		"in the middle of a later day":      {3*24 + 12, 2 * time.Hour, 240},
		"what is over is not looked ahead":  {2*24 + 23, 30 * time.Minute, 330},
		"no horizon looks at nothing":       {48, 0, 0},
		"a horizon longer than the season":  {48, 30 * time.Hour, 330},
		"an empty one has nothing to offer": {0, time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := seasoned(tc.hours, daily)
			got := s.expected(now, tc.horizon)
			switch {
			case tc.want == 0 && got != nil:
				t.Errorf("expects %v, want no forecast", *got)
			case tc.want > 0 && (got == nil || math.Abs(*got-tc.want) > 1e-9):
				t.Errorf("expects %v, want %v", got, tc.want)
			}
		})
	}
}

// The level of the last hour moves the forecast: a busier day is expected to go on being busier.
func TestSeasonFollowsTheLevel(t *testing.T) {
	for name, tc := range map[string]struct {
		factor, want float64 // on the second day
	}{
		"as before":                          {1, 1},
		"half as much again":                 {1.5, 1.5},
		"a fifth less":                       {0.8, 0.8},
		"five times as much counts as twice": {5, 2},
		"a tenth counts as half":             {0.1, 0.5},
		"an outage says nothing":             {0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := seasoned(36, func(at time.Time) float64 {
				if at.Day() > 1 {
					return tc.factor * daily(at)
				}
				return daily(at)
			})
			got := s.expected(now, 55*time.Minute) // noon, as it was on the first day
			if want := tc.want * 220; got == nil || math.Abs(*got-want) > 1e-6 {
				t.Errorf("expects %v, want %v", got, want)
			}
		})
	}
}

// Each new season counts half: after a change of habits the forecast comes halfway every day.
func TestSeasonForgets(t *testing.T) {
	s, now := seasoned(3*24, func(at time.Time) float64 {
		if at.Day() > 1 {
			return 200
		}
		return 100
	})
	i := s.index(now.Unix() / slotSeconds)
	if got := s.slots[i]; got != 175 { // 100, then 150, then 175
		t.Errorf("the mean of a slot is %v, want 175", got)
	}
}

func TestSeasonLeavesOutWhatIsLateOrNoNumber(t *testing.T) {
	s, now := seasoned(48, daily)
	before := *s.expected(now, 5*time.Minute)
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		s.add(now, v)
	}
	s.add(now.Add(-10*time.Minute), 1e9)
	s.add(now.Add(-24*time.Hour), 1e9)
	s.add(now.Add(5*time.Minute), daily(now)) // closes what was filled
	if got := s.expected(now, 5*time.Minute); got == nil || *got != before {
		t.Errorf("expects %v, want %v as before", got, before)
	}
}

// A tenth of the season may be missing; where the hour that comes is, there is no forecast of it.
func TestSeasonWithGaps(t *testing.T) {
	without := func(from, to int) func(at time.Time) float64 {
		return func(at time.Time) float64 {
			if at.Hour() >= from && at.Hour() < to {
				return math.NaN()
			}
			return daily(at)
		}
	}
	s, now := seasoned(48, without(10, 12))
	if got := s.expected(now, time.Hour); got == nil || *got != 110 && *got != 100 {
		t.Errorf("expects %v with two hours missing, want what was there", got)
	}
	if got := s.expected(now.Add(10*time.Hour), 50*time.Minute); got != nil {
		t.Errorf("expects %v of an hour that it never heard of", *got)
	}
	s, now = seasoned(48, without(10, 13))
	if got := s.expected(now, time.Hour); got != nil {
		t.Errorf("expects %v with an eighth of the season missing", *got)
	}
}

// Only what is the whole service's, has samples and a target is forecast, and only where the policy looks ahead.
func TestSeasonal(t *testing.T) {
	total := engine.Metric{Name: "rate", Scope: engine.Total}
	each := engine.Metric{Name: "cpu", Scope: engine.PerReplica}
	computed := engine.Metric{Name: "sum", Scope: engine.Total, Expr: "rate * 2"}
	counter := engine.Metric{Name: "served", Scope: engine.Total, Aggregation: "rate"} // whose samples only ever grow
	p := engine.Policy{Metrics: []engine.Metric{total, each, computed, counter}, Forecast: engine.Forecast{Season: 24 * time.Hour, Horizon: time.Hour}}
	for _, m := range p.Metrics {
		p.Targets = append(p.Targets, engine.Target{Metric: m.Name, Value: 1})
	}
	if got := Seasonal(p); len(got) != 1 || got[0].Name != "rate" {
		t.Errorf("got %v, want rate alone", got)
	}
	p.Forecast = engine.Forecast{}
	if got := Seasonal(p); got != nil {
		t.Errorf("without a season: %v", got)
	}
}

// Windows read the forecast beside the value; a week is a season too.
func TestWindowsReadWhatIsExpected(t *testing.T) {
	m := engine.Metric{Name: "rate", Scope: engine.Total, Aggregation: "avg", Window: 5 * time.Minute}
	p := engine.Policy{
		Metrics: []engine.Metric{m}, Targets: []engine.Target{{Metric: "rate", Value: 10}}, EvaluationInterval: time.Minute,
		Forecast: engine.Forecast{Season: 7 * 24 * time.Hour, Horizon: 2 * time.Hour},
	}
	w := For(p)
	midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday
	value := func(at time.Time) float64 { return daily(at) * float64(1+at.Weekday()) }
	var now time.Time
	for i := range 8 * 24 * 60 {
		now = midnight.Add(time.Duration(i) * time.Minute)
		w.Add([]engine.Sample{{Metric: "rate", At: now, Value: value(now)}, {Metric: "rate", Replica: "a", At: now, Value: 1e6}})
		w.Read(p, m, nil, time.Time{}, now)
	}
	got := w.Read(p, m, nil, time.Time{}, now)
	want := value(now.Add(2 * time.Hour))
	if got.Status != engine.OK || got.Expected == nil || math.Abs(*got.Expected-want) > 1e-6 {
		t.Errorf("reads %+v, want %v expected", got, want)
	}
}
