package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// advise warns of what is allowed and will not do what its author hopes. A rule says only what is certain of the policy as it
// is written; what is certain of all policies together is in capacity. The ids of the rules are those of #Lint.
func (w *written) advise() {
	w.fixed()
	w.unreachableAmounts()
	w.unreachable()
	w.fractions()
	w.flaps()
	w.noTolerance()
	w.deadForms()
	w.outdone()
	w.unused()
	w.weightless()
	w.shortWindows()
	w.longInterval()
	w.shortStaleAfter()
	w.shortCooldown()
	w.slow()
	w.blind()
	// Against the default minReady: with a health check, its author need not know of that.
	w.deadline(func(path, format string, args ...any) { w.lint("early-deadline", path, format, args...) })
}

// lint warns at a field.
func (w *written) lint(rule, path, format string, args ...any) {
	w.warn(rule, w.place(path), path, format, args...)
}

// exempt drops the warnings that the policy's own lint turns off, each with a reason.
func (w *written) exempt() {
	if !w.sound("lint") {
		return
	}
	w.problems = slices.DeleteFunc(w.problems, func(p engine.Problem) bool {
		return p.Rule != "" && w.value.LookupPath(pathOf("lint."+p.Rule)).Exists()
	})
}

// doubted says whether there is a warning at a field already.
func (w *written) doubted(path string) bool {
	return slices.ContainsFunc(w.problems, func(p engine.Problem) bool { return p.Path == path })
}

// season is the bounds that hold at some time: the policy's own, or those of a window of its schedule. Where several windows
// hold at once, the bounds lie within those of each.
type season struct {
	name      string // of the window; empty: the policy's own
	low, high int
}

func (s season) during() string {
	if s.name == "" {
		return ""
	}
	return " during " + s.name
}

func seasons(p engine.Policy) []season {
	all := []season{{low: p.MinReplicas, high: p.MaxReplicas}}
	for _, w := range p.Schedule {
		if w.Pause != "" {
			continue // nothing is changed then
		}
		high := cmp.Or(w.MaxReplicas, p.MaxReplicas)
		all = append(all, season{w.Name, min(cmp.Or(w.MinReplicas, p.MinReplicas), high), high})
		if w.Prewarm > 0 { // only minReplicas holds by then
			all = append(all, season{w.Name, min(w.MinReplicas, p.MaxReplicas), p.MaxReplicas})
		}
	}
	return all
}

// fixed finds a policy that has no room to scale.
func (w *written) fixed() {
	p := w.policy
	all := seasons(p)
	if slices.ContainsFunc(all, func(s season) bool { return s.low != all[0].low || s.high != s.low }) {
		return
	}
	w.lint("unreachable-bound", "maxReplicas", "minReplicas and maxReplicas are both %d, so this policy never scales", p.MaxReplicas)
}

// own says whether rules of the author's see the policy's metrics and thresholds, and may make anything of them.
func own(p engine.Policy) bool {
	return slices.ContainsFunc(p.Strategies, func(s string) bool { return strings.Contains(s, ".") }) ||
		slices.ContainsFunc(p.Metrics, func(m engine.Metric) bool { return m.Rule != "" })
}

// tracks says whether targets decide.
func tracks(p engine.Policy) bool { return uses(p, "target_tracking") || uses(p, "predictive") }

// room is the most replicas that the rates of a direction let go or come at once, from n of them.
func room(pace engine.Pace, n int) int {
	most := engine.MostReplicas
	for i, r := range pace.Limits {
		by := r.Replicas
		if r.Percent > 0 {
			by = (n*r.Percent + 99) / 100
		}
		if i == 0 || (by > most) != pace.Least {
			most = by
		}
	}
	return most
}

// ranges lists rising numbers, such as "1 to 3, 7".
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		part := fmt.Sprint(numbers[i])
		if j > i {
			part = fmt.Sprintf("%d to %d", numbers[i], numbers[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
