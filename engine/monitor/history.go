package monitor

import (
	"math"
	"time"
)

const (
	points = 60               // that are remembered of a number
	step   = 30 * time.Second // from one to the next
	lapse  = points * step    // so long a past is shown

	// A number holds on for so many steps while nothing newer is told, as evaluations may be far apart.
	holds = 20
)

// history is what a number was lately: one value a step, of which the last one told wins. NaN: nothing is known.
type history struct {
	values [points]float64 // step n lies at n modulo points
	last   int64           // the number of the newest step; 0: none is known
}

func stepOf(at time.Time) int64 { return at.Unix() / int64(step/time.Second) }

// put notes what the number is at an instant; NaN where it is not known.
func (h *history) put(at time.Time, value float64) {
	n := stepOf(at)
	if h.last == 0 || n >= h.last+points {
		for i := range h.values {
			h.values[i] = math.NaN()
		}
		h.last = n
	}
	if n < h.last {
		return // the clock was set back
	}
	for between := h.last + 1; between < n; between++ {
		h.values[between%points] = h.held(between)
	}
	h.values[n%points], h.last = value, n
}

// held is what the number is at a step after the last one that is known.
func (h *history) held(n int64) float64 {
	if n-h.last > holds {
		return math.NaN()
	}
	return h.values[h.last%points]
}

// fill notes what the number was at an instant that lies back, where nothing is known of it yet.
func (h *history) fill(at time.Time, value float64) {
	n := stepOf(at)
	if h.last == 0 {
		h.put(at, value)
		return
	}
	if n <= h.last && n > h.last-points && math.IsNaN(h.values[n%points]) {
		h.values[n%points] = value
	}
}

// lately are the values up to now in so many cells, the oldest first. A cell is the mean of a whole number of steps, always of the
// same ones, so that a plot moves on and does not flicker.
func (h *history) lately(now time.Time, cells int) []float64 {
	if cells <= 0 || h.last == 0 {
		return nil
	}
	size := int64((points + cells - 1) / cells)
	end := stepOf(now)
	all := make([]float64, min(cells, points))
	for i := range all {
		first := (end/size - int64(len(all)-1-i)) * size
		sum, n := 0.0, 0
		for at := first; at < first+size && at <= end; at++ {
			if v := h.at(at); !math.IsNaN(v) {
				sum, n = sum+v, n+1
			}
		}
		if all[i] = math.NaN(); n > 0 {
			all[i] = sum / float64(n)
		}
	}
	return all
}

// at is the value of a step.
func (h *history) at(n int64) float64 {
	switch {
	case n > h.last:
		return h.held(n)
	case n <= h.last-points:
		return math.NaN()
	}
	return h.values[n%points]
}
