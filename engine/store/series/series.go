// Package series is what all histories of samples have in common, whatever they are stored in: the samples wait in memory,
// fill chunks (package chunk) when they are flushed, and are read from both. It calls no clock.
//
// A series has full chunks, the open one that it fills, and the rollups of its full chunks, a day in UTC each. Those of the
// open chunk are made of its points when somebody asks.
package series

import (
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

const day = 24 * time.Hour

// ID tells one series from another.
type ID struct{ Subject, Metric, Signal, Replica string }

// Of says that a range asks for a series.
func (id ID) Of(r engine.Range) bool {
	return id.Subject == r.Subject && (r.Metric == "" || r.Metric == id.Metric) && (r.Signal == "" || r.Signal == id.Signal)
}

// compare sorts those of one subject.
func compare(a, b ID) int {
	for _, c := range []int{
		strings.Compare(a.Metric, b.Metric), strings.Compare(a.Signal, b.Signal), strings.Compare(a.Replica, b.Replica),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

// Span is from one time to another, both included, in milliseconds since 1970. The zero value is none.
type Span struct{ First, Last int64 }

// span is that of a range, whose beginning is not in it.
func span(r engine.Range) Span { return Span{r.From.UnixMilli() + 1, r.To.UnixMilli()} }

// ends is that of points in order.
func ends(points []engine.Point) Span {
	return Span{points[0].At.UnixMilli(), points[len(points)-1].At.UnixMilli()}
}

// dayOf is when the day of an instant begins.
func dayOf(at time.Time) int64 { return at.Truncate(day).UnixMilli() }
