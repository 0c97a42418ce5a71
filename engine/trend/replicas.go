package trend

import (
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Known is what is known of a number of replicas beside events.
type Known struct {
	Since time.Time     // somebody looked from here on
	Seen  *engine.Count // how many there were when somebody last looked; nil: nobody has
	Until time.Time     // so long that is believed
}

// Replicas are how many there were at each instant. An event tells of two: when it began there were so many as it says, and when
// it ended so many as were reached. In between, and before the first, there were as many as the nearest tells that knew; nil
// where nobody looked.
func Replicas(a Axis, events []engine.Event, known Known) []*int {
	var facts []engine.Count
	if known.Seen != nil {
		facts = append(facts, *known.Seen) // before the events that what was seen led to
	}
	events = slices.SortedStableFunc(slices.Values(events), func(a, b engine.Event) int { return a.Started.Compare(b.Started) })
	for _, e := range events {
		facts = append(facts, engine.Count{Replicas: e.From, At: e.Started})
		if !e.Ended.IsZero() {
			facts = append(facts, engine.Count{Replicas: e.Reached, At: e.Ended})
		}
	}
	slices.SortStableFunc(facts, func(a, b engine.Count) int { return a.At.Compare(b.At) })
	all := make([]*int, a.Points)
	if len(facts) == 0 {
		return all
	}
	until := facts[len(facts)-1].At
	if known.Until.After(until) {
		until = known.Until
	}
	next := 0
	for i := range all {
		at := a.At(i)
		for next < len(facts) && !facts[next].At.After(at) {
			next++
		}
		switch {
		case at.After(until), next == 0 && at.Before(known.Since):
		case next == 0:
			all[i] = &facts[0].Replicas
		default:
			all[i] = &facts[next-1].Replicas
		}
	}
	return all
}
