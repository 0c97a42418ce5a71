// Package backtest runs autoscalers against a trace of demand, in a closed loop with the simulated service of engine/sim, and
// sums up how well they did. A policy is run by the production cycle. It is pure: time is the trace's, chance has a seed.
//
// The figures must come out as anyone else's would, so what a reading of the model could leave open is fixed here:
//   - Second t is decided, then passes, then is measured. A decision at t sees what was measured after t−1, and its replicas cost
//     from t on and serve from t plus the start delay on: to the decision of that second they are ready. At 0 nothing was measured, so nothing is decided; the first decision is
//     an interval later.
//   - d and s of a second are what is needed and ready while it passes, after the decision. Their changes count from the second
//     second on, over the whole duration.
//   - A mean or a window over so many seconds is half-open: 60 s are 60 samples, and a recommendation of the HPA that is 300 s
//     old is out, as in its code. In the first minute cpu_usage is the mean of what there is.
//   - Whole numbers, bounds and waits that are met but for a rounding error are met: see sim.Rounded. A demand of 100 requests
//     a minute takes 5 replicas of 20, a wait of 1 s is no violation, and 77 % is within a tolerance of 10 % of 70 %.
//   - The HPA's tolerance holds twice on the way up, as in its code: for what ready replicas use, and again once those that start
//     count 0. Ready and starting replicas are its current count, its recommendations are remembered before its limit for a step
//     cuts them, and the window only delays a step down: it never raises.
//   - A count changes when another one is ordered, not when replicas become ready; a flap is one up to 600 s, inclusive, after the
//     last change, and the first change is none.
//   - While a raise of a policy is under way it decides nothing, as in the daemon. The baselines go on.
//   - Jitter and flaps are an hour; θ, τ and υ are percent.
package backtest

import (
	"context"
	"fmt"

	"github.com/flyball-dev/flyball/engine/sim"
)

// Kind says what was run.
type Kind string

const (
	Baseline Kind = "baseline" // something well known to compare with
	Strategy Kind = "strategy" // a shipped strategy, with fixed settings
	Authored Kind = "policy"   // a policy of the author's
)

// Run is one autoscaler against one trace.
type Run struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Figures
	Decisions int      `json:"decisions,omitempty"` // of a policy
	Speedup   *float64 `json:"speedup,omitempty"`   // elastic speedup over a fixed count at the mean need; absent: θ or τ is 0
	Notes     []string `json:"notes,omitempty"`     // what of the policy the model does not have, and what its rules did not answer
	Series    Series   `json:"-"`
}

// run is one closed loop. Before each second but the first the autoscaler may order; then the second passes, and is measured.
// It begins with the replicas that the first demand needs. told is called now and then with the seconds that have passed.
func run(ctx context.Context, trace Trace, s Settings, first int, a autoscaler, told func(seconds int)) (Figures, Series, error) {
	model := sim.New(s.Settings, first)
	seen := newMeter(s)
	sum := tally{ordered: first}
	series, every := Series{}, trace.stretch()
	second, spoken := 0, 0
	for _, row := range trace.Rows {
		needed := s.Needed(row.Demand)
		for range row.Seconds {
			if second > 0 {
				replicas, err := a.order(second, seen, model.Ready(), model.Starting())
				if err != nil {
					return Figures{}, series, fmt.Errorf("second %d: %w", second, err)
				}
				if replicas > model.Replicas() && s.at(NoStart, second) {
					replicas = model.Replicas()
				}
				sum.order(second, replicas)
				model.Scale(replicas)
			}
			if s.Faults != nil && s.begins(Crash, second) {
				model.Crash((model.Ready() + 1) / 2)
			}
			ready, replicas := model.Ready(), model.Replicas()
			model.Step(row.Demand)
			seen.measure(model)
			sum.second(needed, ready, replicas)
			series.add(second, every, ready)
			second++
			if second-spoken < tellEvery { // also in the middle of a row, which may be years
				continue
			}
			if ctx.Err() != nil {
				return Figures{}, series, ctx.Err()
			}
			told(second - spoken)
			spoken = second
		}
	}
	told(second - spoken)
	return sum.figures(model.Violations()), series, nil
}

const tellEvery = 6 * 3600 // seconds of the trace

// fixed is what so many replicas, all the time, would come to.
func fixed(trace Trace, s Settings, replicas int) Figures {
	sum := tally{ordered: replicas}
	for _, row := range trace.Rows {
		needed := s.Needed(row.Demand)
		for range row.Seconds {
			sum.second(needed, replicas, replicas)
		}
	}
	return sum.figures(0)
}

// meanNeed is the mean number of replicas needed, rounded.
func meanNeed(trace Trace, s Settings) int {
	total := 0
	for _, row := range trace.Rows {
		total += row.Seconds * s.Needed(row.Demand)
	}
	return max(1, (total+trace.Seconds()/2)/max(1, trace.Seconds()))
}
