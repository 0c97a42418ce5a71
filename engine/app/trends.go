package app

import (
	"context"
	"slices"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/trend"
)

// Trends are the histories of the policies of services.
func (a *App) Trends(ctx context.Context, ask api.TrendsAsk) (api.Trends, error) {
	newest, err := a.newest(ctx)
	if err != nil {
		return api.Trends{}, err
	}
	records := make(map[string]engine.Record, len(newest))
	for subject, l := range newest {
		records[subject] = l.record
	}
	on := chronicle{a.store, records, a.loop.Now().At.Add(-days(a.o.sampleDays))}
	return on.trends(ctx, a.everything(), ask)
}

// Trends are the histories of the policies of services, in whichever mode they last ran.
func (f *Offline) Trends(ctx context.Context, ask api.TrendsAsk) (t api.Trends, err error) {
	err = f.read(func(ledger store.Store) error {
		newest, err := latest(ctx, ledger)
		if err != nil {
			return err
		}
		on := chronicle{ledger, newest, clock()().At.Add(-days(f.o.sampleDays))}
		t, err = on.trends(ctx, lastModes(f.policies, newest), ask)
		return err
	})
	return t, err
}

// chronicle is what is on record.
type chronicle struct {
	of interface {
		history
		History(ctx context.Context, service string, limit int) ([]engine.Event, error)
		DecisionAt(ctx context.Context, policy string, mode engine.Mode, at time.Time) (store.Row, bool, error)
	}
	newest  map[string]engine.Record // by subject
	sampled time.Time                // before this samples are not kept
}

// coarsest is the shortest step of rollups.
const coarsest = 5 * time.Minute

func (h chronicle) trends(ctx context.Context, policies []engine.Policy, ask api.TrendsAsk) (api.Trends, error) {
	rollups, least := ask.Long() || ask.From.Before(h.sampled), time.Second
	if rollups {
		least = coarsest
	}
	axis := trend.Over(ask.From, ask.To, ask.Points, least)
	t := api.Trends{From: axis.At(0), To: axis.To, Step: int(axis.Step / time.Second), Trends: []api.Trend{}}
	told := map[string]bool{}
	for _, service := range ask.Services {
		found := of(policies, service)
		if len(found) == 0 {
			return t, unknown(service, policies)
		}
		for _, p := range found {
			if told[p.Name] {
				continue
			}
			told[p.Name] = true
			one, err := h.trend(ctx, p, axis, rollups)
			if err != nil {
				return t, err
			}
			t.Trends = append(t.Trends, one)
		}
	}
	return t, nil
}

// trend is the history of one policy.
func (h chronicle) trend(ctx context.Context, p engine.Policy, axis trend.Axis, rollups bool) (api.Trend, error) {
	t := api.Trend{
		Policy: p.Name, Service: p.Service, Mode: p.Mode, MinReplicas: p.MinReplicas, MaxReplicas: p.MaxReplicas,
		Cooldown: api.Cooldown{UpSeconds: p.Cooldown.Up.Seconds(), DownSeconds: p.Cooldown.Down.Seconds()},
		Metrics:  []api.MetricTrend{},
	}
	read := h.samples
	if rollups {
		read = h.rollups
	}
	lines, first, err := read(ctx, p, axis)
	if err != nil {
		return t, err
	}
	if t.Replicas, err = h.replicas(ctx, p, axis, first); err != nil {
		return t, err
	}
	for _, m := range p.Metrics {
		if m.Expr != "" {
			lines[m.Name] = trend.OfFormula(axis, m, lines, t.Replicas)
		}
		line, found := lines[m.Name]
		if !found { // computed by a rule, which nobody asks again
			line = trend.OfSamples(axis, m, nil)
		}
		one := api.MetricTrend{
			Metric: m.Name, Type: m.Type, Aggregation: m.Aggregation, WindowSeconds: m.Window.Seconds(), Scope: m.Scope,
			Values: line.Values, Low: line.Low, High: line.High,
		}
		against(p, &one)
		t.Metrics = append(t.Metrics, one)
	}
	return t, nil
}

