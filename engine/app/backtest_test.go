package app

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/schema"
)

func TestParseSweep(t *testing.T) {
	for text, want := range map[string]Sweep{
		"cooldownPeriod=1m,5m":          {Path: "cooldownPeriod", Values: []string{"1m", "5m"}},
		"thresholds[0].scaleUp=60,70.5": {Path: "thresholds[0].scaleUp", Values: []string{"60", "70.5"}},
		"minReplicas=2":                 {Path: "minReplicas", Values: []string{"2"}},
		"rules=a=b":                     {Path: "rules", Values: []string{"a=b"}},
	} {
		if got, err := ParseSweep(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "=", "cooldownPeriod", "cooldownPeriod=", "=1m", "cooldownPeriod=1m,", "cooldownPeriod=,1m", "a=1,,2"} {
		if s, err := ParseSweep(text); err == nil || !strings.Contains(err.Error(), "thresholds[0].scaleUp=60,70,80") {
			t.Errorf("%q is %+v, %v; want an error that says what is allowed", text, s, err)
		}
	}
}

func TestCombinations(t *testing.T) {
	got := combinations([]Sweep{{"a", []string{"1", "2"}}, {"b", []string{"x", "y"}}})
	want := [][]schema.Change{
		{{Path: "a", Value: "1"}, {Path: "b", Value: "x"}}, {{Path: "a", Value: "1"}, {Path: "b", Value: "y"}},
		{{Path: "a", Value: "2"}, {Path: "b", Value: "x"}}, {{Path: "a", Value: "2"}, {Path: "b", Value: "y"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if combinations(nil) != nil {
		t.Error("no sweep has combinations")
	}
	if got := label(want[1]); got != "a=1 b=y" {
		t.Errorf("it is called %q", got)
	}
}

// past is a daemon that kept something.
type past struct {
	api.Flyball
	samples []engine.Series
	rollups []engine.Rollups
	how     string // its metric is aggregated
}

func (p past) Metrics(context.Context, string) ([]api.MetricStatus, error) {
	return []api.MetricStatus{{Metric: "request_rate", Aggregation: p.how}, {Metric: "served", Aggregation: "rate"}}, nil
}

func (p past) Samples(_ context.Context, a api.Asked) (api.Kept, error) {
	if a.Rollups {
		return api.Kept{Rollups: p.rollups}, nil
	}
	return api.Kept{Series: p.samples}, nil
}

func TestRecordedIsATrace(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	series := func(every time.Duration, values ...float64) (s engine.Series) {
		for i, v := range values {
			s.Points = append(s.Points, engine.Point{At: now.Add(time.Duration(i) * every), Value: v})
		}
		return s
	}
	hour := make([]float64, 60)
	for i := range hour {
		hour[i] = float64(60 * i)
	}
	var rollups []engine.Rollup
	for i := range 12 {
		rollups = append(rollups, engine.Rollup{From: now.Add(time.Duration(i) * 5 * time.Minute), Mean: float64(60 * i)})
	}
	for name, tc := range map[string]struct {
		kept    past
		last    time.Duration
		rows    int
		seconds int       // of each
		demand  []float64 // of the first, requests a second
		err     string
	}{
		"minutes":              {past{samples: []engine.Series{series(time.Minute, hour...)}}, time.Hour, 60, 60, []float64{0, 1, 2}, ""},
		"rollups":              {past{rollups: []engine.Rollups{{Rollups: rollups}}}, 24 * time.Hour, 12, 300, []float64{0, 1, 2}, ""},
		"replicas are added":   {past{rollups: []engine.Rollups{{Rollups: rollups}, {Rollups: rollups}}}, 24 * time.Hour, 12, 300, []float64{0, 2, 4}, ""},
		"seconds, to begin":    {past{samples: []engine.Series{series(time.Second, hour[:20]...)}}, 24 * time.Hour, 4, 5, []float64{2, 7, 12, 17}, ""},
		"what is below 0 is 0": {past{samples: []engine.Series{series(time.Minute, append([]float64{-60}, hour...)...)}}, time.Hour, 61, 60, []float64{0, 0, 1}, ""},
		"one value":            {past{samples: []engine.Series{series(time.Minute, 1)}}, time.Hour, 0, 0, nil, "too little is kept of request_rate of web in the last 1h0m0s"},
		"a counter":            {past{samples: []engine.Series{series(time.Minute, hour...)}, how: "rate"}, time.Hour, 0, 0, nil, "request_rate of web is a counter"},
		"nothing":              {past{}, 24 * time.Hour, 0, 0, nil, "too little is kept of request_rate of web in the last 24h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := Recorded(t.Context(), tc.kept, "web", "request_rate", tc.last, backtest.CSV{}, now)
			if tc.err != "" {
				if !errors.As(err, &Invalid{}) || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil || len(trace.Rows) != tc.rows {
				t.Fatalf("%d rows, %v; want %d", len(trace.Rows), err, tc.rows)
			}
			for i, want := range tc.demand {
				if r := trace.Rows[i]; r.Demand != want || r.Seconds != tc.seconds {
					t.Errorf("row %d is %+v, want %v requests a second for %d s", i, r, want, tc.seconds)
				}
			}
		})
	}
}
