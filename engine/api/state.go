package api

import (
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// State is what a policy is about now, in one word.
type State struct {
	Name    string  `json:"name" enum:"active,scaling,cooling,paused,blocked,failing,shadow,disabled,off"`
	Why     string  `json:"why,omitempty"`
	Seconds float64 `json:"seconds,omitempty"` // until time alone ends it; absent: nobody knows
}

// The names of states.
const (
	IsActive   = "active"   // it decides, and nothing keeps it from acting
	IsScaling  = "scaling"  // a change is being carried out
	IsCooling  = "cooling"  // a cooldown runs
	IsPaused   = "paused"   // by somebody, or by its schedule
	IsBlocked  = "blocked"  // what is wished for is held, or a raise waits after failed ones
	IsFailing  = "failing"  // its last cycle decided nothing
	IsShadow   = "shadow"   // it decides, and touches nothing
	IsDisabled = "disabled" // its author says so
	IsOff      = "off"      // autoscaling as a whole is
)

// StateOf is the state of a policy. Of several that hold it is the one that a person would have to know of first.
func StateOf(p PolicyStatus, enabled, dryRun bool, all *Pause) State {
	held, blocked := p.held()
	switch {
	case !p.Enabled:
		return State{Name: IsDisabled, Why: "the policy says enabled: false"}
	case p.Error != "":
		return State{Name: IsFailing, Why: p.Error}
	case p.Open != nil:
		return State{Name: IsScaling, Why: fmt.Sprintf("%s to %d", p.Open.Action, p.Open.To)}
	case p.Pause != nil || all != nil:
		return paused(longer(p.Pause, all))
	case dryRun:
		return State{Name: IsShadow, Why: "dry run: nothing is touched"}
	case p.Mode == engine.Shadow && !enabled:
		return State{Name: IsShadow, Why: "nothing is touched, and autoscaling is off"}
	case p.Mode == engine.Shadow:
		return State{Name: IsShadow, Why: "nothing is touched"}
	case !enabled:
		return State{Name: IsOff, Why: "autoscaling is off; turn it on with flyball enable"}
	case p.Reason == "PausedBySchedule":
		return State{Name: IsPaused, Why: p.Message}
	case p.Backoff != nil && p.Backoff.Seconds > 0:
		return State{Name: IsBlocked, Why: backingOff(*p.Backoff), Seconds: p.Backoff.Seconds}
	case blocked:
		return State{Name: IsBlocked, Why: coded(held)}
	case p.Cooldown != nil:
		return cooling(*p.Cooldown)
	}
	return State{Name: IsActive}
}

// filling is how long a metric may be in doubt without a word: after a start, and after each change of replicas, windows take
// their time to fill.
const filling = time.Minute

// held is the condition, not as one wishes it, for which the last decision left things as they are. What a person turned since
// holds nothing any more, whatever was decided before, nor does what was decided while a change was being carried out that has ended.
func (p PolicyStatus) held() (engine.Condition, bool) {
	if p.LastScaling != nil && p.LastEvaluation != nil && !p.LastScaling.Before(*p.LastEvaluation) {
		return engine.Condition{}, false
	}
	for _, c := range p.Conditions {
		wished := c.Type != "Limited"
		turned := c.Reason == "Paused" || c.Reason == "Disabled" || c.Reason == "PolicyDisabled"
		fills := c.Type == "Informed" && p.LastEvaluation != nil && p.LastEvaluation.Sub(c.Since) < filling
		if c.Type != "Vetoes" && c.Status != wished && c.Reason == p.Reason && p.Action == engine.Hold && !turned && !fills {
			return c, true
		}
	}
	return engine.Condition{}, false
}

func coded(c engine.Condition) string {
	if c.Message == "" {
		return c.Reason
	}
	return c.Reason + ": " + c.Message
}

// longer is the one of two pauses that ends last, of which there may be one alone: as long as that holds, nothing goes on.
func longer(own, all *Pause) Pause {
	switch {
	case own == nil:
		return *all
	case all == nil || own.Until == nil || all.Until != nil && !all.Until.After(*own.Until):
		return *own
	}
	return *all
}

func paused(p Pause) State {
	return State{Name: IsPaused, Why: fmt.Sprintf("by %s: %s", p.Actor, p.Reason), Seconds: p.Seconds}
}

func backingOff(b Backoff) string {
	why := fmt.Sprintf("backing off (%d failed)", b.Failures)
	if b.Error != "" {
		why += "; the last: " + b.Error
	}
	return why
}

// cooling says which directions wait: guard.Begin has a scale-down start the one down alone.
func cooling(c Cooldown) State {
	why := "scaling up and down waits"
	switch {
	case c.UpSeconds <= 0:
		why = "scaling down waits"
	case c.DownSeconds <= 0:
		why = "scaling up waits"
	}
	return State{Name: IsCooling, Why: why, Seconds: max(c.UpSeconds, c.DownSeconds)}
}
