package engine

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Sample is one value of one signal at one time. Replica is empty for a signal of the whole service.
type Sample struct {
	Metric  string
	Replica string // container id
	At      time.Time
	Value   float64
}

// Kept is a sample as it is stored: to the millisecond, and to four significant digits, which compress well. The
// samples of a counter keep all their digits: a rate is a small difference of large numbers. Decisions are made of
// kept samples, so that what is stored gives the same ones again.
func (m Metric) Kept(s Sample) Sample {
	s.At = s.At.Truncate(time.Millisecond)
	if m.Aggregation == "rate" {
		return s
	}
	if v, err := strconv.ParseFloat(strconv.FormatFloat(s.Value, 'g', 4, 64), 64); err == nil {
		s.Value = v
	}
	return s
}

// Series is what one replica, or the service as a whole, said of a metric.
type Series struct {
	Subject string  `json:"subject"` // of the policy that it was sampled for
	Metric  string  `json:"metric"`
	Signal  string  `json:"signal"`            // what was measured: Metric.Signal
	Replica string  `json:"replica,omitempty"` // container id; absent: the service as a whole
	Points  []Point `json:"points"`            // oldest first
}

// Point is one value of a series.
type Point struct {
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

// Rollups are five-minute summaries of a series.
type Rollups struct {
	Subject string   `json:"subject"`
	Metric  string   `json:"metric"`
	Signal  string   `json:"signal"`
	Replica string   `json:"replica,omitempty"`
	Rollups []Rollup `json:"rollups"` // oldest first
}

// Rollup sums up the finite samples of five minutes.
type Rollup struct {
	From  time.Time `json:"from"` // a multiple of five minutes
	Count int       `json:"count"`
	Min   float64   `json:"min"`
	Max   float64   `json:"max"`
	Mean  float64   `json:"mean"`
}

// Range asks for what was kept of a policy's metrics in (From, To].
type Range struct {
	Subject string // of the policy
	Metric  string // empty: all
	Signal  string // empty: whatever the metric measured at the time
	From    time.Time
	To      time.Time
}

// Unread says why a metric could not be sampled.
type Unread struct {
	Metric string
	Query  string // empty: the metric has none
	Err    error
}

func (u Unread) Error() string {
	if u.Query == "" {
		return fmt.Sprintf("metric %s: %v", u.Metric, u.Err)
	}
	return fmt.Sprintf("metric %s, query %q: %v", u.Metric, u.Query, u.Err)
}

func (u Unread) Unwrap() error { return u.Err }

// Down says that a source itself does not answer, whatever it is asked: it is gone, overloaded, or refuses us.
type Down struct{ Err error }

func (d Down) Error() string { return d.Err.Error() }

func (d Down) Unwrap() error { return d.Err }

// FormatValue writes a number in four digits, or in as many as it has before the point.
func FormatValue(v float64) string {
	if size := math.Abs(v); size >= 1e4 && size < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
