package rego

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/topdown"
)

const (
	deadline = time.Second          // a rule takes a ten-thousandth of it, and a busy machine its time
	memory   = 256 << 20            // bytes by which the heap may grow meanwhile
	interval = 2 * time.Millisecond // between looks; most evaluations end before the first
)

// watcher ends an evaluation that takes too long or too much, or whose caller is gone. It is OPA's topdown.Cancel,
// which the evaluator asks between expressions and within the builtins that loop.
type watcher struct {
	ctx    context.Context
	limit  time.Duration
	timer  *time.Timer
	looks  int
	heap   uint64 // bytes, at the first look
	reason atomic.Pointer[stopped]
}

// stopped is why an evaluation was ended.
type stopped struct {
	code string
	err  error
}

func watch(ctx context.Context, limit time.Duration) *watcher {
	w := &watcher{ctx: ctx, limit: limit}
	w.timer = time.AfterFunc(time.Hour, w.look) // never: on a busy machine a short time may pass before it is assigned
	w.timer.Reset(interval)                     // only now: a look sets the timer itself, so it must find it
	return w
}

// look counts itself, and not the time on the wall: on a machine that is too busy to run the evaluation the looks are
// late as well, and a rule must not fail because its service is under load.
func (w *watcher) look() {
	w.looks++
	heap := heapBytes()
	if w.looks == 1 {
		w.heap = heap
	}
	switch {
	case w.ctx.Err() != nil:
		w.end(RuleTimeout, context.Cause(w.ctx))
	case w.looks >= int(w.limit/interval):
		w.end(RuleTimeout, fmt.Errorf("no answer within %s; look for a loop over a loop", w.limit))
	case heap > w.heap+memory:
		w.end(RuleFailed, fmt.Errorf("took more than %d MB of memory", memory>>20))
	case !w.Cancelled():
		w.timer.Reset(interval)
	}
}

func (w *watcher) end(code string, err error) {
	w.reason.CompareAndSwap(nil, &stopped{code: code, err: err})
}

// stop ends the watch. A look that is under way may set the timer once more; the next one finds the end and does not.
func (w *watcher) stop() {
	w.Cancel()
	w.timer.Stop()
}

// Cancel and Cancelled are topdown.Cancel.
func (w *watcher) Cancel() { w.end(RuleTimeout, errors.New("cancelled")) }

func (w *watcher) Cancelled() bool { return w.reason.Load() != nil }

// explain tells apart the ways in which an evaluation ended with an error.
func (w *watcher) explain(err error) (code string, cause error) {
	if topdown.IsCancel(err) {
		reason := w.reason.Load()
		return reason.code, reason.err
	}
	var e *topdown.Error
	if !errors.As(err, &e) {
		return RuleFailed, err
	}
	if e.Code == topdown.ConflictErr {
		return RuleConflict, err
	}
	return RuleFailed, err
}

func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
