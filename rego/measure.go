package rego

import (
	"math"
	"strconv"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// Measured is a threshold beside what its metric reads now: the features that rules compare, computed once in Go.
type Measured struct {
	engine.Threshold
	Status   engine.Status `json:"status"`
	Ignored  bool          `json:"ignored"`            // not ok, and the author lets the policy scale down without it
	Observed *float64      `json:"observed,omitempty"` // the value, or its change in percent, to six significant digits; absent: abstains
	Share    float64       `json:"share"`              // the metric's weight over the weights of all thresholds
	Up       float64       `json:"up"`                 // severity 0..1: how far past scaleUp, relative to it
	Down     float64       `json:"down"`               // severity 0..1: how far past scaleDown, relative to it
	Detail   string        `json:"detail,omitempty"`   // why the metric is not ok
}

// Measure lays a policy's thresholds beside a snapshot.
//
// percentage_change observes 100·(value − previous)/|previous|, and abstains without a previous value or against 0.
//
// What is observed has six significant digits, and all else is made from that number: it is what rules compare, what
// severity is measured from and what people read, so that no message says that 70 is above 70. Whole numbers keep all
// their digits.
//
// Severity is the distance past the bound over the bound's size, from 0 (at the bound) to 1 (twice it, or further);
// past a bound of 0 it is 1. It is rounded up, so that it is above 0 exactly where the bound is crossed.
func Measure(p engine.Policy, s engine.Snapshot) []Measured {
	weights := 0.0
	for _, t := range p.Thresholds {
		m, _ := p.Metric(t.Metric)
		weights += m.Weight
	}
	measured := make([]Measured, len(p.Thresholds))
	for i, t := range p.Thresholds {
		metric, _ := p.Metric(t.Metric)
		reading, found := s.Metrics[t.Metric]
		if !found {
			reading.Status = engine.Missing
		}
		reading = trusted(reading)
		m := Measured{Threshold: t, Status: reading.Status}
		m.Ignored = m.Status != engine.OK && metric.OnMissing == "ignore"
		if weights > 0 {
			m.Share = metric.Weight / weights
		}
		if m.Status != engine.OK {
			m.Detail = brief(reading.Detail)
		}
		if v, ok := t.Observe(reading); ok {
			v = rounded(v)
			m.Observed = &v
			sign := 1.0
			if t.Comparison == engine.LessThan {
				sign = -1
			}
			m.Up = severity(sign*(v-t.ScaleUp), t.ScaleUp)
			m.Down = severity(sign*(t.ScaleDown-v), t.ScaleDown)
		}
		measured[i] = m
	}
	return measured
}

// rounded gives a fraction six significant digits, or, from a million on, those of the nearest whole number. A whole
// number stays as it is. So nothing is rounded past a whole number, nor past a bound of six digits.
func rounded(v float64) float64 {
	if v == math.Trunc(v) {
		return v + 0 // minus zero is zero
	}
	if math.Abs(v) >= 1e6 {
		return math.Round(v)
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64) // it was made from a float, and is far from the largest
	return v
}

// brief cuts a source's words, so that no reason made of them can get too long for an answer.
func brief(detail string) string {
	const most = 200 // bytes
	if len(detail) <= most {
		return detail
	}
	return strings.ToValidUTF8(detail[:most], "") + "…"
}

func severity(past, bound float64) float64 {
	switch {
	case past <= 0:
		return 0
	case bound == 0:
		return 1
	}
	const steps = 1e4 // rules pay for every digit
	return max(1, math.Ceil(steps*min(1, past/math.Abs(bound)))) / steps
}
