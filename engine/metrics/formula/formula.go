// Package formula is the language in which an author computes a metric from others, such as
//
//	request_rate / max(replicas.ready, 1)
//
// It has numbers (2, 0.5, 1e6), the names of metrics (letters, digits and underscores), replicas.current, replicas.ready
// and replicas.starting, + - * / with their usual precedence, a minus before a value, parentheses, and the functions
// min(a, b, …), max(a, b, …) and abs(a). White space is free. A name with a dash can't be written: that is a subtraction.
//
// The package is pure. A Formula does not change, and may be read by many at a time.
package formula

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// Formula is a text that was parsed. The zero value reads as invalid.
type Formula struct {
	text    string
	root    *term
	metrics []string
}

// String is the text that was parsed.
func (f Formula) String() string { return f.text }

// Metrics are the names of the metrics that the formula uses, each once, in the order of the text.
func (f Formula) Metrics() []string { return slices.Clone(f.metrics) }

// Read computes the reading of m from those of the others in a snapshot.
//
// It is as good as the worst of them, where invalid is worse than missing, and missing than stale; Detail names those that
// are not ok, and why, in the order of the text. It has the least of their Samples and of their Reporting, and the greatest
// of their ages. A formula without metrics is ok, of no samples.
//
// Value is the formula over their values, Previous over their previous ones, and Forecast over their forecasts, each where
// all of them have one. SlopePerMinute is the first derivative by time, where all of them have a slope: exact, and where
// min, max or abs bend, the one of the time to come. The numbers of replicas are those of the snapshot all along.
//
// A division by zero makes the reading invalid, and so does anything on the way that is not a finite number, also where the
// end would be finite again. Detail says which part it was.
func (f Formula) Read(m engine.Metric, s engine.Snapshot) engine.Reading {
	if f.root == nil {
		return engine.Reading{Status: engine.Invalid, Detail: "there is no formula"}
	}
	inputs := make([]engine.Reading, len(f.metrics))
	for i, name := range f.metrics {
		inputs[i] = input(m, s, name)
	}
	r := f.worst(inputs)
	if r.Status != engine.OK {
		return r
	}
	value, err := f.over(inputs, s, func(r engine.Reading) *float64 { return r.Value })
	if err != nil {
		r.Status, r.Detail = engine.Invalid, err.Error()
		return r
	}
	r.Value = &value.value
	if finite(value.slope) {
		r.SlopePerMinute = &value.slope
	}
	if before, err := f.over(inputs, s, func(r engine.Reading) *float64 { return r.Previous }); err == nil {
		r.Previous = &before.value
	}
	if ahead, err := f.over(inputs, s, func(r engine.Reading) *float64 { return r.Forecast }); err == nil {
		r.Forecast = &ahead.value
	}
	return r
}

// input is what a snapshot says of one metric, held to its own rules: one that is ok has a finite value.
func input(m engine.Metric, s engine.Snapshot, name string) engine.Reading {
	r, found := s.Metrics[name]
	switch {
	case name == m.Name:
		return engine.Reading{Status: engine.Missing, Detail: "a metric can't be computed from itself"}
	case !found:
		return engine.Reading{Status: engine.Missing, Detail: "the snapshot does not have it"}
	case badness(r.Status) < 0:
		return engine.Reading{Status: engine.Missing, Detail: fmt.Sprintf("its status %q is not known", r.Status)}
	case r.Status == engine.OK && r.Value == nil:
		r.Status, r.Detail = engine.Missing, "it has no value"
	case r.Status == engine.OK && !finite(*r.Value):
		r.Status, r.Detail = engine.Invalid, "not a finite number"
	}
	return r
}

// worst is what is known of the reading without computing it.
func (f Formula) worst(inputs []engine.Reading) engine.Reading {
	worst := engine.Reading{Status: engine.OK}
	var doubts []string
	for i, r := range inputs {
		if i == 0 {
			worst.Samples, worst.Reporting = r.Samples, r.Reporting
		}
		worst.Samples = min(worst.Samples, r.Samples)
		worst.Reporting = min(worst.Reporting, r.Reporting)
		worst.AgeSeconds = max(worst.AgeSeconds, r.AgeSeconds)
		if badness(r.Status) > badness(worst.Status) {
			worst.Status = r.Status
		}
		if r.Status != engine.OK {
			doubts = append(doubts, doubt(f.metrics[i], r))
		}
	}
	worst.Detail = strings.Join(doubts, "; ")
	return worst
}

// badness orders the statuses; -1: there is no such one.
func badness(s engine.Status) int {
	return slices.Index([]engine.Status{engine.OK, engine.Stale, engine.Missing, engine.Invalid}, s)
}

func doubt(metric string, r engine.Reading) string {
	text := fmt.Sprintf("%s is %s", metric, r.Status)
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// over computes the formula with one number of each input, which moves along the input's slope. Without a slope it is not
// known how it moves, nor how the formula does.
func (f Formula) over(inputs []engine.Reading, s engine.Snapshot, of func(engine.Reading) *float64) (dual, error) {
	metrics := make(map[string]dual, len(inputs))
	known := true
	for i, r := range inputs {
		v := of(r)
		if v == nil || !finite(*v) {
			return dual{}, fmt.Errorf("%s has none", f.metrics[i])
		}
		d := dual{value: *v}
		if r.SlopePerMinute != nil {
			d.slope = *r.SlopePerMinute
		}
		known = known && r.SlopePerMinute != nil
		metrics[f.metrics[i]] = d
	}
	d, err := f.root.over(metrics, s.Service.Replicas)
	if !known {
		d.slope = math.NaN()
	}
	return d, err
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
