package guard

import (
	"fmt"

	"github.com/flyball-dev/flyball/engine"
)

// Obey decides on a request, which comes in the place of the rules. A change under way, the bounds and the budget hold;
// with Force the bounds and the budget do not. Restoring waits for the back-off too: nobody looks on when it fails.
func Obey(p engine.Policy, snap engine.Snapshot, req engine.Request, st engine.State) (engine.Decision, engine.State) {
	s := situation{policy: p, snapshot: snap, state: st, at: snap.At, current: snap.Service.Replicas.Current}
	s.low, s.high = limits(p, snap)
	if req.Force {
		s.low, s.high, s.state.Budget = 1, engine.MostReplicas, engine.Budget{}
	}
	r := Asked(req, snap)
	d := engine.Decision{From: s.current, To: s.current}
	holding := []stage{{"stopped", stopped}, {"rollout", rollout}}
	if req.Kind == engine.Restore { // nobody asks for it
		holding = append([]stage{{"enabled", enabled}}, holding...)
	}
	for _, g := range holding {
		v := g.rule(s, s.current)
		d.Trace = append(d.Trace, engine.Step{Stage: g.name, From: s.current, To: s.current, Reason: v.reason, Message: v.message})
		if v.reason != "" {
			return settle(d, r), st
		}
	}
	wish := r.Replicas
	follow := []stage{{"bounds", bounds}, {"budget", budget}}
	if req.Kind == engine.Restore {
		follow = append(follow, stage{"backoff", backoff})
	}
	for _, g := range follow {
		v := g.rule(s, wish)
		d.Trace = append(d.Trace, engine.Step{Stage: g.name, From: wish, To: v.to, Reason: v.reason, Message: v.message})
		wish = v.to
	}
	d.To = wish
	st.Known = engine.Count{Replicas: s.current, At: s.at}
	return settle(d, r), st
}

// Asked is a request in the form of a recommendation.
func Asked(req engine.Request, snap engine.Snapshot) engine.Recommendation {
	current := snap.Service.Replicas.Current
	r := engine.Recommendation{
		Action: engine.Between(current, req.Replicas), Replicas: req.Replicas, Confidence: 1, Priority: engine.High,
	}
	reason := engine.Reason{Code: "Requested", Message: fmt.Sprintf("%s asked for by %s", replicas(req.Replicas), req.Actor)}
	switch req.Kind {
	case engine.Rollback:
		reason = engine.Reason{Code: "Rollback", Message: fmt.Sprintf("back to %s, as before the last change; asked for by %s", replicas(req.Replicas), req.Actor)}
	case engine.Restore:
		r.Priority = engine.Medium
		reason = engine.Reason{Code: "Drift", Message: fmt.Sprintf("back to %s: found %d, and nobody asked flyball for that", replicas(req.Replicas), current)}
	}
	if req.Force {
		reason.Message += ", by force"
	}
	r.Reasons = []engine.Reason{reason}
	return r
}

// Before is the number of replicas before the last event that changed it.
func Before(st engine.State) (replicas int, known bool) {
	for i := len(st.Past) - 1; i >= 0; i-- {
		if p := st.Past[i]; p.From != p.To {
			return p.From, true
		}
	}
	return 0, false
}
