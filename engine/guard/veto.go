package guard

import (
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// vetoes says whether a metric would keep the service from going down if no other did. It can't while the service is not
// above its minimum. A metric that nothing is held against is not asked.
func vetoes(s situation, m engine.Metric) (c engine.Condition, asked bool) {
	c = engine.Condition{Type: Vetoes, Metric: m.Name, Reason: "Permits"}
	r, found := s.snapshot.Metrics[m.Name]
	if !found {
		r.Status = engine.Missing
	}
	for _, said := range s.policy.Says(s.snapshot) {
		if said.Metric != m.Name {
			continue
		}
		asked = true
		if reason, message := objection(m, said, r); reason != "" && s.current > s.low {
			c.Status, c.Reason, c.Message = true, reason, message
		}
	}
	return c, asked
}

// objection is why a metric does not let the service down; empty: it does.
func objection(m engine.Metric, said engine.Saying, r engine.Reading) (reason, message string) {
	switch {
	case r.Status != engine.OK && m.OnMissing == "ignore":
		return "", ""
	case r.Status != engine.OK:
		return statusReason[r.Status], describe(m.Name, r)
	case !said.Read:
		return "NoBaseline", m.Name + " has nothing to be a percentage of"
	case !said.Fewer:
		return "NotPastScaleDown", fmt.Sprintf("%s is %.4g, %s", m.Name, said.Value, said.Down)
	}
	return "", ""
}

// longVeto is how long one metric may keep a service up before somebody should ask whether its threshold is right.
const longVeto = 24 * time.Hour

// Veto is the metric that alone keeps a service from going down, where it has been against it for a day: all others that
// are asked would let it go now. They need not have all that day, for most loads have their hours.
func Veto(conditions []engine.Condition, at time.Time) (c engine.Condition, found bool) {
	metrics, against := 0, 0
	for _, one := range conditions {
		if one.Type != Vetoes {
			continue
		}
		if metrics++; one.Status {
			against++
			c = one
		}
	}
	return c, metrics > 1 && against == 1 && at.Sub(c.Since) >= longVeto
}