// samples makes lines of the samples of each metric that has any of its own, and says when the first was taken.
func (h chronicle) samples(ctx context.Context, p engine.Policy, axis trend.Axis) (map[string]trend.Metric, time.Time, error) {
	all, err := h.of.Samples(ctx, span(p, axis))
	lines, first := linesOf(p, axis, all, trend.OfSamples, func(s engine.Series) (metric, signal string, first time.Time) {
		return s.Metric, s.Signal, s.Points[0].At
	})
	return lines, first, err
}

// rollups is the same of rollups.
func (h chronicle) rollups(ctx context.Context, p engine.Policy, axis trend.Axis) (map[string]trend.Metric, time.Time, error) {
	all, err := h.of.Rollups(ctx, span(p, axis))
	lines, first := linesOf(p, axis, all, trend.OfRollups, func(s engine.Rollups) (metric, signal string, first time.Time) {
		return s.Metric, s.Signal, s.Rollups[0].From
	})
	return lines, first, err
}

// linesOf makes lines of what is kept of each metric. Where nothing is, the first of it lies behind the axis.
func linesOf[S any](p engine.Policy, axis trend.Axis, all []S, line func(trend.Axis, engine.Metric, []S) trend.Metric,
	about func(S) (metric, signal string, first time.Time)) (map[string]trend.Metric, time.Time) {
	lines, first := map[string]trend.Metric{}, axis.To.Add(time.Second)
	for _, m := range p.Metrics {
		if m.Computed() {
			continue
		}
		var of []S
		for _, s := range all {
			if metric, signal, begins := about(s); metric == m.Name && signal == m.Signal() { // of another signal they would be no evidence
				of = append(of, s)
				first = sooner(first, begins)
			}
		}
		lines[m.Name] = line(axis, m, of)
	}
	return lines, first
}

// span is what may matter to lines on an axis.
func span(p engine.Policy, axis trend.Axis) engine.Range {
	before := axis.Step
	for _, m := range p.Metrics {
		before = max(before, axis.Before(m))
	}
	return engine.Range{Subject: p.Subject(), From: axis.At(0).Add(-before), To: axis.To}
}

func sooner(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// replicas are those of a policy's service, or that a shadow would have. Somebody has looked since before the axis began where a
// decision of then is on record, or else since the first sample.
func (h chronicle) replicas(ctx context.Context, p engine.Policy, axis trend.Axis, since time.Time) ([]*int, error) {
	events, err := h.events(ctx, p, axis.At(0))
	if err != nil {
		return nil, err
	}
	if since.After(axis.At(0)) {
		_, decided, err := h.of.DecisionAt(ctx, p.Name, p.Mode, axis.At(0))
		if err != nil {
			return nil, err
		}
		if decided {
			since = axis.At(0)
		}
	}
	known := trend.Known{Since: since}
	if r := h.newest[p.Subject()]; r.Decision.Action != "" {
		known.Seen = &engine.Count{Replicas: r.Snapshot.Service.Replicas.Current, At: r.At}
		known.Until = r.At.Add(someIntervals * p.EvaluationInterval)
	}
	return trend.Replicas(axis, events, known), nil
}

// events are those of a policy's service in its mode that an axis shows, and one before; of very many the newest.
func (h chronicle) events(ctx context.Context, p engine.Policy, since time.Time) ([]engine.Event, error) {
	const most = 5000
	for limit := 50; ; limit *= 10 {
		events, err := h.of.History(ctx, p.Service, limit)
		if err != nil {
			return nil, err
		}
		if n := len(events); n == limit && limit < most && events[n-1].Started.After(since) {
			continue
		}
		return slices.DeleteFunc(events, func(e engine.Event) bool { return e.Subject() != p.Subject() }), nil
	}
}

// against says what a metric is held against.
func against(p engine.Policy, m *api.MetricTrend) {
	for _, t := range p.Thresholds {
		if t.Metric == m.Metric {
			m.Comparison, m.ScaleUp, m.ScaleDown = t.Comparison, &t.ScaleUp, &t.ScaleDown
		}
	}
	for _, t := range p.Targets {
		if t.Metric == m.Metric {
			m.Target = &t.Value
		}
	}
	for _, b := range p.Bands {
		if b.Metric == m.Metric && m.Comparison == "" {
			m.Comparison = engine.GreaterThan
			m.ScaleDown, m.ScaleUp = b.Edges()
		}
	}
}
