package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/guard"
)

// waits says whether a reason is one that passes: by itself, or because somebody lifts it.
func waits(reason string) bool {
	switch reason {
	case "CooldownActive", "BackoffActive", "Stabilizing", "RateLimited", "Paused", "PausedBySchedule", "RolloutInProgress", "Drift", "Disabled", "PolicyDisabled":
		return true
	}
	return false
}

// silenced says what was taken from a case, so that a stage has nothing to say.
type silenced struct {
	possible bool
	field    string    // to change for that
	until    time.Time // when the stage falls silent by itself; zero: nobody knows
	message  string    // once the cooldown is over
}

// over says that a stage has fallen silent since: it is not waited for any more.
func (a *asker) over(s silenced) bool { return !s.until.IsZero() && !s.until.After(a.now) }

// silence takes the cause of what a stage said from a case.
func (a *asker) silence(c Case, step engine.Step) (Case, silenced) {
	direction := "down"
	if step.From > c.Snapshot.Service.Replicas.Current {
		direction = "up"
	}
	at := c.Snapshot.At
	done := silenced{possible: true}
	switch step.Reason {
	case "Disabled":
		c.State.Enabled = true
		done.field, done.message = "flyball enable", "once autoscaling is on"
	case "PolicyDisabled":
		c.Policy.Enabled = true
		done.field, done.message = "enabled", "once the policy says enabled: true"
	case "PausedBySchedule":
		c.Snapshot.Schedule = copied(c.Snapshot.Schedule)
		c.Snapshot.Schedule.Pause = ""
		done.field, done.message = "schedule", "once the schedule's pause is over"
	case "Paused":
		if pause := guard.Paused(c.State.Pauses, at); pause != nil {
			done.until = pause.Until
		}
		done.field, done.message = "flyball resume", "once the pause is over"
		c.State.Pauses = nil
	case "RolloutInProgress":
		c.Snapshot.Service.Rollout, c.State.Open, c.State.Known = "", nil, engine.Count{}
		done.message = "once the change under way has ended"
	case "Drift":
		c.State.Known = engine.Count{}
		done.message = "once nobody else changes the service"
	case "AtMaximum", "AboveMaximum":
		done.field, done.message = "maxReplicas", "with a higher maximum"
		c.Policy.MaxReplicas = max(c.Policy.MaxReplicas, step.From)
		if s := c.Snapshot.Schedule; s != nil && s.MaxReplicas > 0 {
			c.Snapshot.Schedule = copied(s)
			c.Snapshot.Schedule.MaxReplicas = max(s.MaxReplicas, step.From)
			done.field = "maxReplicas of the schedule's window"
		}
	case "AtMinimum", "BelowMinimum":
		done.field, done.message = "minReplicas", "with a lower minimum"
		if floor := floored(c); floor != "" {
			done.field = "floor of metric " + floor
		}
		c.Policy.Metrics = slices.Clone(c.Policy.Metrics)
		for i := range c.Policy.Metrics {
			c.Policy.Metrics[i].Floor = 0
		}
		if s := c.Snapshot.Schedule; s != nil && s.MinReplicas > 0 {
			c.Snapshot.Schedule = copied(s)
			c.Snapshot.Schedule.MinReplicas = 0
			done.field = "minReplicas of the schedule's window"
		}
		c.Policy.MinReplicas = max(1, min(c.Policy.MinReplicas, step.From))
	case "MetricStale", "MetricMissing", "MetricInvalid", "MetricPartial":
		c.Policy.Metrics = slices.Clone(c.Policy.Metrics)
		var names []string
		for i, m := range c.Policy.Metrics {
			if r := c.Snapshot.Metrics[m.Name]; r.Status != engine.OK || step.Reason == "MetricPartial" {
				c.Policy.Metrics[i].OnMissing = "ignore"
				names = append(names, m.Name)
			}
		}
		done.field = `onMissing: "ignore" of metric ` + strings.Join(names, ", ")
	case "LowConfidence":
		c.Policy.MinConfidence = 0
		done.field = "minConfidence"
	case "AnticipatedFlap":
		r := a.recommendation(c) // which the scopes would change
		c.answer = &r
		c.Policy.Metrics = slices.Clone(c.Policy.Metrics)
		for i := range c.Policy.Metrics {
			c.Policy.Metrics[i].Scope = engine.Independent
		}
		done.field = "the bound that asks for more"
	case "Stabilizing":
		reach := c.Policy.Stabilization.Down
		if direction == "up" {
			reach = c.Policy.Stabilization.Up
		}
		c.Policy.Stabilization = engine.UpDown{}
		done.field, done.message = "stabilization."+direction, fmt.Sprintf("and stays so for %s", reach)
	case "StepLimited":
		c.Policy.MaxStep = 0
		done.field = "maxStep"
	case "RateLimited":
		c.Policy.Rates = engine.Rates{}
		done.field, done.message = "rates."+direction, "once rates."+direction+" allows it"
	case "CooldownActive":
		done.field, done.message = "cooldown."+direction, "once the cooldown is over"
		if direction == "up" {
			done.until, c.State.Cooldown.Up = c.State.Cooldown.Up.Until, engine.Deadline{}
		} else {
			done.until, c.State.Cooldown.Down = c.State.Cooldown.Down.Until, engine.Deadline{}
		}
	case "BudgetExhausted":
		done.field = "MIN_AVAILABLE_MEMORY_MB"
		b := &c.State.Budget
		if b.MaxReplicas > 0 && b.MaxReplicas-b.Others-b.Claims < step.From {
			done.field = "MAX_TOTAL_REPLICAS"
		}
		b.MaxReplicas, b.Available = 0, 0
	case "BudgetUnknown":
		c.State.Budget.Unknown = 0
	case "NoRoom":
		c.Snapshot.Service.NoRoom = ""
	case "BackoffActive":
		done.until, done.message = c.State.Backoff.Deadline.Until, "once the back-off is over"
		c.State.Backoff = engine.Backoff{}
	default:
		return c, silenced{}
	}
	if !done.until.IsZero() && done.until.After(at) {
		done.message += " (" + a.in(done.until) + ")"
	}
	return c, done
}

