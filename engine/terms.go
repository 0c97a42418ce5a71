package engine

import (
	"math"
	"slices"
	"time"
)

// Terms are what a record must be read with later, when its policy may have become another.
type Terms struct {
	Min   int           `json:"min"`             // the bounds
	Max   int           `json:"max"`             //
	Every time.Duration `json:"every"`           // the evaluation interval
	Load  Load          `json:"load,omitempty"`  // absent: the policy has no thresholds
	Alone string        `json:"alone,omitempty"` // the one metric without which all thresholds would be past scaleDown
}

// Load says how what was read stands to the thresholds of a policy.
type Load string

const (
	LoadPast    Load = "past"    // a threshold at least is past its scaleUp
	LoadWithin  Load = "within"  // none is, and all could be read
	LoadUnknown Load = "unknown" // none is that could be read, and some could not
)

// Terms are those of a policy at what its metrics read.
func (p Policy) Terms(readings map[string]Reading) Terms {
	t := Terms{Min: p.MinReplicas, Max: p.MaxReplicas, Every: p.EvaluationInterval}
	t.Load, t.Alone = p.load(readings)
	return t
}

// load lays the thresholds beside what their metrics read. A metric that its author lets the policy go on without counts
// where it can be read only.
func (p Policy) load(readings map[string]Reading) (load Load, alone string) {
	if len(p.Thresholds) == 0 {
		return "", ""
	}
	read, unread, short := 0, 0, 0
	var others []string // metrics of which a threshold is not past scaleDown
	for _, t := range p.Thresholds {
		m, _ := p.Metric(t.Metric)
		value, ok := t.Observe(readings[t.Metric])
		switch {
		case !ok && m.OnMissing == "ignore":
			continue
		case !ok:
			unread++
		case t.past(value):
			return LoadPast, ""
		default:
			read++
		}
		if ok && t.short(value) {
			short++
		} else if !slices.Contains(others, t.Metric) {
			others = append(others, t.Metric)
		}
	}
	if len(others) == 1 && short > 0 {
		alone = others[0]
	}
	if unread > 0 || read == 0 {
		return LoadUnknown, alone
	}
	return LoadWithin, alone
}

// Observe is what a threshold compares with its bounds: the value of its metric, or its change in percent of what it was
// before; false where there is none.
func (t Threshold) Observe(r Reading) (float64, bool) {
	switch {
	case r.Status != OK || r.Value == nil:
		return 0, false
	case t.Comparison != PercentageChange:
		return *r.Value, true
	case r.Previous == nil || *r.Previous == 0:
		return 0, false
	}
	change := 100 * (*r.Value - *r.Previous) / math.Abs(*r.Previous)
	return change, !math.IsInf(change, 0) && !math.IsNaN(change)
}

// past says that a value is beyond scaleUp.
func (t Threshold) past(value float64) bool {
	if t.Comparison == LessThan {
		return value < t.ScaleUp
	}
	return value > t.ScaleUp
}

// short says that a value is beyond scaleDown.
func (t Threshold) short(value float64) bool {
	if t.Comparison == LessThan {
		return value > t.ScaleDown
	}
	return value < t.ScaleDown
}

// Unseen is how long nobody may have looked at a service that is looked at so often until what was known of it counts
// no more: a few evaluations.
func Unseen(every time.Duration) time.Duration { return max(3*every, time.Minute) }
