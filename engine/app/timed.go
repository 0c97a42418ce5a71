package app

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/telemetry"
)

// timed is a target of which it is counted how long it takes.
type timed struct {
	control.Target
	driver string
	tells  *telemetry.Metrics
}

func timedAll(targets map[string]control.Target, tells *telemetry.Metrics) map[string]control.Target {
	all := make(map[string]control.Target, len(targets))
	for driver, t := range targets {
		all[driver] = timed{t, driver, tells}
	}
	return all
}

// Observe asks the target.
func (t timed) Observe(ctx context.Context, p engine.Policy) (engine.Service, error) {
	began := time.Now()
	s, err := t.Target.Observe(ctx, p)
	t.tells.Observed(t.driver, time.Since(began), err)
	return s, err
}

// Scale passes the order on.
func (t timed) Scale(ctx context.Context, o engine.Order) engine.Outcome {
	began := time.Now()
	out := t.Target.Scale(ctx, o)
	t.tells.Scaled(t.driver, engine.Between(o.From, o.To), out.Result, time.Since(began))
	return out
}
