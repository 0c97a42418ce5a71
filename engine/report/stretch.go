package report

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// stretch is a time in which a decision stood and the number of replicas was one.
type stretch struct {
	from, to time.Time
	replicas int
	record   *engine.Record
}

func (s stretch) length() time.Duration { return s.to.Sub(s.from) }

// stretched lays rows out over a range, in which they leave the gaps that nobody watched. While a change is under way the
// larger of its counts counts, after it what it reached.
func stretched(rows []Row, events []engine.Event, from, to time.Time) []stretch {
	var all []stretch
	add := func(begin, end time.Time, replicas int, r *engine.Record) {
		s := stretch{later(begin, from), earlier(end, to), replicas, r}
		if s.from.Before(s.to) {
			all = append(all, s)
		}
	}
	for i := range rows {
		r := &rows[i].Record
		change, begun := changeOf(rows[i], events)
		seen := rows[i].Last
		if begun && change.Result != engine.Interrupted { // where its end is when somebody looked again
			seen = later(seen, change.Ended)
		}
		end := seen.Add(r.Terms.Every)
		if i+1 < len(rows) {
			if next := rows[i+1].First; next.Sub(seen) <= engine.Unseen(r.Terms.Every) || end.After(next) {
				end = next
			}
		}
		switch {
		case r.Decision.Action == engine.Hold:
			add(rows[i].First, end, r.Decision.From, r)
		case !begun:
			add(rows[i].First, end, r.Decision.To, r)
		case change.Ended.IsZero():
			add(rows[i].First, end, max(change.From, change.To), r)
		default:
			ended := earlier(later(change.Ended, rows[i].First), end)
			add(rows[i].First, ended, max(change.From, change.To), r)
			add(ended, end, change.Reached, r)
		}
	}
	return all
}

// changeOf is the event that a row's decision began, or, where it was decided anew, goes on with.
func changeOf(r Row, events []engine.Event) (engine.Event, bool) {
	if r.Record.Decision.Action == engine.Hold {
		return engine.Event{}, false
	}
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		if e.Result != engine.Seen && !e.Started.After(r.First) && (e.Ended.IsZero() || !e.Ended.Before(r.First)) {
			return e, true
		}
	}
	return engine.Event{}, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
