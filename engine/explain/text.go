package explain

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// does is an outcome as a sentence about the service.
func does(o outcome) string {
	switch o.decision.Action {
	case engine.ScaleUp:
		return fmt.Sprintf("scales up to %d", o.decision.To)
	case engine.ScaleDown:
		return fmt.Sprintf("scales down to %d", o.decision.To)
	}
	return fmt.Sprintf("stays at %d", o.decision.To)
}

// moved says which metrics have to read what for an outcome.
func moved(o outcome, moves []engine.Move, base, lifted outcome) string {
	var parts []string
	for _, m := range moves {
		parts = append(parts, reads(m, len(moves) > 1))
	}
	text, once := does(o), o.once
	if o.idle(base) {
		text, once = "would no longer "+lifted.verb(), nil
	}
	text += " when " + strings.Join(parts, " and ")
	staying, after := waiting(once)
	text += staying
	if len(moves) == 1 {
		text += "; " + now(moves[0])
	}
	return text + after
}

// idle says that what waits now would have nothing to wait for.
func (o outcome) idle(base outcome) bool {
	return o.decision.Action == engine.Hold && base.decision.Action == engine.Hold
}

// waiting says what has to be over as well: how long something has to stay so, and then the rest.
func waiting(once []engine.Wait) (staying, after string) {
	for _, w := range once {
		if w.Reason == "Stabilizing" {
			staying += " " + w.Message
		} else {
			after += ", " + w.Message
		}
	}
	return staying, after
}

// leftOut says what would be without a strategy.
func leftOut(strategy string, o, base, lifted outcome) string {
	if o.idle(base) {
		return fmt.Sprintf("without %s it would no longer %s", strategy, lifted.verb())
	}
	staying, after := waiting(o.once)
	if staying != "" {
		staying = ", if it" + strings.TrimPrefix(staying, " and")
	}
	return fmt.Sprintf("without %s it %s%s%s", strategy, would(o), staying, after)
}

func (o outcome) verb() string {
	return strings.ReplaceAll(string(o.decision.Action), "_", " ")
}

// reads is what a metric has to read.
func reads(m engine.Move, several bool) string {
	about := ""
	if m.Within > 0 {
		about = "about "
	}
	bound := about + number(m.Bound)
	text := m.Metric
	switch {
	case m.Status != engine.OK:
		text += " is ok again and " + string(m.Side) + " " + bound
	case m.Side == engine.Above:
		text += " rises above " + bound
	case m.Side == engine.Below:
		text += " falls below " + bound
	case m.Side == engine.AtLeast:
		text += " rises to " + bound
	default:
		text += " falls to " + bound
	}
	if several {
		text += " (" + now(m) + ")"
	}
	return text
}

func now(m engine.Move) string {
	if m.Now == nil {
		return "now " + string(m.Status)
	}
	return "now " + number(*m.Now)
}

func withoutText(step engine.Step, field string, o outcome) string {
	reasons, fields := []string{step.Reason}, []string{field}
	for _, w := range o.once {
		reasons, fields = append(reasons, w.Reason), append(fields, w.Field)
	}
	text := fmt.Sprintf("without %s it %s", strings.Join(reasons, " and "), would(o))
	if fields = slices.DeleteFunc(fields, func(f string) bool { return f == "" }); len(fields) > 0 {
		text += " (" + strings.Join(fields, ", ") + ")"
	}
	return text
}

// ifEnabled is what a policy that is disabled would do.
func ifEnabled(step engine.Step, field string, o outcome) engine.Alternative {
	text := "if it were enabled it " + would(o)
	if o.decision.Action == engine.Hold {
		text = fmt.Sprintf("if it were enabled it would hold at %d too: %s", o.decision.To, o.decision.Reason)
	}
	return engine.Alternative{
		Kind: engine.ByGuard, Stage: step.Stage, Reason: step.Reason, Field: field,
		Action: o.decision.Action, To: o.decision.To, Message: text,
	}
}

// would is an outcome that is not there yet.
func would(o outcome) string {
	switch o.decision.Action {
	case engine.ScaleUp:
		return fmt.Sprintf("would scale up to %d", o.decision.To)
	case engine.ScaleDown:
		return fmt.Sprintf("would scale down to %d", o.decision.To)
	}
	return fmt.Sprintf("would stay at %d", o.decision.To)
}

// in is how long an instant is away.
func (a *asker) in(at time.Time) string {
	d := at.Sub(a.now)
	if d <= 0 {
		return "now"
	}
	return "in " + (d + time.Second - 1).Truncate(time.Second).String()
}

// number writes six digits, and all of a whole number.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.6g", v)
}