// floored is the metric whose floor is the minimum now; empty: it is not a floor.
func floored(c Case) string {
	low, name := c.Policy.MinReplicas, ""
	if s := c.Snapshot.Schedule; s != nil && s.MinReplicas > 0 {
		low = s.MinReplicas
	}
	for _, m := range c.Policy.Metrics {
		if c.Snapshot.Metrics[m.Name].Status != engine.OK && m.Floor > low {
			low, name = m.Floor, m.Name
		}
	}
	return name
}

func copied(s *engine.Scheduled) *engine.Scheduled {
	c := *s
	return &c
}

// without is what the decision would be without each stage of the guard that held the wish or cut it.
func (a *asker) without(c Case, base outcome) []engine.Alternative {
	var found []engine.Alternative
	a.left = mostEach
	for _, step := range base.decision.Trace {
		if step.Reason == "" || step.From == step.To && !gate(step.Stage) {
			continue
		}
		next, done := a.silence(c, step)
		if !done.possible || a.over(done) {
			continue
		}
		o := a.decide(next)
		if step.Reason == "PolicyDisabled" && o.asked {
			found = append(found, ifEnabled(step, done.field, o))
			continue
		}
		if o.same(base) { // another stage takes over: without that one too
			o = a.lift(next, func(reason string) bool { return reason != step.Reason })
		}
		if !o.asked || o.same(base) {
			continue
		}
		found = append(found, engine.Alternative{
			Kind: engine.ByGuard, Stage: step.Stage, Reason: step.Reason, Field: done.field, Once: o.once,
			Action: o.decision.Action, To: o.decision.To, Message: withoutText(step, done.field, o),
		})
	}
	return found
}

func gate(stage string) bool {
	return stage == "enabled" || stage == "rollout" || stage == "drift"
}
