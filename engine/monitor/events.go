package monitor

import (
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// mostTold is how many lines one event takes at most.
const mostTold = 3

// eventLines are what has happened, the newest first, in so many lines at least where there are as many.
func (s *Screen) eventLines(columns, enough int) []line {
	var lines []line
	for _, e := range slices.Backward(s.board.notes) {
		if len(lines) >= enough {
			break
		}
		told := wrap(when(e.At, s.now, s.zone)+" ", "  ", happened(e), columns)
		if len(told) > mostTold {
			told = told[:mostTold]
			told[mostTold-1] = cut(told[mostTold-1], columns-1) + "…"
		}
		lines = append(lines, plain(told, s.kind(e))...)
	}
	if lines == nil {
		lines = []line{{text: "nothing has happened yet", paint: s.paint.faint}}
	}
	return lines
}

// when is the time of day, or the day where that is another one.
func when(at, now time.Time, zone *time.Location) string {
	at, now = at.In(zone), now.In(zone)
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format(time.TimeOnly)
	}
	return at.Format("Jan _2 15:04")
}

// happened is an entry of the audit log in one line: whom it is about, what and why, and who did it where that was no policy, nor
// somebody unknown.
func happened(e store.Entry) string {
	about := clean(e.Service)
	if e.Policy != "" && e.Policy != e.Service {
		about = strings.TrimSpace(about + " (" + clean(e.Policy) + ")")
	}
	text := clean(e.Message)
	if about != "" && !strings.HasPrefix(text, clean(e.Service)+" is ") { // web is paused, which says it
		text = about + " " + text
	}
	by := " by " + clean(e.Actor)
	if e.Actor == "" || e.Actor == "not flyball" || strings.HasPrefix(e.Actor, "policy ") || strings.Contains(text+" ", by+" ") {
		return text
	}
	return text + "," + by
}

// kind is the colour of an entry.
func (s *Screen) kind(e store.Entry) func(string) string {
	failed := func(r engine.Result) bool { return strings.Contains(e.Message, " "+string(r)) }
	switch {
	case e.Kind == store.OfTrouble, e.Kind == store.OfEvent && (failed(engine.Failed) || failed(engine.RolledBack) || failed(engine.Interrupted)):
		return s.paint.bad
	case e.Kind == store.OfEvent && failed(engine.Partial):
		return s.paint.wary
	case e.Kind == store.OfRecovery, e.Kind == store.OfEvent:
		return s.paint.good
	case e.Kind == store.OfDecision:
		return s.paint.busy
	case e.Kind == store.OfPause, e.Kind == store.OfSwitch:
		return s.paint.held
	}
	return nil
}
