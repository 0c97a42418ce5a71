package trend

import (
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/formula"
)

// OfFormula makes the history of a metric that is computed from others, of what those were in each step.
func OfFormula(a Axis, m engine.Metric, of map[string]Metric, replicas []*int) Metric {
	line := a.line()
	f, err := formula.Parse(m.Expr)
	if err != nil {
		return Metric{Values: line}
	}
	counts := strings.Contains(m.Expr, "replicas.")
	for i := range a.Points {
		s := engine.Snapshot{Metrics: map[string]engine.Reading{}}
		if n := replicas[i]; n != nil {
			s.Service.Replicas = engine.Replicas{Current: *n, Ready: *n}
		} else if counts {
			continue
		}
		for _, name := range f.Metrics() {
			if other, found := of[name]; found && other.Values[i] != nil {
				s.Metrics[name] = engine.Reads(*other.Values[i])
			}
		}
		if r := f.Read(m, s); r.Status == engine.OK {
			line.set(i, *r.Value)
		}
	}
	return Metric{Values: line}
}
