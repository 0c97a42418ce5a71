package guard

import (
	"fmt"

	"github.com/flyball-dev/flyball/engine"
)

// anticipate keeps a scale-down from causing the next scale-up: what each perReplica metric would read on fewer
// replicas must not cross a bound that asks for more. Otherwise the lowest count that is safe is taken.
func anticipate(s situation, wish int) ruling {
	if wish >= s.current {
		return ruling{to: wish}
	}
	to, reason, message := wish, "", ""
	for to < s.current {
		b, projected, flaps := rebound(s, to)
		if !flaps {
			break
		}
		to++
		reason = "AnticipatedFlap"
		message = fmt.Sprintf("%s would read %.4g on %s, past %s", b.metric, projected, replicas(to-1), b.name)
	}
	return ruling{to, reason, message}
}

// bound is where a metric asks for more replicas.
type bound struct {
	metric string
	value  float64
	name   string // in messages
	falls  bool   // it asks by falling under the value
}

// boundsOf is where the metrics of a policy ask for more. A change in percent is no level that could be crossed.
func boundsOf(p engine.Policy) []bound {
	var all []bound
	for _, t := range p.Thresholds {
		if t.Comparison != engine.PercentageChange {
			all = append(all, bound{t.Metric, t.ScaleUp, fmt.Sprintf("scaleUp %g", t.ScaleUp), t.Comparison == engine.LessThan})
		}
	}
	for _, t := range p.Targets {
		all = append(all, bound{t.Metric, t.Value * (1 + t.Tolerance), fmt.Sprintf("target %g and its tolerance", t.Value), false})
	}
	for _, b := range p.Bands {
		if _, above := b.Edges(); above != nil {
			all = append(all, bound{b.Metric, *above, fmt.Sprintf("the band above %g", *above), false})
		}
	}
	return all
}

// rebound finds a bound that a smaller count would cross. The load of n serving replicas spread over fewer of them
// reads value · n / count; a metric that falls under load (less_than) reads value · count / n.
func rebound(s situation, count int) (bound, float64, bool) {
	serving := s.snapshot.Service.Replicas.Ready
	if serving == 0 {
		serving = s.current
	}
	ratio := float64(serving) / float64(count)
	if count == 0 || ratio <= 1 {
		return bound{}, 0, false
	}
	for _, b := range boundsOf(s.policy) {
		m, _ := s.policy.Metric(b.metric)
		r := s.snapshot.Metrics[b.metric]
		if !s.policy.Shares(m) || r.Status != engine.OK || r.Value == nil {
			continue
		}
		if v := *r.Value * ratio; !b.falls && v > b.value {
			return b, v, true
		}
		if v := *r.Value / ratio; b.falls && v < b.value {
			return b, v, true
		}
	}
	return bound{}, 0, false
}
