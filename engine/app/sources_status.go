package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/schema"
)

// Sources is how each source does, by what the metrics of the policies at work read now.
func (a *App) Sources(ctx context.Context) ([]api.SourceStatus, error) {
	policies, settings, now := a.atWork(), a.set().Config.Sources, a.loop.Now().At
	if !a.leader.leads() {
		newest, err := a.newest(ctx)
		return sourcesOf(settings, policies, func(p engine.Policy, m engine.Metric) health {
			return lastRead(aged(p, newest[p.Subject()].record.Snapshot, now), m)
		}), err
	}
	looks := map[string]engine.Snapshot{}
	for _, p := range policies {
		looks[p.Name], _ = a.live.Look(p, engine.State{}, now)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return sourcesOf(settings, policies, func(p engine.Policy, m engine.Metric) health {
		r := looks[p.Name].Metrics[m.Name]
		failed := a.unread[unreadKey(p, control.Part{Source: m.Source, Service: m.Service})]
		waits := r.Status == engine.Missing && !failed && (a.sources.pushed[m.Source] == nil || sampled(r))
		return health{r, r.Status == engine.OK || waits, failed}
	}), nil
}

// Sources is how each source did when policies were last at work.
func (f *Offline) Sources(ctx context.Context) ([]api.SourceStatus, error) {
	newest, err := f.newest(ctx)
	var at []engine.Policy
	for _, p := range f.policies {
		if p.Enabled {
			at = append(at, lastMode(p, newest))
		}
	}
	now := clock()().At
	return sourcesOf(f.set.Config.Sources, at, func(p engine.Policy, m engine.Metric) health {
		return lastRead(aged(p, newest[p.Subject()].Snapshot, now), m)
	}), err
}

// health is how a source does for one metric. It may be well though the metric can't be read yet: after a change of replicas
// a window takes its time to fill.
type health struct {
	reading engine.Reading
	well    bool
	failed  bool // the last time it was asked
}

// lastRead is what is known of it where nobody here asks the source.
func lastRead(s engine.Snapshot, m engine.Metric) health {
	r, found := s.Metrics[m.Name]
	if !found {
		r = engine.Reading{Status: engine.Missing, Detail: "not measured yet"}
	}
	return health{reading: r, well: r.Status == engine.OK || r.Status == engine.Missing && sampled(r)}
}

// sampled says that a metric has samples, though they may be too few.
func sampled(r engine.Reading) bool { return r.Samples > 0 || r.AgeSeconds > 0 }

// sourcesOf are those that metrics are read from, and those that are set up, in the order of the policies and then of the config.
func sourcesOf(settings []schema.Source, policies []engine.Policy, of func(engine.Policy, engine.Metric) health) []api.SourceStatus {
	all, worst := []api.SourceStatus{}, []health{}
	find := func(name, kind string) int {
		i := slices.IndexFunc(all, func(s api.SourceStatus) bool { return s.Name == name && s.Kind == kind })
		if i < 0 {
			i = len(all)
			all, worst = append(all, api.SourceStatus{Name: name, Kind: kind, Status: "idle"}), append(worst, health{well: true})
		}
		return i
	}
	for _, p := range policies {
		for _, m := range p.Metrics {
			if m.Computed() {
				continue
			}
			i := find(sourceName(settings, p, m))
			all[i].Metrics++
			h := of(p, m)
			if h.well {
				all[i].OK++
			} else if worst[i].well || h.failed && !worst[i].failed {
				worst[i], all[i].Trouble = h, trouble(p, m, h.reading)
			}
		}
	}
	for _, s := range settings {
		find(s.Name, s.Type)
	}
	for i, s := range all {
		switch {
		case s.Metrics == 0:
		case s.OK == s.Metrics:
			all[i].Status = "ok"
		case s.OK == 0:
			all[i].Status = "down"
		default:
			all[i].Status = "degraded"
		}
	}
	return all
}

// sourceName is what a metric is read from. What authors call system is Docker, or the simulation.
func sourceName(settings []schema.Source, p engine.Policy, m engine.Metric) (name, kind string) {
	for _, s := range settings {
		if s.Name == m.Source {
			return s.Name, s.Type
		}
	}
	switch {
	case m.Source == "system" && p.Target.Driver == "sim":
		return "sim", "sim"
	case m.Source == "system":
		return "docker", "docker"
	case m.Source == "business":
		return "business", "scrape" // as it is without being set up
	}
	return m.Source, m.Source
}

// trouble is what is wrong with a metric, in one line.
func trouble(p engine.Policy, m engine.Metric, r engine.Reading) string {
	text := fmt.Sprintf("%s of %s is %s", m.Name, p.Service, r.Status)
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return api.OneLine(text)
}
