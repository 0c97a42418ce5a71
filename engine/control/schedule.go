package control

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// scheduled is what the windows of a schedule say at an instant: nil where there is no schedule. Where several hold, the highest
// MinReplicas and the lowest MaxReplicas do.
func scheduled(schedule []engine.Window, at time.Time) *engine.Scheduled {
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
		if w.MinReplicas > s.MinReplicas {
			s.MinReplicas, s.Prewarming = w.MinReplicas, warm
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

// on is the window that begins so many days after the local day of an instant; false where that day has none. Times that a
// change of the clocks skips are those of the clock before it.
func on(w engine.Window, at time.Time, days int) (from, to time.Time, holds bool) {
	local := at.In(w.Zone.In())
	year, month, day := local.Date()
	midnight := time.Date(year, month, day+days, 0, 0, 0, 0, w.Zone.In())
	clock := func(more int, since time.Duration) time.Time {
		return time.Date(year, month, day+days+more, int(since.Hours()), int(since.Minutes())%60, 0, 0, w.Zone.In())
	}
	next := 0
	if w.To <= w.From {
		next = 1
	}
	return clock(0, w.From), clock(next, w.To), named(w, midnight)
}

// named says whether a window begins on a day.
func named(w engine.Window, day time.Time) bool {
	for _, date := range w.Dates {
		if day.Format(time.DateOnly) == date {
			return true
		}
	}
	for _, weekday := range w.Days {
		if day.Weekday() == weekday {
			return true
		}
	}
	return len(w.Dates) == 0 && len(w.Days) == 0
}
