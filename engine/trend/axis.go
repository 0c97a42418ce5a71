// Package trend makes lines of what is on record: one value for each step of an axis, of metrics and of replicas. It is pure.
package trend

import (
	"math"
	"strconv"
	"time"
)

// Axis is instants at equal distances up to the last one. Each ends a step, which does not hold its beginning: a line knows
// nothing of what comes after an instant.
type Axis struct {
	To     time.Time
	Step   time.Duration
	Points int // at least 1
}

// Over is the axis of a stretch of time in so many points at most, with steps of whole seconds that are not shorter than least.
func Over(from, to time.Time, points int, least time.Duration) Axis {
	to = to.Truncate(time.Second)
	long := max(to.Sub(from), time.Second)
	step := max(up(long, time.Duration(points)*time.Second)*time.Second, least)
	return Axis{To: to, Step: step, Points: int(up(long, step))}
}

// up divides, and rounds up.
func up(a, b time.Duration) time.Duration { return (a + b - 1) / b }

// At is one of its instants, from 0 on.
func (a Axis) At(i int) time.Time { return a.To.Add(time.Duration(i-a.Points+1) * a.Step) }

// Line is a value for each instant; nil where nothing is known.
type Line []*float64

// line is one of which nothing is known.
func (a Axis) line() Line { return make(Line, a.Points) }

// digits are significant ones of a value: samples are kept with four, and a picture has no use for more than these.
const digits = 6

// set says what a value is. One that is not finite says nothing.
func (l Line) set(i int, value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	if short, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', digits, 64), 64); err == nil {
		value = short
	}
	l[i] = &value
}
