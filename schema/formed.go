package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// formed holds a threshold to one form. CUE says the same of #Threshold.
func (w *written) formed(i int) {
	path := fmt.Sprintf("thresholds[%d]", i)
	wrote := func(field string) bool { return w.value.LookupPath(pathOf(path + "." + field)).Exists() }
	form := ""
	switch {
	case !w.sound(path):
		return
	case wrote("target"):
		form = "target"
	case wrote("bands"):
		form = "bands"
	}
	if form == "" && wrote("tolerance") {
		w.report(w.place(path+".tolerance"), path, "%s.tolerance stands beside no target; remove it, or write a target in the place of scaleUp and scaleDown", path)
		return
	}
	if form == "" {
		for _, field := range []string{"scaleUp", "scaleDown"} {
			if !wrote(field) {
				w.report(w.place(path), path+"."+field, "%s.%s is missing; allowed: a number (a threshold has scaleUp and scaleDown, or a target, or bands)", path, field)
			}
		}
		return
	}
	for _, field := range []string{"scaleUp", "scaleDown", "comparison", "bands", "tolerance"} {
		if field == form || form == "target" && field == "tolerance" || !wrote(field) {
			continue
		}
		w.report(w.place(path+"."+field), path+"."+field, "%s.%s stands beside %s; a threshold has one form: write another one for it", path, field, form)
	}
}

// banded holds each band to a value and what is done past it, in one direction.
func (w *written) banded(i int, b engine.Bands) {
	for j, band := range b.Bands {
		path := fmt.Sprintf("thresholds[%d].bands[%d]", i, j)
		up, down := band.Above != nil && band.Add > 0, band.Below != nil && band.Remove > 0
		mixed := band.Above != nil && (band.Below != nil || band.Remove > 0) || band.Below != nil && band.Add > 0
		if w.sound(path) && (up == down || mixed) {
			w.report(w.place(path), path, "%s is not a band; allowed: {above: 70, add: 1} or {below: 25, remove: 1}", path)
		}
	}
	path := fmt.Sprintf("thresholds[%d].bands", i)
	w.once(path, b)
	highest, lowest := b.Edges()
	if w.sound(path) && highest != nil && lowest != nil && *highest > *lowest {
		w.report(w.place(path), path, "%s: below %v and above %v overlap, so some values do both; write every below at or under every above", path, *highest, *lowest)
	}
}

// once finds a bound that two bands have.
func (w *written) once(path string, b engine.Bands) {
	seen := map[string]bool{}
	for j, band := range b.Bands {
		at := fmt.Sprintf("%s[%d]", path, j)
		for field, bound := range map[string]*float64{"above": band.Above, "below": band.Below} {
			if bound == nil || !w.sound(at) {
				continue
			}
			key := fmt.Sprintf("%s %v", field, *bound)
			if seen[key] {
				w.report(w.place(at), at, "%s: there is another band %s; remove one", at, key)
			}
			seen[key] = true
		}
	}
}

// paces holds each rate to one kind of limit.
func (w *written) paces() {
	for direction, pace := range map[string]engine.Pace{"up": w.policy.Rates.Up, "down": w.policy.Rates.Down} {
		for i := range pace.Limits {
			path := fmt.Sprintf("rates.%s[%d]", direction, i)
			r := w.value.LookupPath(pathOf(path))
			if n, percent := r.LookupPath(pathOf("replicas")).Exists(), r.LookupPath(pathOf("percent")).Exists(); w.sound(path) && n == percent {
				w.report(w.place(path), path, "%s has replicas and percent, or neither; allowed: one of them, such as {percent: 100, period: \"1m\"}", path)
			}
		}
	}
}

