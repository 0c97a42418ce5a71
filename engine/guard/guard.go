// Package guard makes a recommendation safe. It is pure: the same policy, snapshot, recommendation and state give the
// same decision, byte for byte; time is the snapshot's.
//
// Decide runs a visible list of stages, one file each. Gates come first and settle the decision at the current count;
// then the wish passes the stages in order, each of which may only bring it closer to the current count. The result
// therefore always lies between the current count and the wish clipped into min..max.
package guard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// situation is everything a stage may look at.
type situation struct {
	policy         engine.Policy
	snapshot       engine.Snapshot
	recommendation engine.Recommendation
	state          engine.State
	at             time.Time
	current        int
	low, high      int // the bounds that hold now: min, or a floor above it, and max
}

// ruling is what a stage says: the count it lets through and, where it had something to say, why.
type ruling struct {
	to      int
	reason  string
	message string
}

type stage struct {
	name string
	rule func(s situation, wish int) ruling
}

// gates hold at the current count as soon as one has a reason.
var gates = []stage{
	{"enabled", enabled},
	{"stopped", stopped},
	{"rollout", rollout},
	{"drift", drift},
}

// stages pass the wish on, or closer to the current count.
var stages = []stage{
	{"observed", observed},
	{"confidence", confidence},
	{"anticipate", anticipate},
	{"stabilization", stabilization},
	{"step", step},
	{"cooldown", cooldown},
}

// Decide turns a recommendation into a decision, and gives the state after it: the stabilization window with the wish
// of now, the count that is known, and the conditions. What an applied decision does to the state is Begin's and End's to
// say.
func Decide(p engine.Policy, snap engine.Snapshot, r engine.Recommendation, st engine.State) (engine.Decision, engine.State) {
	d, st := decide(p, snap, r, st)
	st.Conditions = Conditions(st.Conditions, d, r, snap, p)
	return d, st
}

func decide(p engine.Policy, snap engine.Snapshot, r engine.Recommendation, st engine.State) (engine.Decision, engine.State) {
	s := situation{
		policy: p, snapshot: snap, recommendation: r, state: st, at: snap.At,
		current: snap.Service.Replicas.Current,
	}
	s.low, s.high = limits(p, snap)
	d := engine.Decision{From: s.current, To: s.current, Trace: make([]engine.Step, 0, len(gates)+len(stages)+3)}

	for _, g := range gates {
		v := g.rule(s, s.current)
		d.Trace = append(d.Trace, engine.Step{Stage: g.name, From: s.current, To: s.current, Reason: v.reason, Message: v.message})
		if v.reason != "" {
			st.Known = expected(g.name, s)
			return settle(d, r), st
		}
	}
	st.Known = expected("", s)

	wish := r.Replicas
	if r.Action != engine.Between(s.current, wish) { // the rules' package refuses this too: nothing moves on a contradiction
		wish = s.current
	}
	pass := func(name string, v ruling) {
		d.Trace = append(d.Trace, engine.Step{Stage: name, From: wish, To: v.to, Reason: v.reason, Message: v.message})
		wish = v.to
	}
	pass("bounds", bounds(s, wish))
	for _, g := range stages {
		if g.name == "stabilization" {
			st.Wishes = window(s, wish)
		}
		v := g.rule(s, wish)
		if s.current < s.low && v.to < s.low {
			v = overruled(v, wish, s.low)
		}
		pass(g.name, v)
	}
	pass("budget", budget(s, wish))
	pass("backoff", backoff(s, wish))
	d.To = wish
	return settle(d, r), st
}

// expected is the count that is expected to be there at the next look: the one of now, unless a gate waits for somebody
// else to be done. Of a service that was stopped nothing is expected.
func expected(gate string, s situation) engine.Count {
	switch gate {
	case "rollout", "drift":
		return engine.Count{Replicas: s.state.Known.Replicas, At: s.at}
	case "stopped":
		return engine.Count{}
	}
	return engine.Count{Replicas: s.current, At: s.at}
}

// overruled is a stage's ruling where it would leave the service under its minimum: a raise to the minimum answers to
// budget and back-off alone. What is wished for beyond the minimum is still the stage's to take away.
func overruled(v ruling, wish, low int) ruling {
	if wish == low {
		return ruling{to: low, message: "overruled by the minimum: " + v.message}
	}
	return ruling{to: low, reason: v.reason, message: v.message + ", but the minimum holds"}
}

// settle names the action, and gives the decision the reason of the stage that settled it. Where no stage changed
// anything the rule's own reasons stand.
func settle(d engine.Decision, r engine.Recommendation) engine.Decision {
	d.Action = engine.Between(d.From, d.To)
	for i := len(d.Trace) - 1; i >= 0; i-- {
		if t := d.Trace[i]; t.Reason != "" {
			d.Reason, d.Message = t.Reason, t.Message
			return d
		}
	}
	d.Reason = "NoReason"
	if len(r.Reasons) > 0 {
		d.Reason = r.Reasons[0].Code
	}
	var said []string
	for _, reason := range r.Reasons {
		if reason.Code == d.Reason && !slices.Contains(said, reason.Message) { // several strategies may say the same
			said = append(said, reason.Message)
		}
	}
	d.Message = strings.Join(said, "; ")
	return d
}

// wait writes a length of time as people say it, rounded up to the second.
func wait(d time.Duration) string {
	return (d + time.Second - 1).Truncate(time.Second).String()
}

func replicas(n int) string {
	if n == 1 {
		return "1 replica"
	}
	return fmt.Sprintf("%d replicas", n)
}
