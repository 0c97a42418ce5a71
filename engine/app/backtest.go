package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/backtest"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

// Tried are the entries of a backtest: policies by name, each as it is and in every combination of what the sweeps say, which
// may be another strategy.
func Tried(ctx context.Context, l Loaded, names []string, sweeps []Sweep) ([]backtest.Entry, error) {
	var entries []backtest.Entry
	var policies []engine.Policy
	for _, name := range names {
		p, err := l.Policy(name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, backtest.Entry{Name: p.Name, Kind: backtest.Authored, Policy: p})
		for _, changes := range combinations(sweeps) {
			varied, err := l.Vary(p.Name, changes, queries())
			if err != nil {
				return nil, Invalid{[]engine.Problem{{Message: err.Error()}}}
			}
			entries = append(entries, backtest.Entry{Name: p.Name + " " + label(changes), Kind: backtest.Authored, Policy: varied})
		}
	}
	for _, e := range entries {
		policies = append(policies, e.Policy)
	}
	rules, problems := rego.Compile(ctx, files(l.Set.Rules), policies, nil)
	if rules == nil {
		return nil, Invalid{problems}
	}
	for i := range entries {
		entries[i].Rules = rules.Patient()
	}
	return entries, nil
}

// ShippedEntries are the shipped strategies, for replicas of a capacity (requests a minute).
func ShippedEntries(ctx context.Context, capacity float64) ([]backtest.Entry, error) {
	shipped := backtest.Shipped(capacity)
	rules, problems := rego.Compile(ctx, nil, shipped, nil)
	if rules == nil {
		return nil, Invalid{problems}
	}
	var entries []backtest.Entry
	for _, p := range shipped {
		entries = append(entries, backtest.Entry{Name: "strategy:" + p.Name, Kind: backtest.Strategy, Policy: p, Rules: rules.Patient()})
	}
	return entries, nil
}

// Backtest runs it on all cores.
func Backtest(ctx context.Context, b backtest.Backtest) (backtest.Result, error) {
	b.AtOnce = runtime.NumCPU()
	return backtest.Do(ctx, b)
}

// Sweep is a field of a policy, and the values that are tried for it.
type Sweep struct {
	Path   string
	Values []string
}

// MostTried is how many combinations a sweep may make.
const MostTried = 500

// ParseSweep reads a sweep such as thresholds[0].scaleUp=60,70,80.
func ParseSweep(text string) (Sweep, error) {
	path, values, found := strings.Cut(text, "=")
	s := Sweep{Path: path, Values: strings.Split(values, ",")}
	if !found || path == "" || slices.Contains(s.Values, "") {
		return s, fmt.Errorf("sweep is %.100q; allowed: a field and its values, such as thresholds[0].scaleUp=60,70,80 or cooldownPeriod=1m,5m", text)
	}
	return s, nil
}

// combinations are all ways of taking one value of each sweep.
func combinations(sweeps []Sweep) [][]schema.Change {
	if len(sweeps) == 0 {
		return nil
	}
	all := [][]schema.Change{nil}
	for _, s := range sweeps {
		var longer [][]schema.Change
		for _, changes := range all {
			for _, v := range s.Values {
				longer = append(longer, append(slices.Clone(changes), schema.Change{Path: s.Path, Value: v}))
			}
		}
		all = longer
	}
	return all
}

func label(changes []schema.Change) string {
	parts := make([]string, len(changes))
	for i, c := range changes {
		parts[i] = c.Path + "=" + c.Value
	}
	return strings.Join(parts, " ")
}

// ReadTrace reads a trace from a file. An error that is backtest.ErrNoUnit comes beside a trace.
func ReadTrace(path string, how backtest.CSV) (backtest.Trace, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return backtest.Trace{}, err
	}
	t, err := backtest.ReadCSV(text, how)
	if err != nil && !errors.Is(err, backtest.ErrNoUnit) {
		return t, Invalid{[]engine.Problem{{File: path, Message: err.Error()}}}
	}
	return t, err
}

// Recorded makes a trace of what was kept of a metric of a service in the time before now, by five-minute rollups, minutes or,
// where little was kept yet, seconds. Of a metric of each replica it is the sum.
func Recorded(ctx context.Context, f api.Flyball, service, metric string, last time.Duration, how backtest.CSV, now time.Time) (backtest.Trace, error) {
	if counts(ctx, f, service, metric) {
		return backtest.Trace{}, Invalid{[]engine.Problem{{Message: fmt.Sprintf(
			"%s of %s is a counter (aggregation rate), and what was kept of it only grows; name a metric that reads the requests of a time", metric, service)}}}
	}
	all, err := totals(ctx, f, service, metric, last, now)
	if err != nil {
		return backtest.Trace{}, err
	}
	at := slices.SortedFunc(maps.Keys(all), time.Time.Compare)
	if len(at) < 2 {
		return backtest.Trace{}, Invalid{[]engine.Problem{{Message: fmt.Sprintf(
			"too little is kept of %s of %s in the last %s to make a trace; flyball metrics %s shows what is measured", metric, service, last, service)}}}
	}
	values := make([]float64, len(at))
	for i, when := range at {
		values[i] = max(0, all[when].sum)
	}
	t, err := how.Rows(at, values, cmp.Or(how.Unit, backtest.PerMinute))
	if err != nil {
		return t, Invalid{[]engine.Problem{{Message: fmt.Sprintf("what was kept of %s of %s is no trace: %v", metric, service, err)}}}
	}
	return t, nil
}

// total is what all replicas that were sampled in one step of time come to.
type total struct {
	sum    float64
	series int // of that many
}

// totals is what was kept of a metric in the time before now, by when each step begins.
func totals(ctx context.Context, f api.Flyball, service, metric string, last time.Duration, now time.Time) (all map[time.Time]total, err error) {
	const enough = 10
	for _, try := range []struct {
		rollups bool
		step    time.Duration
	}{{last > 6*time.Hour, time.Minute}, {false, 5 * time.Second}} {
		kept, err := f.Samples(ctx, api.Asked{Service: service, Metric: metric, From: now.Add(-last), To: now, Rollups: try.rollups})
		if err != nil {
			return nil, err
		}
		if all = means(kept, try.step); len(all) >= enough {
			break
		}
	}
	return all, nil
}

// counts says whether a metric is a counter. One that no policy has any more is taken for none.
func counts(ctx context.Context, f api.Flyball, service, metric string) bool {
	all, err := f.Metrics(ctx, service)
	return err == nil && slices.ContainsFunc(all, func(m api.MetricStatus) bool { return m.Metric == metric && m.Aggregation == "rate" })
}

// means are the sums over the series of the mean of each step of time, or of each rollup.
func means(kept api.Kept, step time.Duration) map[time.Time]total {
	all := map[time.Time]total{}
	add := func(from time.Time, mean float64) { all[from] = total{all[from].sum + mean, all[from].series + 1} }
	for _, s := range kept.Rollups {
		for _, r := range s.Rollups {
			add(r.From, r.Mean)
		}
	}
	for _, s := range kept.Series {
		sums, count := map[time.Time]float64{}, map[time.Time]float64{}
		for _, p := range s.Points {
			if p.Value-p.Value != 0 {
				continue // no number
			}
			from := p.At.Truncate(step)
			sums[from] += p.Value
			count[from]++
		}
		for from := range sums {
			add(from, sums[from]/count[from])
		}
	}
	return all
}
