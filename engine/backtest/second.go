package backtest

import (
	"context"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Second is another policy that is asked at each evaluation of an entry's run, and not obeyed. What the first one does happens
// to both, so one answer that differs does not lead to the next. It sees the moment by its own metrics and windows, and
// remembers by its own rules: its cooldowns and rates run after the changes that the first one makes.
type Second struct {
	Policy    engine.Policy
	Rules     control.Recommender
	Constants map[string]float64                // as those of the backtest
	Told      func(first, second engine.Record) // hears of both at each evaluation
}

// governed is the autoscaler of an entry, which is fitted to the model, with the second policy beside it where there is one.
func (b Backtest) governed(ctx context.Context, e Entry, p engine.Policy, sources []source) (*governed, error) {
	first := govern(ctx, p, sources, e.Rules, b.Settings, b.Trace.Start)
	if e.Second == nil {
		return first, nil
	}
	p, sources, _, err := fit(e.Second.Policy, e.Second.Constants)
	if err != nil {
		return nil, err
	}
	p.EvaluationInterval = first.policy.EvaluationInterval // else each would be a gap to it, or come too soon
	second := &asked{govern(ctx, p, sources, e.Second.Rules, b.Settings, b.Trace.Start)}
	second.cycle.Ledger, second.cycle.Actor = second, second
	first.beside = second
	first.cycle.Decided = func(_ engine.Policy, r engine.Record) { second.decide(first, r, e.Second.Told) }
	first.cycle.Ended = func(_ engine.Policy, e engine.Event) { second.ended(e) }
	return first, nil
}

// asked is a policy that is asked and not obeyed: its own ledger and actor.
type asked struct{ *governed }

// hear takes what was measured, when the first one does.
func (a *asked) hear(first *governed, seen *meter) {
	if a == nil {
		return
	}
	a.second, a.at, a.busy = first.second, first.at, first.busy
	a.sample(seen)
}

// decide tells what it would decide where the first one has just decided.
func (a *asked) decide(first *governed, r engine.Record, told func(first, second engine.Record)) {
	a.ready, a.current, a.changed = first.ready, first.current, first.changed
	a.windows.Add(a.samples)
	a.samples = a.samples[:0]
	mine, _, err := a.cycle.Run(a.ctx, a.policy, control.Moment{At: a.at})
	if err == nil { // it fails only once ctx has ended, and then the run ends too
		told(r, mine)
	}
}

// Record keeps the state after a decision, as if what it wanted to do had been left undone.
func (a *asked) Record(_ context.Context, r engine.Record, st engine.State) error {
	if st.Open != nil {
		st = guard.Void(st, r.State)
		st.Known = engine.Count{Replicas: r.Decision.From, At: r.At}
	}
	a.state = st
	return nil
}

// Scale does nothing.
func (a *asked) Scale(_ context.Context, o engine.Order) engine.Outcome {
	return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: a.at}
}

// Close forgets what was not done.
func (a *asked) Close(context.Context, engine.Event, engine.Policy, engine.State) error { return nil }

// ended keeps the state after what the first one did.
func (a *asked) ended(e engine.Event) {
	if e.Result != engine.Seen {
		a.state = guard.End(guard.Begin(a.state, a.policy, e), a.policy, e)
	}
}
