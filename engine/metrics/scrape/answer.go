package scrape

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

const (
	mostPoints = 5_000_000        // of a query, in memory; they take 16 bytes each
	evaluation = 2 * time.Second  // of a query
	step       = 15 * time.Second // of a subquery that has none
	shown      = 3                // series that an error names
)

// evaluator is the PromQL engine.
func evaluator() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples:               mostPoints,
		Timeout:                  evaluation,
		LookbackDelta:            lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return step.Milliseconds() },
	})
}

// answer evaluates a query over what was seen: one sample of the whole service, or one a replica. It may answer some
// beside an error.
func (s *Source) answer(ctx context.Context, q *question, l look) ([]engine.Sample, error) {
	switch {
	case len(l.replicas) == 0:
		return nil, errors.New("there are no replicas")
	case l.at.IsZero():
		return nil, inOne(l.unread(func(engine.Replica) bool { return true }))
	}
	all := view{series: l.series}
	if q.sums {
		if !slices.ContainsFunc(q.selectors, l.has) {
			return nil, l.none(q) // what only replicas had that are gone is not measured now
		}
		all.gone = l.gone
	}
	asked, err := s.promql.NewInstantQuery(ctx, all, nil, q.text, l.at)
	if err != nil {
		return nil, errors.New(poll.Short(err.Error()))
	}
	defer asked.Close()
	result := asked.Exec(ctx)
	if result.Err != nil {
		return nil, errors.New(poll.Short(result.Err.Error()))
	}
	if warnings, _ := result.Warnings.AsStrings(q.text, 0, 0); len(warnings) > 0 {
		slices.Sort(warnings)
		return nil, fmt.Errorf("the answer has a warning, so that it is not trusted: %s", poll.Short(strings.Join(warnings, "; ")))
	}
	switch v := result.Value.(type) {
	case promql.Scalar:
		return l.whole(q, v.V)
	case promql.Vector:
		return l.vector(q, v)
	default:
		return nil, fmt.Errorf("the answer is a %s; allowed: a number or an instant vector", v.Type())
	}
}

func (l look) vector(q *question, v promql.Vector) ([]engine.Sample, error) {
	for _, e := range v {
		if e.H != nil {
			return nil, errors.New("a native histogram; allowed: a number, as histogram_quantile() makes it")
		}
	}
	if ids := l.apart(v); ids != nil {
		return l.each(q, v, ids)
	}
	if len(v) > 1 {
		return nil, fmt.Errorf("%d series, %s; allowed: one, as sum() makes it, or one a replica, as sum by (replica) () does", len(v), names(v))
	}
	if len(v) == 0 {
		return nil, l.none(q)
	}
	return l.whole(q, v[0].F)
}

// apart is the id of the replica of each series, where each has another one.
func (l look) apart(v promql.Vector) []string {
	id := make(map[string]string, len(l.replicas))
	for _, r := range l.replicas {
		id[label(r)] = r.ID
	}
	var ids []string
	for _, e := range v {
		name := e.Metric.Get(replicaLabel)
		if id[name] == "" {
			return nil
		}
		ids = append(ids, id[name])
		delete(id, name)
	}
	return ids
}

// each is a sample of each series' replica.
func (l look) each(q *question, v promql.Vector, ids []string) ([]engine.Sample, error) {
	var samples []engine.Sample
	errs := l.unread(ready)
	short := map[string]bool{} // by id
	for i, r := range l.replicas {
		err := l.short(q, i)
		short[r.ID] = err != nil
		if err != nil && l.errs[i] == nil && r.Ready {
			errs = append(errs, err)
		}
	}
	for i, e := range v {
		if short[ids[i]] {
			continue
		}
		if err := finite(e.F); err != nil {
			errs = append(errs, fmt.Errorf("replica %s: %w", e.Metric.Get(replicaLabel), err))
			continue
		}
		samples = append(samples, engine.Sample{Replica: ids[i], At: l.at, Value: e.F})
	}
	return samples, inOne(errs)
}

// whole is a sample of the service as a whole.
func (l look) whole(q *question, value float64) ([]engine.Sample, error) {
	if err := l.complete(q); err != nil {
		return nil, err
	}
	if err := finite(value); err != nil {
		return nil, err
	}
	return []engine.Sample{{At: l.at, Value: value}}, nil
}

func finite(value float64) error {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return fmt.Errorf("the value is %v; allowed: a finite number", value)
	}
	return nil
}

// none says why there is no series.
func (l look) none(q *question) error {
	if err := l.complete(q); err != nil {
		return err
	}
	var missed []string
	for _, wanted := range q.selectors {
		if !l.has(wanted) {
			missed = append(missed, wanted.text)
		}
	}
	if len(missed) == 0 {
		return errors.New("no series")
	}
	return fmt.Errorf("no series: the replicas have nothing that matches %s", poll.Short(strings.Join(missed, ", ")))
}

func (l look) has(wanted selector) bool {
	for _, s := range l.series {
		if wanted.matches(s.labels) {
			return true
		}
	}
	return false
}

// complete says whether every ready replica is in a number of the whole service, and with all that the query looks back at.
func (l look) complete(q *question) error {
	if err := inOne(l.unread(ready)); err != nil {
		return err
	}
	var errs []error
	for i, r := range l.replicas {
		if err := l.short(q, i); err != nil && r.Ready {
			errs = append(errs, err)
		}
	}
	if q.sums && l.lost.After(l.at.Add(-q.back)) {
		errs = append(errs, fmt.Errorf("more replicas went in the last %s than are remembered: at most %d series of them are", model.Duration(q.back), mostGone))
	}
	return inOne(errs)
}

// short says why a replica was not seen for as long as a query looks back.
func (l look) short(q *question, i int) error {
	if q.back == 0 {
		return nil
	}
	known, name := l.known[i], label(l.replicas[i])
	if n := known.sight(q.text, l.at.Add(-q.span).UnixMilli()).count; q.span > 0 && n < 2 {
		return fmt.Errorf("replica %s was read %d times in the last %s, and a rate needs 2: it is new, or the range is shorter than the time between two samples", name, n, q.span)
	}
	begin := l.at.Add(-q.back).UnixMilli()
	s := known.sight(q.text, begin)
	from := s.first
	switch {
	case s.count == 0:
		from = l.at.UnixMilli()
	case s.anew: // it has no past, but the service has
		from = q.since.UnixMilli()
	}
	if s.before || from <= begin || s.filled(from, begin) {
		return nil
	}
	lasted := l.at.Sub(time.UnixMilli(from)).Round(time.Second)
	return fmt.Errorf("replica %s: seen for %s of the %s that the query looks back at", name, model.Duration(lasted), model.Duration(q.back))
}

func ready(r engine.Replica) bool { return r.Ready }

// unread is why some of the replicas could not be read.
func (l look) unread(of func(engine.Replica) bool) []error {
	var errs []error
	for i, err := range l.errs {
		if err != nil && of(l.replicas[i]) {
			errs = append(errs, fmt.Errorf("replica %s: %w", label(l.replicas[i]), err))
		}
	}
	return errs
}

// inOne makes one line of many errors.
func inOne(errs []error) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return errs[0]
	default:
		return fmt.Errorf("%w (and %d more)", errs[0], len(errs)-1)
	}
}

// names are the first few of several series.
func names(v promql.Vector) string {
	var all []string
	for _, e := range v[:min(len(v), shown)] {
		all = append(all, poll.Short(e.Metric.String()))
	}
	if len(v) > shown {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}
