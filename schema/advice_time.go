package schema

import (
	"fmt"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// shortWindows finds windows that sampling can't fill.
func (w *written) shortWindows() {
	for i, m := range w.policy.Metrics {
		if path := fmt.Sprintf("metrics[%d].window", i); !m.Computed() && m.Window < engine.ShortestWindow {
			w.lint("short-window", path, "%s %s is shorter than sampling can fill: a metric is sampled once a second at most and believed from the "+
				"third sample on, so the window is read as %s; write %q", path, engine.Short(m.Window), engine.Short(engine.ShortestWindow), engine.Short(engine.ShortestWindow))
		}
	}
}

// longInterval finds samples that no evaluation looks at. One looks at a window; a change in percent, at the one before too.
func (w *written) longInterval() {
	p := w.policy
	if w.doubted("evaluationInterval") {
		return
	}
	var shortest time.Duration
	var name, path string
	for i, m := range p.Metrics {
		reach := max(m.Window, engine.ShortestWindow)
		if slices.ContainsFunc(p.Thresholds, func(t engine.Threshold) bool { return t.Metric == m.Name && t.Comparison == engine.PercentageChange }) {
			reach *= 2
		}
		if !m.Computed() && (name == "" || reach < shortest) {
			shortest, name, path = reach, m.Name, fmt.Sprintf("metrics[%d].window", i)
		}
	}
	if name == "" || p.EvaluationInterval <= shortest {
		return
	}
	if w.value.LookupPath(pathOf("evaluationInterval")).Exists() {
		path = "evaluationInterval"
	}
	w.lint("long-interval", path, "evaluationInterval %s is longer than the %s that are looked at of %s, so of every %s the samples of %s count for "+
		"nothing; write evaluationInterval: %q or less, or a longer window", engine.Short(p.EvaluationInterval), engine.Short(shortest), name,
		engine.Short(p.EvaluationInterval), engine.Short(p.EvaluationInterval-shortest), engine.Short(shortest))
}

// shortStaleAfter finds metrics that are stale between two samples. Metrics of one source and service are sampled together.
func (w *written) shortStaleAfter() {
	p := w.policy
	for i, m := range p.Metrics {
		if m.Computed() {
			continue
		}
		var together []engine.Metric
		for _, other := range p.Metrics {
			if !other.Computed() && other.Source == m.Source && other.Service == m.Service {
				together = append(together, other)
			}
		}
		every := engine.SampleEvery(together)
		if path := fmt.Sprintf("metrics[%d].staleAfter", i); m.StaleAfter < every {
			w.lint("short-stale-after", path, "%s %s is shorter than the %s between two samples of %s, so it is stale in between; write %q or more",
				path, engine.Short(m.StaleAfter), engine.Short(every), m.Name, engine.Short(2*every))
		}
	}
}

// shortCooldown finds a second raise on the evidence of the first.
//
// While new replicas start nothing is decided, and the cooldown begins anew once they are ready: neither readyDeadline nor
// minReady can outlast it. A perReplica window begins anew then too, and a target of the whole service asks for the same count
// again. That leaves the strategies that add to what there is, and the signals that get better with more replicas: their
// windows still hold what was measured before, for as long as the window is, and that long again as the new replicas warm up.
func (w *written) shortCooldown() {
	p := w.policy
	rest := max(p.Cooldown.Up, p.Stabilization.Up)
	warm := max(0, p.Rollout.Warmup-p.Rollout.MinReady)
	warned := map[string]bool{}
	find := func(i int, metric string) {
		m, _ := p.Metric(metric)
		lag := warm + m.Window
		if warned[metric] || m.Service != p.Service || m.Computed() || !relieved(m) || rest >= lag {
			return
		}
		warned[metric] = true
		seen := fmt.Sprintf("for %s its window holds what was measured before", engine.Short(m.Window))
		if warm > 0 {
			seen = fmt.Sprintf("new replicas are warm %s after they are ready, and for %s more its window holds what was measured before", engine.Short(warm), engine.Short(m.Window))
		}
		w.lint("short-cooldown", "cooldown.up", "cooldown.up %s ends before a raise can be seen in %s: %s, so thresholds[%d] may add replicas twice for one "+
			"load; write cooldown: up: %q or more, or a shorter window", engine.Short(p.Cooldown.Up), m.Name, seen, i, engine.Short(lag))
	}
	if uses(p, "threshold") {
		for i, t := range p.Thresholds {
			if t.Comparison == engine.GreaterThan {
				find(w.bounds[i], t.Metric)
			}
		}
	}
	if uses(p, "step") {
		for i, b := range p.Bands {
			find(w.bands[i], b.Metric)
		}
	}
}

// relieved says whether a metric gets better with more replicas, and its window remembers what was before. Requests come
// whatever there is to serve them; the newest and the lowest sample are of now.
func relieved(m engine.Metric) bool {
	return m.Scope != engine.PerReplica && m.Aggregation != "last" && m.Aggregation != "min" &&
		slices.Contains([]string{"queue_length", "response_time", "error_rate"}, m.Type)
}
