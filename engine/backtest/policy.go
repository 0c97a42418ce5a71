package backtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/metrics"
)

// governed is a service whose replicas a policy governs: the world of one production cycle.
type governed struct {
	ctx      context.Context
	policy   engine.Policy
	sources  []source
	settings Settings
	start    time.Time
	every    int // seconds between two evaluations
	cycle    *control.Cycle
	beside   *asked // who listens; nil: nobody does

	windows control.Windows
	samples []engine.Sample // since the last evaluation
	state   engine.State

	at             time.Time
	second         int
	replicas       []engine.Replica
	ready, current int
	changed        time.Time // when the count was last seen to be another one
	ordered        int
	busy           int // the second until which a raise is waited for
	decisions      int
	failed         int    // decisions for which the rules gave no usable answer
	failure        string // the first of their errors
	late           error  // a rule that gave no answer in time, which is the machine's figure and not the policy's
}

// source is a metric of the policy that the model has.
type source struct {
	name     string
	of       signal
	constant *float64 // its value all the while, in the place of a signal
	memory   int      // seconds that a reading looks back
}

// govern makes an autoscaler of a policy, which is fitted to the model.
func govern(ctx context.Context, p engine.Policy, sources []source, rules control.Recommender, s Settings, start time.Time) *governed {
	p.Enabled, p.Mode = true, engine.Live
	g := &governed{
		ctx: ctx, policy: p, sources: sources, settings: s, start: start,
		every: max(1, int(p.EvaluationInterval.Seconds())), windows: metrics.For(p), current: -1,
	}
	g.cycle = &control.Cycle{World: g, Rules: rules, Ledger: g, Actor: g, Budget: &control.Budget{}}
	return g
}

// order runs a cycle whenever one is due. As in the daemon, one that would come while a raise is waited for is left out.
func (g *governed) order(second int, seen *meter, ready, starting int) (int, error) {
	current := ready + starting
	g.second, g.at = second, g.start.Add(time.Duration(second)*time.Second)
	g.sample(seen)
	g.beside.hear(g, seen)
	if second%g.every != 0 || second < g.busy {
		return current, nil
	}
	if g.current >= 0 && g.current != current {
		g.changed = g.at
	}
	g.ready, g.current, g.ordered = ready, current, current
	g.windows.Add(g.samples)
	g.samples = g.samples[:0]
	g.decisions++
	if _, _, err := g.cycle.Run(g.ctx, g.policy, control.Moment{At: g.at}); err != nil {
		return g.ordered, err
	}
	return g.ordered, g.late
}

// sample takes what was measured after the last second, as far as the next evaluation may look back to it.
func (g *governed) sample(seen *meter) {
	if seen.blind {
		return
	}
	until := (g.every - g.second%g.every) % g.every
	for _, s := range g.sources {
		if until > s.memory && g.second >= g.busy {
			continue
		}
		value := seen.values[s.of]
		if s.constant != nil {
			value = *s.constant
		}
		g.samples = append(g.samples, engine.Sample{Metric: s.name, At: g.at, Value: value})
	}
}

// Observe is the simulated service, and its metrics by the windows that the daemon has.
func (g *governed) Observe(_ context.Context, p engine.Policy, st engine.State, at time.Time) (engine.Snapshot, error) {
	for len(g.replicas) < g.current {
		g.replicas = append(g.replicas, engine.Replica{})
	}
	service := engine.Service{Name: p.Service, Replicas: g.replicas[:g.current]}
	for i := range service.Replicas {
		service.Replicas[i].Ready = i < g.ready
	}
	readings := make(map[string]engine.Reading, len(p.Metrics))
	for _, m := range p.Metrics {
		if !m.Computed() {
			readings[m.Name] = g.windows.Read(p, m, nil, g.changed, at)
		}
	}
	return control.NewSnapshot(p, service, readings, st, at), nil
}

// Scale orders it, and tells at once how it will have ended.
func (g *governed) Scale(_ context.Context, o engine.Order) engine.Outcome {
	if o.To <= o.From {
		g.ordered = o.To
		return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: g.at}
	}
	ended := g.at.Add(g.settings.StartDelay)
	g.busy = g.second + int((g.settings.StartDelay + time.Second - 1).Seconds())
	if g.settings.at(NoStart, g.second) {
		return engine.Outcome{Result: engine.Failed, Reached: o.From, Ended: ended, Error: "a fault of the backtest: nothing starts"}
	}
	g.ordered = o.To
	return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: ended}
}

// Settle does nothing: nothing is interrupted.
func (g *governed) Settle(context.Context, engine.Policy, engine.Event) error { return nil }

// State is what was last recorded, with autoscaling on.
func (g *governed) State(context.Context, engine.Policy) (engine.State, error) {
	st := g.state
	st.Enabled = true
	return st, nil
}

// Record keeps the state after a decision.
func (g *governed) Record(_ context.Context, r engine.Record, st engine.State) error {
	if r.Recommendation.Error != "" {
		if g.failed++; g.failed == 1 {
			g.failure = r.Recommendation.Error
		}
	}
	if slices.ContainsFunc(r.Recommendation.Reasons, func(of engine.Reason) bool { return of.Code == "RuleTimeout" }) {
		g.late = errors.New(r.Recommendation.Error)
	}
	g.state = st
	return nil
}

// Close keeps the state after an event.
func (g *governed) Close(_ context.Context, _ engine.Event, _ engine.Policy, st engine.State) error {
	g.state = st
	return nil
}
