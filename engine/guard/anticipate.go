package guard

import (
	"fmt"

	"github.com/flyball-dev/flyball/engine"
)

// anticipate keeps a scale-down from causing the next scale-up: what each perReplica metric would read on fewer
// replicas must not cross its scaleUp. Otherwise the lowest count that is safe is taken.
func anticipate(s situation, wish int) ruling {
	if wish >= s.current {
		return ruling{to: wish}
	}
	to, reason, message := wish, "", ""
	for to < s.current {
		t, projected, flaps := rebound(s, to)
		if !flaps {
			break
		}
		to++
		reason = "AnticipatedFlap"
		message = fmt.Sprintf("%s would read %.4g on %s, past scaleUp %g", t.Metric, projected, replicas(to-1), t.ScaleUp)
	}
	return ruling{to, reason, message}
}

// rebound finds a threshold that a smaller count would cross. The load of n serving replicas spread over fewer of them
// reads value · n / count; a metric that falls under load (less_than) reads value · count / n.
func rebound(s situation, count int) (engine.Threshold, float64, bool) {
	serving := s.snapshot.Service.Replicas.Ready
	if serving == 0 {
		serving = s.current
	}
	ratio := float64(serving) / float64(count)
	if count == 0 || ratio <= 1 {
		return engine.Threshold{}, 0, false
	}
	for _, t := range s.policy.Thresholds {
		m, _ := s.policy.Metric(t.Metric)
		r := s.snapshot.Metrics[t.Metric]
		if m.Scope != engine.PerReplica || m.Aggregation == "sum" || r.Status != engine.OK || r.Value == nil {
			continue
		}
		switch t.Comparison {
		case engine.GreaterThan:
			if v := *r.Value * ratio; v > t.ScaleUp {
				return t, v, true
			}
		case engine.LessThan:
			if v := *r.Value / ratio; v < t.ScaleUp {
				return t, v, true
			}
		}
	}
	return engine.Threshold{}, 0, false
}
