package docker

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// What an order may take after its context has ended: to remove what is not ready, and to look once more where that has used up
// all of it. A daemon that is told to stop has ten seconds in all, and its ledger needs some of them.
const (
	StopGrace    = 4 * time.Second
	LookDeadline = 2 * time.Second
)

// Outlive is a context that ends a moment after ctx does, for the end of what was begun.
func Outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	after, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() { time.AfterFunc(StopGrace, cancel) })
	return after, func() { unwatch(); cancel() }
}

// LastLook is a context in which to look once more, given what Outlive answered: a call that nothing came of may have used that
// up, all of it or all but a moment, and without a moment more what runs would be told wrong.
func LastLook(after context.Context) (context.Context, context.CancelFunc) {
	last, cancel := context.WithCancel(context.WithoutCancel(after))
	unwatch := context.AfterFunc(after, func() { time.AfterFunc(LookDeadline, cancel) })
	return last, func() { unwatch(); cancel() }
}

// Unchanged is the outcome of an order that changed nothing.
func Unchanged(ctx context.Context, count int, err error) engine.Outcome {
	result := engine.Failed
	if ctx.Err() != nil {
		result = engine.Interrupted
	}
	return engine.Outcome{Result: result, Reached: count, Error: err.Error()}
}
