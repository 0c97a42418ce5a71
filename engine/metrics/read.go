package metrics

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Read is what a metric of a policy says at an instant, over the window that ends there.
//
// Counted are the samples of live, the replicas of the metric's service that live now, and those of the service as a
// whole; never those of a replica that is gone. Of a perReplica metric only what was sampled after changed, when the
// number of replicas changed, and after a replica's warm-up. The metric is
//   - missing without samples, when none of its series has 3 finite ones in the window: one on its own proves little; or
//     when the window has more samples than are kept;
//   - stale when its newest sample is older than StaleAfter;
//   - invalid when the newest sample of any series in the window is not a finite number, or the aggregate is not;
//   - ok otherwise, also when only some replicas report: Reporting says how many.
//
// avg, max, min and percentiles pool the samples of all series; sum adds the mean of each series; last is the mean of
// the newest sample of each. Percentiles interpolate linearly between the two nearest samples (type 7 of Hyndman and
// Fan, 1996). rate is for counters: it adds the increase a minute of each series, between its samples in the window, where
// a fall is a restart from zero; its slope is that of the rates between neighbours. The forecast is the value moved along the slope, from the mean time of its samples to one evaluation
// interval from now. A window below 5 s is read as 5 s, the shortest that can be filled.
//
// Expected is the highest of the seasonal forecast from now to the policy's horizon, where there is one.
//
// Read also drops samples that no later Read will need: at must not go back by more than a window.
func (w *Windows) Read(p engine.Policy, m engine.Metric, live []engine.Replica, changed, at time.Time) engine.Reading {
	window := span(m)
	alive := make(map[string]engine.Replica, len(live))
	for _, r := range live {
		alive[r.ID] = r
	}
	w.forget(m.Name, alive, at.Add(-2*window))

	all := w.counted(m, alive, func(engine.Replica) time.Time { return time.Time{} }, at)
	if len(all) == 0 {
		return engine.Reading{Status: engine.Missing, Detail: "no samples yet"}
	}
	age := at.Sub(newest(all))
	reading := engine.Reading{AgeSeconds: age.Seconds()}
	if m.StaleAfter > 0 && age > m.StaleAfter {
		reading.Status = engine.Stale
		reading.Detail = fmt.Sprintf("newest sample is %s old, limit %s", age.Round(time.Second), m.StaleAfter)
		return reading
	}

	begin := at.Add(-window)
	if w.full(m.Name, begin) {
		reading.Status = engine.Missing
		reading.Detail = fmt.Sprintf("the window of %s has more samples than are kept, %d: shorten it, or push less often", window, keptSamples)
		return reading
	}
	since := func(r engine.Replica) time.Time {
		if r.Started.After(at) {
			r.Started = time.Time{} // by another clock than ours, or by ours before it was put back
		}
		return evidenceFrom(p, m, r, changed)
	}
	now := cut(w.counted(m, alive, func(r engine.Replica) time.Time { return later(begin, since(r)) }, at))
	reading.Samples, reading.Reporting = now.samples(), now.replicas()
	if r, bad := now.invalid(); bad {
		reading.Status = engine.Invalid
		reading.Detail = fmt.Sprintf("newest sample%s is not a finite number", of(r))
		return reading
	}
	if n := now.instants(); n < engine.Instants {
		reading.Status = engine.Missing
		reading.Detail = fmt.Sprintf("%d of %d samples %s", n, engine.Instants, why(p, m, alive, changed, begin, at))
		return reading
	}
	value := now.aggregate(m.Aggregation)
	if !finite(value) {
		reading.Status, reading.Detail = engine.Invalid, "the aggregate is not a finite number"
		return reading
	}
	reading.Status, reading.Value = engine.OK, &value
	if slope, rise, ok := now.trend(m.Aggregation, at.Add(p.EvaluationInterval)); ok && finite(slope) {
		reading.SlopePerMinute = &slope
		if forecast := value + rise; finite(forecast) {
			reading.Forecast = &forecast
		}
	}
	if of := w.seasons[m.Name]; of != nil {
		reading.Expected = of.expected(at, p.Forecast.Horizon)
	}
	from := func(r engine.Replica) time.Time { return later(begin.Add(-window), since(r)) }
	before := cut(w.counted(m, alive, from, begin))
	if before.instants() >= engine.Instants && !w.full(m.Name, begin.Add(-window)) {
		if previous := before.aggregate(m.Aggregation); finite(previous) {
			reading.Previous = &previous
		}
	}
	return reading
}

// evidenceFrom is the instant after which a replica's samples of a metric count. Load shared out over another number of
// replicas, and the work of starting up, say nothing about the load of now.
func evidenceFrom(p engine.Policy, m engine.Metric, r engine.Replica, changed time.Time) time.Time {
	if m.Scope != engine.PerReplica {
		return time.Time{}
	}
	if r.Started.IsZero() {
		return changed
	}
	return later(changed, r.Started.Add(p.Rollout.Warmup-1)) // a sample at the very end of the warm-up counts
}

// counted are the series of a metric that count, each cut to (from, at]. Those with nothing left are not there.
func (w *Windows) counted(m engine.Metric, alive map[string]engine.Replica, from func(engine.Replica) time.Time, at time.Time) []selected {
	of := w.metrics[m.Name]
	if of == nil {
		return nil
	}
	var all []selected
	for id, s := range of.series {
		r, lives := alive[id]
		if !lives && id != "" {
			continue
		}
		if points := s.between(from(r), at); len(points) > 0 {
			all = append(all, selected{r, points})
		}
	}
	slices.SortFunc(all, byReplica) // sums of floats depend on their order
	return all
}

// why names what keeps a window from being full.
func why(p engine.Policy, m engine.Metric, alive map[string]engine.Replica, changed, begin, at time.Time) string {
	if m.Scope == engine.PerReplica {
		if changed.After(begin) {
			return "since the replicas changed"
		}
		for _, r := range alive {
			switch since := evidenceFrom(p, m, r, changed); {
			case !since.After(begin):
			case p.Rollout.Warmup > 0:
				return fmt.Sprintf("after the warm-up of %s", p.Rollout.Warmup)
			default:
				return "since a replica started"
			}
		}
	}
	return fmt.Sprintf("in the last %s", at.Sub(begin))
}

func of(r engine.Replica) string {
	if r.Name == "" {
		return ""
	}
	return " of " + r.Name
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
