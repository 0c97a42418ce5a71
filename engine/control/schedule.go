package control

import (
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Scheduled is what the windows of a schedule say at an instant: nil where there is no schedule. Where several hold, the highest
// MinReplicas and the lowest MaxReplicas do.
func Scheduled(schedule []engine.Window, at time.Time) *engine.Scheduled {
	if len(schedule) == 0 {
		return nil
	}
	s := &engine.Scheduled{}
	for _, w := range schedule {
		open := covers(w, at)
		warm := !open && w.Prewarm > 0 && w.MinReplicas > 0 && begins(w, at, at.Add(w.Prewarm))
		if !open && !warm {
			continue
		}
		s.Windows = append(s.Windows, w.Name)
		if w.MinReplicas > s.MinReplicas || w.MinReplicas == s.MinReplicas && s.Prewarming && !warm {
			s.MinReplicas, s.Window, s.Prewarming = w.MinReplicas, w.Name, warm
		}
		if warm {
			continue
		}
		if w.MaxReplicas > 0 && (s.MaxReplicas == 0 || w.MaxReplicas < s.MaxReplicas) {
			s.MaxReplicas = w.MaxReplicas
		}
		if s.Pause == "" {
			s.Pause = w.Pause
		}
	}
	return s
}

// covers says whether a window holds at an instant: one that began today, or yesterday and goes past midnight.
func covers(w engine.Window, at time.Time) bool {
	for _, back := range []int{0, -1} {
		from, to, holds := on(w, at, back)
		if holds && !at.Before(from) && at.Before(to) {
			return true
		}
	}
	return false
}

// begins says whether a window begins in (after, until].
func begins(w engine.Window, after, until time.Time) bool {
	for day := 0; day <= int(until.Sub(after)/(24*time.Hour))+1; day++ {
		if from, _, holds := on(w, after, day); holds && from.After(after) && !from.After(until) {
			return true
		}
	}
	return false
}

// Edge is an instant at which a window of a schedule opens, closes, or begins to be warmed up for.
type Edge struct {
	At     time.Time
	Window engine.Window
	What   string // opens, closes, is warmed up for
}

// Edges are those of a schedule in (after, until], in order.
func Edges(schedule []engine.Window, after, until time.Time) []Edge {
	var edges []Edge
	for _, w := range schedule {
		for day := -1; day <= int(until.Sub(after)/(24*time.Hour))+2; day++ {
			from, to, holds := on(w, after, day)
			if !holds {
				continue
			}
			edges = append(edges, Edge{from, w, "opens"}, Edge{to, w, "closes"})
			if w.Prewarm > 0 && w.MinReplicas > 0 {
				edges = append(edges, Edge{from.Add(-w.Prewarm), w, "is warmed up for"})
			}
		}
	}
	edges = slices.DeleteFunc(edges, func(e Edge) bool { return !e.At.After(after) || e.At.After(until) })
	slices.SortStableFunc(edges, func(a, b Edge) int { return a.At.Compare(b.At) })
	return edges
}

// on is the window that begins so many days after the local day of an instant; false where that day has none.
func on(w engine.Window, at time.Time, days int) (from, to time.Time, holds bool) {
	year, month, day := at.In(w.Zone.In()).Date()
	date := time.Date(year, month, day+days, 0, 0, 0, 0, time.UTC) // local midnight may be among the times that are skipped
	until := date
	if w.To <= w.From {
		until = date.AddDate(0, 0, 1)
	}
	return reaches(date.Add(w.From), w.Zone.In()), reaches(until.Add(w.To), w.Zone.In()), named(w, date)
}

// reaches is when the clocks of a zone first show a time, or something later: of a time that comes twice the first, and of one
// that is skipped the moment at which it is. The time is written as if it were UTC.
func reaches(clock time.Time, zone *time.Location) time.Time {
	year, month, day := clock.Date()
	t := time.Date(year, month, day, clock.Hour(), clock.Minute(), 0, 0, zone)
	began, ends := t.ZoneBounds()
	_, offset := t.Zone()
	switch shown := t.Unix() + int64(offset); { // which of its neighbours a skipped time becomes is not defined
	case shown < clock.Unix():
		return ends
	case shown > clock.Unix():
		return began
	case began.IsZero():
		return t
	}
	_, before := began.Add(-time.Second).Zone()
	if earlier := t.Add(time.Duration(offset-before) * time.Second); earlier.Before(began) {
		return earlier
	}
	return t
}

// named says whether a window begins on a day.
func named(w engine.Window, day time.Time) bool {
	if len(w.Dates) > 0 {
		return slices.Contains(w.Dates, day.Format(time.DateOnly))
	}
	return len(w.Days) == 0 || slices.Contains(w.Days, day.Weekday())
}