// windows holds each window of the schedule to what it can mean.
func (w *written) windows() {
	p := w.policy
	for i, window := range p.Schedule {
		path := fmt.Sprintf("schedule[%d]", i)
		if !w.sound(path) {
			continue
		}
		zone := w.full.LookupPath(pathOf(path + ".timeZone"))
		if name, _ := zone.String(); name != "" {
			if _, err := engine.ParseZone(name); err != nil {
				w.report(w.place(path+".timeZone"), path+".timeZone", "%s.timeZone is %q, which is no time zone; allowed: a name such as \"Europe/Prague\" or \"UTC\"", path, name)
			}
		}
		for j, date := range window.Dates {
			if _, err := time.Parse(time.DateOnly, date); err != nil {
				at := fmt.Sprintf("%s.dates[%d]", path, j)
				w.report(w.place(at), at, "%s is %q, a day that there is not", at, date)
			}
		}
		if len(window.Days) > 0 && len(window.Dates) > 0 {
			w.report(w.place(path+".dates"), path+".dates", "%s.dates stand beside days; a window begins on either: write two windows", path)
		}
		low, high := max(window.MinReplicas, 0), window.MaxReplicas
		switch {
		case low == 0 && high == 0 && window.Pause == "":
			w.report(w.place(path), path, "%s changes nothing; write minReplicas, maxReplicas or pause", path)
		case low > 0 && high > 0 && low > high:
			w.report(w.place(path+".minReplicas"), path+".minReplicas", "%s.minReplicas %d lies above its maxReplicas %d; raise maxReplicas or lower minReplicas", path, low, high)
		case high == 0 && w.sound("maxReplicas") && low > p.MaxReplicas:
			w.report(w.place(path+".minReplicas"), path+".minReplicas", "%s.minReplicas %d lies above the policy's maxReplicas %d; write a maxReplicas in the window too", path, low, p.MaxReplicas)
		case low == 0 && high > 0 && w.sound("minReplicas") && high < p.MinReplicas:
			w.report(w.place(path+".maxReplicas"), path+".maxReplicas", "%s.maxReplicas %d lies under the policy's minReplicas %d; write a minReplicas in the window too", path, high, p.MinReplicas)
		}
		if window.Prewarm > 0 && low == 0 {
			w.report(w.place(path+".prewarm"), path+".prewarm", "%s.prewarm has nothing to prepare; write minReplicas beside it", path)
		}
	}
}

// enough holds each strategy to what it decides with.
func (w *written) enough() {
	if !w.sound("strategy", "rules", "thresholds", "metrics", "schedule") {
		return
	}
	p := w.policy
	at := "strategy"
	if !w.value.LookupPath(pathOf(at)).Exists() {
		at = ""
	}
	for i, s := range p.Strategies {
		if slices.Contains(p.Strategies[:i], s) {
			w.report(w.place(at), "strategy", "strategy names %s twice; remove one", s)
		}
	}
	if uses(p, "threshold") {
		w.threshed(at)
	}
	for _, s := range []string{"target_tracking", "predictive"} {
		if uses(p, s) && len(p.Targets) == 0 {
			w.report(w.place(at), "thresholds", "strategy %s has no threshold with a target; write one, such as {metric: %q, target: 60}", s, w.someMetric())
		}
	}
	if uses(p, "step") && len(p.Bands) == 0 {
		w.report(w.place(at), "thresholds", "strategy step has no threshold with bands; write one, such as {metric: %q, bands: [{above: 70, add: 1}, {below: 25, remove: 1}]}", w.someMetric())
	}
	least := func(window engine.Window) bool { return window.MinReplicas > 0 }
	if uses(p, "schedule") && !slices.ContainsFunc(p.Schedule, least) {
		w.report(w.place(at), "schedule", "strategy schedule has no window with minReplicas; write schedule: [{from: \"08:00\", to: \"20:00\", minReplicas: 3}]")
	}
}

// threshed holds the threshold strategy to a metric and a threshold at least.
func (w *written) threshed(at string) {
	for _, path := range []string{"metrics", "thresholds"} {
		v := w.value.LookupPath(pathOf(path))
		if len(elements(v)) > 0 {
			continue
		}
		state := "missing"
		if v.Exists() {
			state = "empty"
		}
		w.report(w.place(path), path, "%s is %s; the threshold strategy needs at least one of them", path, state)
	}
	if w.sound("thresholds") && len(w.policy.Thresholds) == 0 {
		decides := "strategy threshold"
		if at == "" {
			decides = "strategy is not written, so threshold decides, and it"
		}
		w.report(w.place(cmp.Or(at, "thresholds")), "thresholds", "%s has no threshold with scaleUp and scaleDown; write one, or strategy: %q", decides, w.fitting())
	}
}

// fitting is the strategy that the author's thresholds are of the form for.
func (w *written) fitting() string {
	if len(w.policy.Bands) > 0 {
		return "step"
	}
	return "target_tracking"
}

func (w *written) someMetric() string {
	if len(w.policy.Metrics) > 0 && !strings.ContainsAny(w.policy.Metrics[0].Name, "\"") {
		return w.policy.Metrics[0].Name
	}
	return "cpu_usage"
}
