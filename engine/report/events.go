package report

import (
	"iter"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Soon is how soon after a change one in the other direction is a flap.
const Soon = 600 * time.Second

// Events counts events by who wanted them and how they ended.
type Events struct {
	Up       int `json:"up"`   // the rules'
	Down     int `json:"down"` // the rules'
	ByHand   int `json:"byHand"`
	Restored int `json:"restored"` // what went without flyball and was put back
	Seen     int `json:"seen"`     // somebody else's

	Partial     int `json:"partial"`
	Failed      int `json:"failed"`
	RolledBack  int `json:"rolledBack"`
	Interrupted int `json:"interrupted"`
	Open        int `json:"open"`
}

// within are the events that began in the range.
func within(events []engine.Event, from, to time.Time) iter.Seq[engine.Event] {
	return func(yield func(engine.Event) bool) {
		for _, e := range events {
			if !e.Started.Before(from) && e.Started.Before(to) && !yield(e) {
				return
			}
		}
	}
}

// ours says that the rules wanted it.
func ours(e engine.Event) bool { return e.Request == nil && e.Result != engine.Seen }

// tally counts the events that began in the range. all may have more, to which those in the range are compared.
func (a *Account) tally(all, done []engine.Event) {
	ended, succeeded := 0, 0
	var ready []time.Duration
	for _, e := range done {
		switch {
		case e.Result == engine.Seen:
			a.Events.Seen++
			continue
		case e.Request != nil && e.Request.Kind == engine.Restore:
			a.Events.Restored++
		case e.Request != nil:
			a.Events.ByHand++
		case e.Action == engine.ScaleUp:
			a.Events.Up++
		case e.Action == engine.ScaleDown:
			a.Events.Down++
		}
		if e.Result == "" {
			a.Events.Open++
			continue
		}
		ended++
		switch e.Result {
		case engine.Succeeded:
			succeeded++
			if e.Action == engine.ScaleUp {
				ready = append(ready, e.Ended.Sub(e.Started))
			}
		case engine.Partial:
			a.Events.Partial++
		case engine.Failed:
			a.Events.Failed++
		case engine.RolledBack:
			a.Events.RolledBack++
		case engine.Interrupted:
			a.Events.Interrupted++
		}
	}
	if len(done) > 0 {
		a.Flaps = flaps(all, done[0].Started, done[len(done)-1].Started)
	}
	if a.Watched.Seconds > 0 {
		a.FlapsPerHour = float64(a.Flaps) / a.Watched.Seconds * 3600
	}
	if a.Mode == engine.Shadow { // on paper everything succeeds at once
		return
	}
	if ended > 0 {
		rate := float64(succeeded) / float64(ended)
		a.SuccessRate = &rate
	}
	if len(ready) > 0 {
		slices.Sort(ready)
		median := ((ready[(len(ready)-1)/2] + ready[len(ready)/2]) / 2).Seconds()
		a.ReadySeconds = &median
	}
}

// flaps counts the changes of the rules, begun from first to last, that go the other way soon after the one before ended.
// One of which nothing came is none.
func flaps(events []engine.Event, first, last time.Time) int {
	n := 0
	var before engine.Event
	for _, e := range events {
		if !ours(e) || e.Result != "" && e.Reached == e.From {
			continue
		}
		turns := before.Action != "" && e.Action != before.Action && e.Started.Sub(before.Ended) <= Soon
		if turns && !e.Started.Before(first) && !e.Started.After(last) {
			n++
		}
		before = e
	}
	return n
}
