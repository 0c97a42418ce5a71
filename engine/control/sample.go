package control

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Feed is a source as the live world has it.
type Feed struct {
	Source
	Whole bool // its samples are of services as a whole: it asks for no replicas
}

// Part is the metrics of a policy that are sampled in one call.
type Part struct {
	Source  string
	Service string
	Metrics []engine.Metric
}

// Parts parts the metrics of a policy that are sampled by source and service. Each part is sampled at a pace of its own, so
// that a slow source holds up nobody else's metrics.
func Parts(p engine.Policy) []Part {
	var parts []Part
	for _, m := range p.Metrics {
		if m.Computed() {
			continue
		}
		i := slices.IndexFunc(parts, func(part Part) bool { return part.Source == m.Source && part.Service == m.Service })
		if i < 0 {
			i = len(parts)
			parts = append(parts, Part{Source: m.Source, Service: m.Service})
		}
		parts[i].Metrics = append(parts[i].Metrics, m)
	}
	return parts
}

// Use makes other sources those of the world, under the names that metrics use.
func (l *Live) Use(sources map[string]Feed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Sources = sources
}

// Sample takes one sample of each metric of a part.
func (l *Live) Sample(ctx context.Context, p engine.Policy, part Part) error {
	v := l.view(p)
	l.recall(ctx, v, p, part)
	replicas, samples, err := l.sample(ctx, p, part)
	if ctx.Err() != nil && err != nil {
		return err // what was cut short says nothing about the source
	}
	v.mu.Lock()
	news := v.take(samples)
	if part.Service != p.Service {
		v.others[part.Service] = replicas
	}
	for _, m := range part.Metrics {
		delete(v.failed, m.Name)
		if unread := Why(err, m.Name); unread != nil {
			v.failed[m.Name] = unread.Err.Error()
		}
	}
	series := v.series(p.Subject(), news)
	v.mu.Unlock()
	if l.History != nil && len(series) > 0 {
		l.History.Keep(series)
	}
	return err
}

// sample observes the part's service, where its source looks at replicas, and takes one sample of each metric.
func (l *Live) sample(ctx context.Context, p engine.Policy, part Part) ([]engine.Replica, []engine.Sample, error) {
	from, err := l.source(part)
	if err != nil {
		return nil, nil, err
	}
	service := engine.Service{Name: part.Service}
	if !from.Whole {
		p.Service = part.Service
		if service, err = l.service(ctx, p); err != nil {
			return nil, nil, err
		}
	}
	samples, err := from.Sample(ctx, part.Metrics, service)
	return service.Replicas, samples, err
}

func (l *Live) source(part Part) (Feed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, found := l.Sources[part.Source]
	if !found {
		return Feed{}, fmt.Errorf("there is no source %q here; there are: %s", part.Source, strings.Join(slices.Sorted(maps.Keys(l.Sources)), ", "))
	}
	return from, nil
}

// take adds samples to the windows, as they are stored, and answers the new ones.
func (v *view) take(samples []engine.Sample) []engine.Sample {
	kept := make([]engine.Sample, 0, len(samples))
	for _, s := range samples {
		if m, found := v.metric(s.Metric); found {
			kept = append(kept, m.Kept(s))
		}
	}
	return v.windows.Add(kept)
}

func (v *view) metric(name string) (engine.Metric, bool) {
	return engine.Policy{Metrics: v.metrics}.Metric(name)
}

// series is samples as they are kept.
func (v *view) series(subject string, samples []engine.Sample) []engine.Series {
	series := make([]engine.Series, len(samples))
	for i, s := range samples {
		m, _ := v.metric(s.Metric)
		series[i] = engine.Series{
			Subject: subject, Metric: s.Metric, Signal: m.Signal(), Replica: s.Replica,
			Points: []engine.Point{{At: s.At, Value: s.Value}},
		}
	}
	return series
}

// summed is how long the stretch is that a rollup sums up.
const summed = 5 * time.Minute

// recall fills the windows of a part from what was kept before this daemon started, once. perReplica metrics begin anew:
// nobody knows whether the number of replicas was the same all the while. What lies before the windows is for a forecast, which
// is made of means of five minutes: so weeks of it are read from the rollups, and while the view is free for others.
func (l *Live) recall(ctx context.Context, v *view, p engine.Policy, part Part) {
	for _, m := range part.Metrics {
		if !v.recalls(m) || l.History == nil || m.Scope == engine.PerReplica {
			continue
		}
		now := time.Now()
		r := engine.Range{Subject: p.Subject(), Metric: m.Name, Signal: m.Signal(), To: now}
		r.From = now.Add(-2 * m.Window).Truncate(summed).Add(-time.Millisecond)
		samples, err := l.History.Samples(ctx, r)
		if season := seasons * p.Forecast.Season; m.Scope == engine.Total && season > 2*m.Window {
			r.From, r.To = now.Add(-season), r.From.Add(-summed+time.Millisecond)
			older, failed := l.History.Rollups(ctx, r)
			samples, err = append(means(older), samples...), cmp.Or(err, failed)
		}
		v.refill(m, samples, err)
	}
}

// seasons are so many that a forecast is made of.
const seasons = 4

// means are rollups as samples in the middle of their stretch.
func means(of []engine.Rollups) []engine.Series {
	all := make([]engine.Series, len(of))
	for i, s := range of {
		all[i].Replica = s.Replica
		for _, r := range s.Rollups {
			all[i].Points = append(all[i].Points, engine.Point{At: r.From.Add(summed / 2), Value: r.Mean})
		}
	}
	return all
}

// recalls says, once, that what was kept of a metric is yet to be read.
func (v *view) recalls(m engine.Metric) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	known := v.recalled[m.Name]
	v.recalled[m.Name] = true
	return !known
}

// refill adds what was kept of a metric to its window, as far as it could be read.
func (v *view) refill(m engine.Metric, kept []engine.Series, failed error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if failed != nil {
		v.failed[m.Name] = failed.Error() // the windows fill anyway
	}
	for _, s := range kept {
		for _, point := range s.Points {
			v.windows.Add([]engine.Sample{{Metric: m.Name, Replica: s.Replica, At: point.At, Value: point.Value}})
		}
	}
}

// Why is what an error says of one metric: what names it, or else all of it; nil where it names only others.
func Why(err error, metric string) *engine.Unread {
	if err == nil {
		return nil
	}
	all := unreads(err)
	if len(all) == 0 {
		return &engine.Unread{Metric: metric, Err: err}
	}
	for _, u := range all {
		if u.Metric == metric {
			return &u
		}
	}
	return nil
}

// unreads are all that are joined in an error.
func unreads(err error) []engine.Unread {
	var all []engine.Unread
	switch e := err.(type) {
	case engine.Unread:
		return []engine.Unread{e}
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, unreads(one)...)
		}
	case interface{ Unwrap() error }:
		return unreads(e.Unwrap())
	}
	return all
}
