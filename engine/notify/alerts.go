package notify

import (
	"strings"
	"time"
)

// alert is one of Alertmanager's. Its labels are what it is known by: a recovery has those of its trouble.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    *time.Time        `json:"startsAt,omitempty"`
	EndsAt      time.Time         `json:"endsAt"`
}

const (
	troubleHolds = 30 * 24 * time.Hour // unless it recovers: without an end it would be over after five minutes
	eventHolds   = 15 * time.Minute    // a change that failed is no state: it is over by itself
)

// alerts are those of a content.
func alerts(c Content) []alert {
	if c.Notification != nil {
		return []alert{alertOf(*c.Notification)}
	}
	var all []alert
	for _, n := range c.Digest.Troubles {
		all = append(all, alertOf(n))
	}
	return append(all, alert{
		Labels:      map[string]string{"alertname": "FlyballDigest", "severity": "info"},
		Annotations: map[string]string{"summary": cut(strings.Join(c.Digest.lines(), "\n"), 2*longestText)},
		StartsAt:    &c.Digest.From, EndsAt: c.Digest.To.Add(eventHolds),
	})
}

func alertOf(n Notification) alert {
	a := alert{Labels: map[string]string{"severity": "warning"}, Annotations: map[string]string{"summary": n.Text}, StartsAt: &n.At}
	switch n.Kind {
	case PolicyError, Exhausted, Unavailable:
		a.Labels["alertname"], a.EndsAt = "Flyball"+n.Reason, n.At.Add(troubleHolds)
	case Recovered:
		a.Labels["alertname"], a.StartsAt, a.EndsAt = "Flyball"+n.Reason, nil, n.At
	default:
		name := "Scaling"
		if n.Kind == Test {
			name = ""
		}
		for _, word := range strings.Split(string(n.Kind), "_") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		if a.Labels["alertname"], a.EndsAt = "Flyball"+name, n.At.Add(eventHolds); n.Kind != Failed && n.Kind != RolledBack {
			a.Labels["severity"] = "info"
		}
	}
	for label, value := range map[string]string{"policy": n.Policy, "service": n.Service} {
		if value != "" {
			a.Labels[label] = value
		}
	}
	return a
}
