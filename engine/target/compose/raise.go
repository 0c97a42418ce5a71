package compose

import (
	"context"
	"fmt"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// maker makes the new replicas of one order. What it could refuse it has refused.
type maker interface {
	// add makes so many, and waits until each is ready or will not be. Where those under way are bound to fail as well it
	// calls stop, with the reason.
	add(ctx context.Context, n int, stop context.CancelCauseFunc) []newReplica
	// clear removes what was made and did not get ready, and all of it where the order was aborted.
	clear(ctx context.Context, replicas []newReplica, aborted bool) error
}

// newReplica is how one new replica fared.
type newReplica struct {
	id   string // empty: it was not created
	name string
	err  error // nil: ready
	log  string
}

// raise adds replicas up to what is ordered. Everything that can be refused is refused before the first is created, and
// while it looks for that, others are watched already. What has to be removed again is, also when ctx has ended, until after
// ends.
func (t *Target) raise(ctx, after context.Context, s service, o engine.Order) engine.Outcome {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	heard := t.watch(running, s, stop)
	s, told, err := t.calm(ctx, s, o.Policy)
	count := len(s.current())
	switch {
	case err != nil:
		return docker.Unchanged(ctx, count, err)
	case count >= o.To: // somebody else was quicker
		return engine.Outcome{Result: engine.Succeeded, Reached: count}
	}
	makes, err := t.maker(ctx, s, o, heard && told)
	if err == nil { // what does not become ready is to be removed again
		err = t.docker.Allows(ctx, "service "+s.name+" gets no new replica", docker.RemoveContainer)
	}
	if err == nil {
		err = context.Cause(running)
	}
	if err != nil {
		return docker.Unchanged(ctx, count, err)
	}

	replicas := makes.add(running, o.To-count, stop)
	aborted := running.Err() != nil && context.Cause(running) != context.Cause(ctx) // by others, not by our own end
	stop(nil)

	out := tally(replicas, aborted)
	out.Reached += count
	if out.Result == engine.Succeeded {
		return out
	}
	if ctx.Err() != nil {
		out.Result = engine.Interrupted
	}
	if err = t.quiet(after, s, aborted); err == nil {
		err = makes.clear(after, replicas, aborted)
	}
	if err != nil {
		// What is left is not known, so nothing better than "interrupted" would be true.
		out.Result = engine.Interrupted
		out.Error += "; and what did not become ready may still be there: " + err.Error()
	}
	return out
}

// maker is how the policy wants its new replicas made. Heard says that the engine tells when others are at the service.
func (t *Target) maker(ctx context.Context, s service, o engine.Order, heard bool) (maker, error) {
	if o.Policy.Target.Driver == cliDriver {
		return t.command(ctx, s, o)
	}
	return t.cloning(ctx, s, o, heard)
}

// tally sums a batch up; Reached is how many of it stay. Where it was aborted none do.
func tally(replicas []newReplica, aborted bool) engine.Outcome {
	var made, ready int
	var worst newReplica // the one to tell of: a log tells more than having been cut short
	for _, r := range replicas {
		if r.id != "" {
			made++
		}
		switch {
		case r.err == nil:
			ready++
		case worst.err == nil, worst.log == "" && r.log != "":
			worst = r
		}
	}
	failed := len(replicas) - ready
	out := engine.Outcome{Reached: ready, Log: worst.log}
	switch {
	case aborted:
		out.Reached = 0
		out.Result = engine.RolledBack
	case failed == 0:
		out.Result = engine.Succeeded
		return out
	case ready > 0:
		out.Result = engine.Partial
	default:
		out.Result = engine.RolledBack
	}
	if made == 0 {
		out.Result = engine.Failed
	}
	switch {
	case worst.err == nil:
		out.Error = "the service was stopped or recreated by somebody else just as its new replicas became ready"
	case len(replicas) == 1:
		out.Error = fmt.Sprintf("%s: %v", worst.name, worst.err)
	default:
		out.Error = fmt.Sprintf("%d of %d new replicas did not become ready: %s: %v", failed, len(replicas), worst.name, worst.err)
	}
	return out
}
