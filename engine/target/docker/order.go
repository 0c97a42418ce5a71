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

// LastLook is a context in which to look once more, given what Outlive answered: where a call that nothing came of has used
// all of that up, it has a moment of its own, or what runs would be told wrong.
func LastLook(after context.Context) (context.Context, context.CancelFunc) {
	if after.Err() == nil {
		return after, func() {}
	}
	return context.WithTimeout(context.WithoutCancel(after), LookDeadline)
}

// Unchanged is the outcome of an order that changed nothing.
func Unchanged(ctx context.Context, count int, err error) engine.Outcome {
	result := engine.Failed
	if ctx.Err() != nil {
		result = engine.Interrupted
	}
	return engine.Outcome{Result: result, Reached: count, Error: err.Error()}
}
