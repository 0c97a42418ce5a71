package notify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Of is what an entry of the audit log has to tell, with the event that it names; false where that is nothing. What a policy in
// shadow mode would have done is not told, nor what somebody else did.
func Of(e store.Entry, event engine.Event) (Notification, bool) {
	n := Notification{
		ID: id(e), At: e.At, Policy: e.Policy, Service: e.Service, Reason: e.Reason, Actor: line(e.Actor, longestReason),
	}
	switch {
	case e.Kind == store.OfTrouble:
		n.Kind, n.Error = codeOf(e.Reason).kind, line(e.Message, longestText)
		n.Text = line(named(e.Service, e.Message), longestText)
	case e.Kind == store.OfRecovery:
		n.Kind, n.Text = Recovered, line(named(e.Service, e.Message), longestText)
	case e.Event == "" || event.ID != e.Event || event.Mode != engine.Live:
		return n, false
	case e.Kind == store.OfDecision:
		n.Kind = Started
		n.of(event)
		n.Text = line(change(event)+because(": ", event), longestText)
	case e.Kind == store.OfEvent:
		n.Kind = kindOf(event.Result)
		n.of(event)
		n.Result, n.Error, n.Reached = event.Result, line(event.Error, longestText), &event.Reached
		n.Text = line(endText(event), longestText)
	}
	return n, n.Kind != ""
}

// id follows from the entry. The time is in it, since a store that was begun anew counts from 1 again.
func id(e store.Entry) string {
	return fmt.Sprintf("%d-%s", e.Number, strconv.FormatInt(e.At.UnixMilli(), 36))
}

// of takes over what an event says of itself.
func (n *Notification) of(e engine.Event) {
	n.Event, n.From, n.To = e.ID, e.From, e.To
	for _, r := range e.Reasons[:min(len(e.Reasons), mostReasons)] {
		if r.Metric != "" && r.Value != nil {
			if n.Metrics == nil {
				n.Metrics = map[string]float64{}
			}
			n.Metrics[r.Metric] = *r.Value
		}
		r.Message = line(r.Message, longestReason)
		n.Reasons = append(n.Reasons, r)
	}
}

func kindOf(r engine.Result) Kind {
	switch r {
	case engine.Succeeded:
		return Succeeded
	case engine.Failed:
		return Failed
	case engine.RolledBack, engine.Partial, engine.Interrupted:
		return RolledBack
	}
	return ""
}

// endText is how an event ended: web 2 → 3 failed after 30s, 2 run: no such image; wanted because cpu_usage is 85.
func endText(e engine.Event) string {
	how := map[engine.Result]string{
		engine.Succeeded: "done", engine.Failed: "failed", engine.RolledBack: "rolled back", engine.Partial: "done in part",
		engine.Interrupted: "interrupted",
	}[e.Result]
	took := e.Ended.Sub(e.Started).Round(time.Second)
	if e.Result == engine.Succeeded {
		return fmt.Sprintf("%s %s in %s%s", change(e), how, took, because(": ", e))
	}
	text := fmt.Sprintf("%s %s after %s, %d run", change(e), how, took, e.Reached)
	if e.Error != "" {
		return text + ": " + cut(e.Error, longestText/2) + because("; wanted because ", e)
	}
	return text + because(": ", e)
}

func change(e engine.Event) string { return fmt.Sprintf("%s %d → %d", e.Service, e.From, e.To) }

// because is why a change was decided; several strategies may say the same.
func because(before string, e engine.Event) string {
	var why []string
	for _, r := range e.Reasons {
		if text := line(r.Message, longestReason); text != "" && !slices.Contains(why, text) {
			why = append(why, text)
		}
	}
	if why == nil {
		return ""
	}
	return before + strings.Join(why, "; ")
}

func named(service, message string) string {
	if service == "" {
		return message
	}
	return service + ": " + message
}
