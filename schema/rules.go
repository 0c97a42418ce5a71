package schema

import (
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// rules are what must hold between fields. CUE holds the same ones (see #Policy); here they have words and a place.
// A rule is silent while a field that it reads is wrong in itself.
func (w *written) rules() {
	p := w.policy
	if w.sound("minReplicas", "maxReplicas") && p.MinReplicas > p.MaxReplicas {
		w.report(w.place("maxReplicas"), "maxReplicas", "maxReplicas %d lies under minReplicas %d; raise maxReplicas or lower minReplicas",
			p.MaxReplicas, p.MinReplicas)
	}
	for i := range elements(w.value.LookupPath(pathOf("thresholds"))) {
		w.formed(i)
	}
	w.enough()
	w.uniqueMetrics()
	for i, m := range p.Metrics {
		w.oneWay(fmt.Sprintf("metrics[%d]", i))
		path := fmt.Sprintf("metrics[%d].floor", i)
		if w.sound(path, "maxReplicas") && m.Floor > p.MaxReplicas {
			w.report(w.place(path), path, "%s %d lies above maxReplicas %d; allowed: a whole number from 1 to maxReplicas",
				path, m.Floor, p.MaxReplicas)
		}
	}
	for i, r := range (reader{w.value}).list("thresholds") {
		w.declared(i, r.text("metric"))
	}
	for i, t := range p.Thresholds {
		w.sided(w.bounds[i], t)
	}
	for i, b := range p.Bands {
		w.banded(w.bands[i], b)
	}
	w.paces()
	w.windows()
	w.durations()
	w.lowerCase()
	w.drain()
	if w.value.LookupPath(pathOf("rollout.minReady")).Exists() {
		w.deadline(func(path, format string, args ...any) { w.report(w.place(path), path, format, args...) })
	}
}

func (w *written) uniqueMetrics() {
	first := map[string]string{}
	for i, m := range w.policy.Metrics {
		path := fmt.Sprintf("metrics[%d].name", i)
		if !w.sound(path) {
			continue
		}
		if earlier, ok := first[m.Name]; ok {
			at := w.place(earlier)
			w.say(w.place(path), path, "metric %q is declared twice, first at %s:%d:%d; rename or remove one",
				m.Name, at.Filename, at.Line, at.Column)
			continue
		}
		first[m.Name] = path
	}
}

// declared holds a threshold to the metrics that there are. A metric whose own name is wrong may be the one that is
// meant, so then nothing is said.
func (w *written) declared(i int, metric string) {
	path := fmt.Sprintf("thresholds[%d].metric", i)
	if !w.sound(path, "strategy") || len(w.policy.Metrics) == 0 && (!w.sound("metrics") || uses(w.policy, "threshold")) {
		return
	}
	var names []string
	for j, m := range w.policy.Metrics {
		if m.Name == metric {
			return
		}
		if !w.sound(fmt.Sprintf("metrics[%d].name", j)) {
			return
		}
		names = append(names, m.Name)
	}
	mend := "declare it under metrics"
	if len(names) > 0 {
		mend = "allowed: " + strings.Join(names, ", ")
	}
	if near := engine.Nearest(metric, names); near != "" {
		mend += fmt.Sprintf("; did you mean %q?", near)
	}
	w.report(w.place(path), path, "%s is %q, which is not a metric of this policy; %s", path, metric, mend)
}

// sided holds scaleDown to its side of scaleUp. One that is not there, because its name is misspelt perhaps, has no side.
func (w *written) sided(i int, t engine.Threshold) {
	path := fmt.Sprintf("thresholds[%d].", i)
	wrote := func(field string) bool { return w.value.LookupPath(pathOf(path + field)).Exists() }
	if !w.sound(path+"scaleUp", path+"scaleDown", path+"comparison") || !wrote("scaleUp") || !wrote("scaleDown") {
		return
	}
	at := w.place(path + "scaleDown")
	switch {
	case t.Comparison == engine.LessThan && t.ScaleDown <= t.ScaleUp:
		w.report(at, path+"scaleDown", "%sscaleDown %v is not above scaleUp %v; with less_than, scaling up happens below scaleUp "+
			"and down above scaleDown: write a scaleDown above %v", path, t.ScaleDown, t.ScaleUp, t.ScaleUp)
	case t.Comparison != engine.LessThan && t.ScaleDown >= t.ScaleUp:
		w.report(at, path+"scaleDown", "%sscaleDown %v is not below scaleUp %v; with %s, scaling up happens above scaleUp "+
			"and down below scaleDown: write a scaleDown below %v", path, t.ScaleDown, t.ScaleUp, t.Comparison, t.ScaleUp)
	}
}

// lowerCase holds the project of a Compose service to how Compose writes them. Stacks may have capitals.
func (w *written) lowerCase() {
	const path = "target.project"
	at := w.policy.Target
	lower := strings.ToLower(at.Project)
	if !w.sound("target") || !strings.HasPrefix(at.Driver, "compose") || lower == at.Project {
		return
	}
	w.report(w.place(path), path, "%s is %q; Compose projects are lower case: write %q", path, at.Project, lower)
}

// durations holds every duration that CUE let through to its bounds, which CUE can't read out of a text, and asks about
// bare numbers that look like seconds.
func (w *written) durations() {
	paths := []string{"evaluationInterval", "cooldownPeriod", "cooldown.up", "cooldown.down", "stabilization.up",
		"stabilization.down", "rollout.readyDeadline", "rollout.minReady", "rollout.warmup", "rollout.drainDelay", "rollout.drain.timeout"}
	paths = append(paths, "forecast.horizon")
	for i := range w.policy.Schedule {
		paths = append(paths, fmt.Sprintf("schedule[%d].prewarm", i))
	}
	for i := range w.policy.Rates.Up.Limits {
		paths = append(paths, fmt.Sprintf("rates.up[%d].period", i))
	}
	for i := range w.policy.Rates.Down.Limits {
		paths = append(paths, fmt.Sprintf("rates.down[%d].period", i))
	}
	for i := range w.policy.Metrics {
		paths = append(paths, fmt.Sprintf("metrics[%d].window", i), fmt.Sprintf("metrics[%d].staleAfter", i))
	}
	for _, path := range paths {
		v := w.value.LookupPath(pathOf(path))
		if !w.sound(path) || !v.Exists() {
			continue
		}
		s := w.shape.find(path)
		if !s.accepts(v) {
			w.leaf(v, s, path)
			continue
		}
		// Those of a rollout are not the brief's, and nobody means minutes there.
		if n, ok := scalar(v).(float64); ok && (n > 60 || n > 0 && strings.HasPrefix(path, "rollout.")) {
			w.lint("bare-number", path, `%s: %v is %s; for seconds write "%vs"`, path, n, engine.Short(minutes(n)), n)
		}
	}
}

// deadline finds a readyDeadline that passes before a replica without a health check counts as ready.
func (w *written) deadline(say func(path, format string, args ...any)) {
	const path = "rollout.readyDeadline"
	r := w.policy.Rollout
	if !w.sound(path, "rollout.minReady") || r.ReadyDeadline == 0 || r.ReadyDeadline > r.MinReady {
		return
	}
	say(path, "%s %s is not above minReady %s, so no replica without a health check could become ready in time; "+
		"raise readyDeadline or lower minReady", path, engine.Short(r.ReadyDeadline), engine.Short(r.MinReady))
}
