package metrics

import (
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const (
	slotSeconds = 300            // a season is made of slots of five minutes
	levelSlots  = 12             // the last hour says how this season compares with those before
	newestShare = 0.5            // what the newest season counts against all before it
	mostLevel   = 2.0            // and its inverse: what an unusual hour may change
	mostGaps    = 0.1            // of a season, in slots that nothing was heard in
	levelEnough = levelSlots / 2 // slots without which the level is that of the seasons before
)

// Seasonal are the metrics of a policy that a seasonal forecast is made of: those of its targets that can be, where it looks
// ahead at all.
func Seasonal(p engine.Policy) []engine.Metric {
	if p.Forecast.Season == 0 {
		return nil
	}
	var found []engine.Metric
	for _, t := range p.Targets {
		if m, known := p.Metric(t.Metric); known && m.Seasonal() {
			found = append(found, m)
		}
	}
	return found
}

// season is what a metric reads at each time of a day or a week: a seasonal naive forecast, smoothed over the seasons and moved
// to the level of the last hour (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, 5.2 and 8.1).
//
// The mean of a slot of five minutes joins the mean of the same slot in the seasons before, of which it is half. The forecast of
// a slot is that mean, times the ratio of the last hour's sum to what the seasons before had in the same slots. There is none
// before a whole season was heard of, nor with more than a tenth of it missing.
type season struct {
	slots  []float64 // means over the seasons, by slot
	known  []bool
	filled int

	slot   int64 // the one that is being filled, counted from 1970; 0: none yet
	sum    float64
	count  int
	recent [levelSlots]struct {
		slot           int64
		actual, before float64
	}
}

func newSeason(length time.Duration) *season {
	n := int(length / (slotSeconds * time.Second))
	return &season{slots: make([]float64, n), known: make([]bool, n)}
}

// add takes a sample. One that is late for its slot is left out.
func (s *season) add(at time.Time, value float64) {
	slot := at.Unix() / slotSeconds
	switch {
	case !finite(value) || slot < s.slot:
		return
	case slot > s.slot:
		s.close()
		s.slot, s.sum, s.count = slot, 0, 0
	}
	s.sum += value
	s.count++
}

// close ends the slot that is being filled.
func (s *season) close() {
	if s.count == 0 {
		return
	}
	i, actual := s.index(s.slot), s.sum/float64(s.count)
	if !s.known[i] {
		s.slots[i], s.known[i] = actual, true
		s.filled++
		return
	}
	last := &s.recent[s.slot%levelSlots]
	last.slot, last.actual, last.before = s.slot, actual, s.slots[i]
	s.slots[i] += newestShare * (actual - s.slots[i])
}

func (s *season) index(slot int64) int { return int(slot % int64(len(s.slots))) }

// expected is the highest forecast in (at, at+horizon]; nil where there is none.
func (s *season) expected(at time.Time, horizon time.Duration) *float64 {
	if float64(len(s.slots)-s.filled) > mostGaps*float64(len(s.slots)) {
		return nil
	}
	level := s.level(at)
	highest, found := 0.0, false
	for slot := at.Unix()/slotSeconds + 1; slot <= at.Add(horizon).Unix()/slotSeconds; slot++ {
		if i := s.index(slot); s.known[i] && (!found || s.slots[i]*level > highest) {
			highest, found = s.slots[i]*level, true
		}
	}
	if !found {
		return nil
	}
	return &highest
}

// level is how the last hour compares with the same hour of the seasons before.
func (s *season) level(at time.Time) float64 {
	actual, before, heard := 0.0, 0.0, 0
	oldest := at.Unix()/slotSeconds - levelSlots
	for _, r := range s.recent {
		if r.slot > oldest {
			actual, before, heard = actual+r.actual, before+r.before, heard+1
		}
	}
	if heard < levelEnough || before <= 0 || actual <= 0 {
		return 1
	}
	return max(1/mostLevel, min(mostLevel, actual/before))
}
