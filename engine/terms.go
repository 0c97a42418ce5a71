package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Terms are what a record must be read with later, when its policy may have become another.
type Terms struct {
	Min   int           `json:"min"`             // the bounds
	Max   int           `json:"max"`             //
	Every time.Duration `json:"every"`           // the evaluation interval
	Load  Load          `json:"load,omitempty"`  // absent: the policy compares nothing
	Alone string        `json:"alone,omitempty"` // the one metric without which all would ask for fewer replicas
}

// Load says how what was read stands to what a policy compares it with.
type Load string

const (
	LoadPast    Load = "past"    // a metric at least asks for more replicas
	LoadWithin  Load = "within"  // none does, and all could be read
	LoadUnknown Load = "unknown" // none does that could be read, and some could not
)

// Terms are those of a policy at what it sees.
func (p Policy) Terms(s Snapshot) Terms {
	t := Terms{Every: p.EvaluationInterval}
	t.Min, t.Max = p.Bounds(s.Schedule)
	t.Load, t.Alone = p.load(s)
	return t
}

// Bounds are those of the policy, or of what its schedule says; nil: it has none. What is warmed up for may lie above the maximum
// that still holds: that is what it is warmed up for.
func (p Policy) Bounds(s *Scheduled) (low, high int) {
	if s == nil {
		return p.MinReplicas, p.MaxReplicas
	}
	high = cmp.Or(s.MaxReplicas, p.MaxReplicas)
	if s.Prewarming {
		high = max(high, s.MinReplicas)
	}
	return min(cmp.Or(s.MinReplicas, p.MinReplicas), high), high
}

// load sums up what all metrics say. One that its author lets the policy go on without counts where it can be read only.
func (p Policy) load(s Snapshot) (load Load, alone string) {
	said := p.Says(s)
	if len(said) == 0 {
		return "", ""
	}
	read, unread, fewer := 0, 0, 0
	var others []string // metrics that do not ask for fewer replicas
	for _, one := range said {
		m, _ := p.Metric(one.Metric)
		switch {
		case !one.Read && m.OnMissing == "ignore":
			continue
		case one.More:
			return LoadPast, ""
		case one.Read:
			read++
		default:
			unread++
		}
		if one.Fewer {
			fewer++
		} else if !slices.Contains(others, one.Metric) {
			others = append(others, one.Metric)
		}
	}
	if len(others) == 1 && fewer > 0 {
		alone = others[0]
	}
	if unread > 0 || read == 0 {
		return LoadUnknown, alone
	}
	return LoadWithin, alone
}

// Saying is what a threshold, a target or bands make of their metric.
type Saying struct {
	Metric      string
	Value       float64 // that is compared
	Read        bool    // there is a value
	More, Fewer bool    // replicas, it asks for
	Down        string  // where it asks for fewer, in words
}

// Says is what all of them make of a snapshot: past scaleUp and past scaleDown, beyond the target and its tolerance,
// above the lowest band that adds and under the highest that removes.
func (p Policy) Says(s Snapshot) []Saying {
	var all []Saying
	for _, t := range p.Thresholds {
		v, ok := t.Observe(s.Metrics[t.Metric])
		one := Saying{t.Metric, v, ok, ok && v > t.ScaleUp, ok && v < t.ScaleDown, fmt.Sprintf("scaleDown is %g", t.ScaleDown)}
		if t.Comparison == LessThan {
			one.More, one.Fewer = ok && v < t.ScaleUp, ok && v > t.ScaleDown
		}
		all = append(all, one)
	}
	for _, t := range p.Targets {
		m, _ := p.Metric(t.Metric)
		v, ok := value(s.Metrics[t.Metric])
		if m.Whole() { // of which each replica has its share
			v /= float64(max(1, s.Service.Replicas.Current))
		}
		down := fmt.Sprintf("the target is %g, less its tolerance %.4g", t.Value, t.Value*(1-t.Tolerance))
		all = append(all, Saying{t.Metric, v, ok, ok && v > t.Value*(1+t.Tolerance), ok && v < t.Value*(1-t.Tolerance), down})
	}
	for _, b := range p.Bands {
		v, ok := value(s.Metrics[b.Metric])
		below, above := b.Edges()
		down := "no band removes"
		if below != nil {
			down = fmt.Sprintf("the highest band that removes is below %g", *below)
		}
		all = append(all, Saying{b.Metric, v, ok, ok && above != nil && v > *above, ok && below != nil && v < *below, down})
	}
	return all
}

// Whole says whether a metric's value is the whole service's: by its scope, or because its aggregation adds the replicas up.
func (m Metric) Whole() bool {
	return m.Scope == Total || m.Scope == PerReplica && (m.Aggregation == "sum" || m.Aggregation == "rate")
}

// Shares says whether a metric reads what each of the policy's replicas has of a load that is shared out over them.
func (p Policy) Shares(m Metric) bool {
	return m.Scope == PerReplica && !m.Whole() && (m.Service == p.Service || m.Service == "")
}

func value(r Reading) (float64, bool) {
	if r.Status != OK || r.Value == nil {
		return 0, false
	}
	return *r.Value, true
}

// Observe is what a threshold compares with its bounds: the value of its metric, or its change in percent of what it was
// before; false where there is none.
func (t Threshold) Observe(r Reading) (float64, bool) {
	v, ok := value(r)
	switch {
	case !ok || t.Comparison != PercentageChange:
		return v, ok
	case r.Previous == nil || *r.Previous == 0:
		return 0, false
	}
	change := 100 * (v - *r.Previous) / math.Abs(*r.Previous)
	return change, !math.IsInf(change, 0) && !math.IsNaN(change)
}

// Unseen is how long nobody may have looked at a service that is looked at so often until what was known of it counts
// no more: a few evaluations.
func Unseen(every time.Duration) time.Duration { return max(3*every, time.Minute) }
