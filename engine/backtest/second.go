package backtest

import (
	"context"
	"time"

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

// listener is a policy at work, beside whom the second one listens.
type listener struct {
	*governed
	second asked
}

// listen has the second policy listen to the first.
func listen(ctx context.Context, first *governed, s Second) (*listener, error) {
	p, sources, _, err := fit(s.Policy, s.Constants)
	if err != nil {
		return nil, err
	}
	l := &listener{first, asked{govern(ctx, p, sources, s.Rules, first.settings, first.start)}}
	l.second.every = first.every
	l.second.cycle.Ledger, l.second.cycle.Actor = l.second, l.second
	first.cycle.Decided = func(_ engine.Policy, r engine.Record) { l.ask(r, s.Told) }
	first.cycle.Ended = func(_ engine.Policy, e engine.Event) { l.second.heard(e) }
	return l, nil
}

func (l *listener) order(second int, seen *meter, ready, starting int) (int, error) {
	l.second.second, l.second.busy = second, l.busy
	l.second.at = l.start.Add(time.Duration(second) * time.Second)
	l.second.sample(seen)
	return l.governed.order(second, seen, ready, starting)
}

// ask tells what the second one would decide where the first one has just decided.
func (l *listener) ask(first engine.Record, told func(first, second engine.Record)) {
	s := l.second
	s.ready, s.current, s.changed = l.ready, l.current, l.changed
	s.windows.Add(s.samples)
	s.samples = s.samples[:0]
	r, _, err := s.cycle.Run(s.ctx, s.policy, control.Moment{At: s.at})
	if err == nil { // it fails only once ctx has ended, and then the run ends too
		told(first, r)
	}
}

// asked is the ledger and the actor of a policy that is asked and not obeyed.
type asked struct{ *governed }

// Record keeps the state after a decision, as if what it wanted to do had been left undone.
func (a asked) Record(_ context.Context, r engine.Record, st engine.State) error {
	if st.Open != nil {
		st = guard.Void(st, r.State)
		st.Known = engine.Count{Replicas: r.Decision.From, At: r.At}
	}
	a.state = st
	return nil
}

// Scale does nothing.
func (a asked) Scale(_ context.Context, o engine.Order) engine.Outcome {
	return engine.Outcome{Result: engine.Succeeded, Reached: o.To, Ended: a.at}
}

// Close forgets what was not done.
func (a asked) Close(context.Context, engine.Event, engine.Policy, engine.State) error { return nil }

// heard keeps the state after what the first one did.
func (a asked) heard(e engine.Event) {
	if e.Result != engine.Seen {
		a.state = guard.End(guard.Begin(a.state, a.policy, e), a.policy, e)
	}
}
