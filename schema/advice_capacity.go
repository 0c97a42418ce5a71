package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// defaultTotal is what limits.maxTotalReplicas is unless somebody says otherwise.
const defaultTotal = 20

// capacity holds the policies of a set to the replicas that they share.
func (l *loading) capacity() {
	limit, isWritten := l.config["limits.maxTotalReplicas"].value.(float64)
	total, called := int(limit), fmt.Sprintf("limits.maxTotalReplicas allows %v over all services", limit)
	if !isWritten {
		total, called = defaultTotal, fmt.Sprintf("limits.maxTotalReplicas, which is not written, allows %d over all services", defaultTotal)
	}
	const mend = "raise limits.maxTotalReplicas (or the variable MAX_TOTAL_REPLICAS)"
	held, holders := 0, []string{}
	for _, w := range l.policies {
		if !w.holds() {
			continue
		}
		p := w.policy
		held += p.MinReplicas
		holders = append(holders, fmt.Sprintf("%s %d", p.Name, p.MinReplicas))
		if held > total {
			w.lint("capacity-never-reached", "minReplicas", "minReplicas of the enabled policies add up to %d (%s), and %s; %s, or lower one of them",
				held, strings.Join(holders, ", "), called, mend)
			return
		}
	}
	for _, w := range l.policies {
		if !w.sound("minReplicas", "maxReplicas", "schedule", "enabled", "mode") {
			continue
		}
		p, others := w.policy, 0
		if w.holds() {
			others = held - p.MinReplicas
		}
		taken := ""
		if others > 0 {
			taken = fmt.Sprintf(", of which the other policies keep %d", others)
		}
		never := func(path string, bound int) {
			if bound > total-others {
				w.lint("capacity-never-reached", path, "%s %d is never reached: %s%s; %s, or write %d",
					path, bound, called, taken, mend, total-others)
			}
		}
		never("maxReplicas", p.MaxReplicas)
		for i, window := range p.Schedule {
			never(fmt.Sprintf("schedule[%d].maxReplicas", i), window.MaxReplicas)
		}
	}
}

// holds says whether a policy keeps its minimum running.
func (w *written) holds() bool {
	return w.sound("minReplicas", "maxReplicas", "enabled", "mode") && w.policy.Enabled && w.policy.Mode == engine.Live
}

// slow finds a maximum that is out of reach in the time that there is: a day, the season that is forecast, or the window whose
// maximum it is.
func (w *written) slow() {
	p := w.policy
	if room(p.Rates.Up, p.MinReplicas) == 0 {
		w.lint("capacity-never-reached", "rates.up", "rates.up lets no replica be added, so no strategy gets above minReplicas %d; raise replicas in it", p.MinReplicas)
		return
	}
	if w.doubted("cooldownPeriod") || w.doubted("cooldown.up") || w.doubted("evaluationInterval") {
		return // minutes that may be meant as seconds
	}
	day, called := cmp.Or(p.Forecast.Season, 24*time.Hour), "a day"
	if day > 24*time.Hour {
		called = "a week"
	}
	const pace = "at the pace of cooldown.up, evaluationInterval, maxStep, rates.up and what the strategy adds at once"
	if takes := climb(p, p.MinReplicas, p.MaxReplicas); takes > day {
		w.lint("capacity-never-reached", "maxReplicas", "maxReplicas %d is not reached within %s: from minReplicas %d it takes %s at least, %s",
			p.MaxReplicas, called, p.MinReplicas, engine.Short(takes), pace)
	}
	for i, window := range p.Schedule {
		if window.MaxReplicas == 0 || window.Pause != "" {
			continue
		}
		lasts := window.To - window.From
		if lasts <= 0 {
			lasts += 24 * time.Hour
		}
		low := min(cmp.Or(window.MinReplicas, p.MinReplicas), window.MaxReplicas)
		if takes := climb(p, low, window.MaxReplicas); takes > lasts {
			path := fmt.Sprintf("schedule[%d].maxReplicas", i)
			w.lint("capacity-never-reached", path, "%s %d is not reached within the %s that %s lasts: from %d it takes %s at least, %s",
				path, window.MaxReplicas, engine.Short(lasts), window.Name, low, engine.Short(takes), pace)
		}
	}
}

// climb is the least time in which the strategies get from one count to another, were each new replica ready at once; 0 where
// they add nothing at all, so that time is no matter.
func climb(p engine.Policy, n, to int) time.Duration {
	by, pause := stride(p), max(p.EvaluationInterval, p.Cooldown.Up)
	if by < engine.MostReplicas { // what is asked for grows with what there is, and has to last anew
		pause = max(pause, p.Stabilization.Up)
	}
	at, raises := time.Duration(0), []raise{}
	for {
		next := min(to, n+by)
		if p.MaxStep > 0 {
			next = min(next, n+p.MaxStep)
		}
		free, again := paced(p.Rates.Up, raises, n, at)
		if next = min(next, free); next > n {
			raises = append(raises, raise{at, next - n})
			n = next
			again = at + pause
		}
		switch {
		case n >= to:
			return at
		case again <= at: // neither a replica more, nor a time at which there may be one
			return 0
		}
		at = again
	}
}

type raise struct {
	at time.Duration
	by int
}

// paced is the count that rates allow at an instant after what was raised before, and when they may allow more.
func paced(pace engine.Pace, raises []raise, n int, at time.Duration) (count int, again time.Duration) {
	count, again = engine.MostReplicas, at
	for i, r := range pace.Limits {
		begun, frees := n, at
		for j := len(raises) - 1; j >= 0 && at-raises[j].at < r.Period; j-- {
			begun -= raises[j].by
			frees = raises[j].at + r.Period
		}
		by := r.Replicas
		if r.Percent > 0 {
			by = (begun*r.Percent + 99) / 100
		}
		if i == 0 || (begun+by > count) != pace.Least {
			count = begun + by
		}
		if frees > at && (again == at || frees < again) {
			again = frees
		}
	}
	return count, again
}

// stride is the most replicas that a strategy adds at once.
func stride(p engine.Policy) int {
	most := 0
	for _, s := range p.Strategies {
		switch s {
		case "threshold":
			most = max(most, p.ScaleUpBy)
		case "step":
			for _, b := range p.Bands {
				for _, band := range b.Bands {
					most = max(most, band.Add)
				}
			}
		default:
			return engine.MostReplicas
		}
	}
	return most
}

// blind finds a forecast of nothing: only what the service as a whole has to do can be forecast, and only where it was sampled.
func (w *written) blind() {
	p := w.policy
	if !uses(p, "predictive") || len(p.Targets) == 0 {
		return
	}
	foreseen := func(t engine.Target) bool {
		m, _ := p.Metric(t.Metric)
		return m.Seasonal()
	}
	if slices.ContainsFunc(p.Targets, foreseen) {
		return
	}
	w.lint("blind-forecast", "strategy", "strategy predictive has no target that can be forecast, so it does what target_tracking does: it takes a metric of scope total, "+
		"such as a request rate, that is sampled and neither computed nor a counter (aggregation rate); give one a target, or write strategy: \"target_tracking\"")
}
