package backtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/formula"
)

// modelled is what the model has of each type of metric.
var modelled = map[string]signal{
	"cpu":           cpu,
	"request_rate":  requestRate,
	"queue_length":  queueLength,
	"response_time": waitingTime,
}

// fit leaves out of a policy what the model does not have, and notes it. constants are values, by metric, of what the author
// says is always so. An error says that nothing is left to decide with.
func fit(p engine.Policy, constants map[string]float64) (engine.Policy, []source, []string, error) {
	var sources []source
	var notes []string
	var kept []engine.Metric
	gone := map[string]bool{}
	for _, m := range p.Metrics {
		if why := missing(m, p, constants, gone); why != "" {
			gone[m.Name] = true
			notes = append(notes, fmt.Sprintf("%s is left out: %s", m.Name, why))
			continue
		}
		kept = append(kept, m)
		if !m.Computed() {
			sources = append(sources, sourceOf(m, constants))
		}
	}
	before := len(p.Thresholds) + len(p.Targets) + len(p.Bands)
	p.Metrics = kept
	p.Thresholds = slices.DeleteFunc(slices.Clone(p.Thresholds), func(t engine.Threshold) bool { return gone[t.Metric] })
	p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(t engine.Target) bool { return gone[t.Metric] })
	p.Bands = slices.DeleteFunc(slices.Clone(p.Bands), func(b engine.Bands) bool { return gone[b.Metric] })
	if left := len(p.Thresholds) + len(p.Targets) + len(p.Bands); before > 0 && left == 0 {
		return p, nil, notes, fmt.Errorf("policy %s has nothing left to decide with: %s", p.Name, strings.Join(notes, "; "))
	}
	return p, sources, notes, nil
}

// missing says why the model does not have a metric; empty: it has.
func missing(m engine.Metric, p engine.Policy, constants map[string]float64, gone map[string]bool) string {
	if _, given := constants[m.Name]; given {
		return ""
	}
	if m.Expr != "" {
		f, err := formula.Parse(m.Expr)
		if err != nil {
			return err.Error()
		}
		for _, name := range f.Metrics() {
			if gone[name] {
				return fmt.Sprintf("it is computed from %s", name)
			}
		}
	}
	_, found := modelled[m.Type]
	mend := fmt.Sprintf("; --metric %s=VALUE gives it a value", m.Name)
	switch {
	case m.Computed():
		return ""
	case m.Service != p.Service:
		return "it is of another service, " + m.Service + mend
	case m.Aggregation == "rate":
		return "it is a counter" + mend
	case !found:
		return "the model has no " + m.Type + mend
	}
	return ""
}

func sourceOf(m engine.Metric, constants map[string]float64) source {
	s := source{name: m.Name, of: modelled[m.Type], memory: int(2*m.Window.Seconds()) + 10}
	if v, given := constants[m.Name]; given {
		s.constant = &v
	}
	return s
}

// unknown names a constant of no policy's metrics.
func unknown(entries []Entry, constants map[string]float64) error {
	var all []string
	for _, e := range entries {
		for _, m := range e.Policy.Metrics {
			all = append(all, m.Name)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, name := range slices.Sorted(maps.Keys(constants)) {
		if !slices.Contains(all, name) {
			return fmt.Errorf("no policy has a metric %q to be constant; there is %s", name, strings.Join(all, ", "))
		}
	}
	return nil
}
