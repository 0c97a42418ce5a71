package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// nomadChecks are those of one policy.
type nomadChecks struct {
	*policy
	asked       map[string]string // the metric of a question
	follow, far bool              // there is a target, there are bands
}

func (n *nomadChecks) strategy() string {
	switch {
	case n.follow && n.far:
		return `["target_tracking", "step"]`
	case n.far:
		return `"step"`
	}
	return `"target_tracking"`
}

func (n *nomadChecks) check(check labelled) {
	path := "check " + short(check.label)
	query := check.get("query")
	strategies := check.blocks("strategy")
	if query == nil && len(strategies) == 1 && strategies[0].label != "fixed-value" || len(strategies) != 1 {
		n.refuse(check.node, "%s takes a query and one strategy", path)
		return
	}
	n.unread(&n.metrics, check.node, path+".", "source", "query", "query_window", "strategy")
	s := strategies[0]
	switch s.label {
	case "target-value", "pass-through", "threshold":
	default:
		n.noEqual(&n.thresholds, s.node, "the strategy %s of %s; for a fixed number write it as minReplicas and maxReplicas, or as a window of schedule", short(s.label), path)
		return
	}
	metric, ok := n.metric(check, query, s.label)
	if !ok {
		return
	}
	switch s.label {
	case "target-value":
		n.targetValue(s, metric, path)
	case "pass-through":
		n.follow = true
		n.thresholds.comment("The metric is the number of replicas itself.")
		n.policy.target(metric, 1, 0)
	case "threshold":
		n.band(s, metric, path)
	}
}

// metric adds the signal that a check asks for, once.
func (n *nomadChecks) metric(check labelled, query *node, strategy string) (string, bool) {
	source := cmp.Or(check.get("source").word(), "nomad-apm")
	window := n.lasting(check.get("query_window"), "query_window", time.Second, nomadWindow)
	scope := "independent" // a ratio on the replicas there are, whatever is asked
	if strategy == "pass-through" {
		scope = "total"
	}
	key := fmt.Sprint(source, "\x00", query.text, "\x00", window, scope)
	if name, ok := n.asked[key]; ok {
		return name, true
	}
	var name string
	switch source {
	case "nomad-apm":
		how, kind, ok := apm(query.text)
		if !ok {
			n.without(query, "the query %s of nomad-apm; Docker gives cpu and memory", query)
			return "", false
		}
		n.differs(&n.metrics, query, "%s is of what Nomad allocates or the node has, and of what the replica may use at most here", query)
		name = n.signal(kind + "_usage")
		n.metrics.entry(pair("name", name), pair("type", kind), pair("source", "system"), pair("aggregation", how), pair("window", lasts(window)))
	case "prometheus":
		name = n.signal(check.label)
		n.metrics.entry(pair("name", name), pair("type", "custom"), pair("source", n.prometheus(query)), pair("query", query.text),
			pair("scope", scope), pair("aggregation", "last"), pair("window", hpaWindow))
	default:
		n.without(check.get("source"), "the source %s; flyball asks Prometheus, Redis, SQL and JSON over HTTP, or has values pushed", check.get("source"))
		return "", false
	}
	n.asked[key] = name
	return name, true
}

// apm reads a query of nomad-apm such as avg_cpu-allocated, or taskgroup_avg_cpu/GROUP/JOB.
func apm(query string) (how, kind string, ok bool) {
	query, _, _ = strings.Cut(strings.TrimPrefix(query, "taskgroup_"), "/")
	how, kind, _ = strings.Cut(query, "_")
	kind = strings.TrimSuffix(kind, "-allocated")
	return how, kind, slices.Contains([]string{"avg", "max", "min", "sum"}, how) && (kind == "cpu" || kind == "memory")
}

func (n *nomadChecks) targetValue(s labelled, metric, path string) {
	value, ok := n.quantity(s.get("target"), path+".target")
	if s.get("target") == nil {
		n.refuse(s.node, "%s.target is missing; allowed: a number above 0", path)
	}
	tolerance := nomadTolerance
	if t := s.get("threshold"); t != nil {
		f, number := t.real()
		if !number || f < 0 || f > 1 {
			n.refuse(t, "%s.threshold is %s; allowed: a number from 0 to 1", path, t)
			return
		}
		tolerance = f
	}
	if !ok {
		return
	}
	n.follow = true
	n.unread(&n.thresholds, s.node, path+".", "target", "threshold")
	n.policy.target(metric, value, tolerance)
}

// band is a step up above the lower bound, or a step down below the upper one.
func (n *nomadChecks) band(s labelled, metric, path string) {
	delta := s.get("delta")
	by, whole := delta.real()
	if delta == nil {
		n.noEqual(&n.thresholds, s.node, "%s: percentage and value; a band adds or removes a number of replicas, as delta does", path)
		return
	}
	if !whole || by == 0 || by != float64(int(by)) || by < -10000 || by > 10000 {
		n.refuse(delta, "%s.delta is %s; allowed: a whole number, not 0", path, delta)
		return
	}
	bound, beyond, word, act := "lower_bound", "upper_bound", "above", "add"
	if by < 0 {
		bound, beyond, word, act, by = beyond, bound, "below", "remove", -by
	}
	at, ok := s.get(bound).real()
	if !ok || at < -most || at > most {
		n.refuse(orElse(s.get(bound), s.node), "%s.%s is missing or no number; a delta of %s needs it", path, bound, delta.text)
		return
	}
	if other := s.get(beyond); other != nil {
		n.differs(&n.thresholds, other, "%s %s of %s: a band has one bound; of several that hold the furthest one does", beyond, other, path)
	}
	n.unread(&n.thresholds, s.node, path+".", "delta", "lower_bound", "upper_bound")
	n.far, n.decides = true, true
	n.thresholds.entry(pair("metric", metric), fmt.Sprintf("bands: [{%s: %s, %s: %d}]", word, amount(at), act, int(by)))
}
