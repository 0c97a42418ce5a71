package monitor

import (
	"fmt"
	"math"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

var bars = []rune("▁▂▃▄▅▆▇█")

// plot is a line of bars of values between low and high, each in the colour of the side of its limits; a blank is a value that is
// not known.
func plot(values []float64, low, high float64, l limits, p paint) string {
	var b strings.Builder
	for i := 0; i < len(values); {
		if math.IsNaN(values[i]) {
			b.WriteByte(' ')
			i++
			continue
		}
		run, side := "", l.side(values[i])
		for ; i < len(values) && !math.IsNaN(values[i]) && l.side(values[i]) == side; i++ {
			run += string(bar(values[i], low, high))
		}
		switch side {
		case 1:
			run = p.bad(run)
		case -1:
			run = p.calm(run)
		}
		b.WriteString(run)
	}
	return b.String()
}

func bar(value, low, high float64) rune {
	share := 0.0
	if high > low {
		share = (value - low) / (high - low)
	}
	n := int(math.Round(share * float64(len(bars)-1)))
	return bars[min(max(n, 0), len(bars)-1)]
}

// reach is from where to where values lie, with bounds that are to be seen among them.
func reach(values []float64, bounds ...*float64) (low, high float64) {
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	for _, b := range bounds {
		if b != nil {
			low, high = min(low, *b), max(high, *b*1.25)
		}
	}
	return low, high
}

// gauge shows replicas against the bounds in so many columns at most: those that are ready, those that start, and the room that is
// left; | is where the minimum ends.
func gauge(ready, current, least, most, columns int) string {
	top := max(most, current)
	if top <= 0 || columns <= 0 {
		return ""
	}
	cells := min(top, columns)
	cell := func(n int) int { return (n*cells + top - 1) / top } // any replica at all is seen
	var b strings.Builder
	for i := range cells {
		switch {
		case i < cell(ready):
			b.WriteRune('█')
		case i < cell(current):
			b.WriteRune('▓')
		case i < cell(least):
			b.WriteRune('▒')
		default:
			b.WriteRune('░')
		}
	}
	return b.String()
}

// limits are what a metric is held against.
type limits struct {
	comparison engine.Comparison
	up, down   *float64
	target     *float64 // where there are no thresholds
}

// bound is the one that has a service grow; nil: there is none that can be compared with a value.
func (l limits) bound() *float64 {
	switch {
	case l.comparison == engine.PercentageChange:
		return nil
	case l.up != nil:
		return l.up
	}
	return l.target
}

// near says how near a value is to that bound: 1 is at it, more is past it. NaN: it can't be said.
func (l limits) near(value float64) float64 {
	bound := l.bound()
	switch {
	case bound == nil:
		return math.NaN()
	case l.comparison == engine.LessThan:
		return ratio(*bound, value)
	}
	return ratio(value, *bound)
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// side is 1 where a value asks for more replicas, -1 where it allows fewer, else 0.
func (l limits) side(value float64) int {
	sign := 1.0
	if l.comparison == engine.LessThan {
		sign = -1
	}
	switch {
	case l.comparison == engine.PercentageChange:
		return 0
	case l.up != nil && sign*value > sign**l.up:
		return 1
	case l.down != nil && sign*value < sign**l.down:
		return -1
	}
	return 0
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
