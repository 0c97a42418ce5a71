package guard

import (
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Quiet is how long nobody else may have touched a service before a drift is acted on: docker compose takes its time to
// recreate one.
const Quiet = 10 * time.Second

// knownFor is how long a count that was left or seen is expected to be still there: a few evaluations. When nobody has
// looked for longer, because the daemon or the policy was off, what runs now is what somebody wants.
func knownFor(p engine.Policy) time.Duration { return engine.Unseen(p.EvaluationInterval) }

// Drifted says whether the number of replicas is another than flyball last left or saw, and which that was. Somebody changed
// it, or replicas ended by themselves. A shadow's count is its own, and a service that is stopped is somebody's wish.
func Drifted(p engine.Policy, snap engine.Snapshot, st engine.State) (from int, drifted bool) {
	current := snap.Service.Replicas.Current
	if p.Mode == engine.Shadow || current == 0 || st.Open != nil || snap.At.Sub(st.Known.At) > knownFor(p) {
		return 0, false
	}
	return st.Known.Replicas, st.Known.Replicas > 0 && st.Known.Replicas != current
}

// Restore is the request that undoes a drift, or nil: replicas that went, as a plain docker compose up takes them away, are
// put back once it has been quiet. What was added stays, and the rules go on from there. What was put back and
// goes again within the cooldown stays so: whoever insists wins.
func Restore(p engine.Policy, snap engine.Snapshot, st engine.State) *engine.Request {
	from, drifted := Drifted(p, snap, st)
	low, high := limits(p, snap)
	want := max(low, min(from, high))
	switch {
	case !drifted || !quiet(snap) || snap.Service.Replicas.Current >= want,
		enabled(situation{policy: p, snapshot: snap, state: st, at: snap.At}, 0).reason != "",
		!st.Restored.IsZero() && snap.At.Sub(st.Restored) < max(p.Cooldown.Up, time.Minute):
		return nil
	}
	return &engine.Request{Kind: engine.Restore, Replicas: want, Actor: "flyball"}
}

// quiet says that nobody has touched the service for a while.
func quiet(snap engine.Snapshot) bool { return snap.At.Sub(snap.Service.Touched) >= Quiet }

// drift holds while something else than flyball is changing the number of replicas.
func drift(s situation, current int) ruling {
	from, drifted := Drifted(s.policy, s.snapshot, s.state)
	switch {
	case !drifted:
		return ruling{to: current}
	case !quiet(s.snapshot):
		return ruling{current, "Drift", fmt.Sprintf("found %d where %d were left; waiting until nobody has touched them for %s", current, from, wait(Quiet))}
	}
	return ruling{to: current, message: fmt.Sprintf("found %d where %d were left; going on from there", current, from)}
}
