package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/engine/metrics/push"
)

// Metrics is what the windows say now.
func (a *App) Metrics(ctx context.Context, service string) ([]api.MetricStatus, error) {
	now := a.loop.Now()
	policies := of(a.atWork(), service)
	if service != "" && len(policies) == 0 {
		return nil, unknown(service, a.atWork())
	}
	var all []api.MetricStatus
	if !a.leader.leads() {
		newest, err := a.newest(ctx)
		for _, p := range policies {
			all = append(all, statuses(p, aged(p, newest[p.Subject()].record.Snapshot, now.At))...)
		}
		return all, err
	}
	for _, p := range policies {
		st, err := a.store.State(ctx, p)
		if err != nil {
			return nil, err
		}
		snapshot, seen := a.live.Look(p, guard.Rebase(st, now.Boot, now.At), now.At)
		if seen {
			snapshot = control.Compute(ctx, a, p, snapshot)
		}
		all = append(all, statuses(p, snapshot)...)
	}
	return all, nil
}

// Samples is the history of a metric.
func (a *App) Samples(ctx context.Context, asked api.Asked) (api.Kept, error) {
	return kept(ctx, a.store, a.everything(), asked)
}

// everything is all policies, in the mode they run in.
func (a *App) everything() []engine.Policy {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]engine.Policy, len(a.policies))
	for i, p := range a.policies {
		all[i] = a.mode(p)
	}
	return all
}

// Push hands values to the push sources of the policies that look at the service. It takes all of them, or none.
func (a *App) Push(_ context.Context, service string, samples []api.Pushed) error {
	if err := a.elsewhere("taking values"); err != nil {
		return err
	}
	now := time.Now()
	policies := a.everything()
	a.mu.Lock()
	defer a.mu.Unlock()
	if places := a.sources.places(policies, service); len(places) > 1 {
		return api.Refusal{Status: http.StatusConflict, Detail: fmt.Sprintf(
			"several services are called %s (%s), and a value could be of any: call them differently", service, strings.Join(places, ", "))}
	}
	taken := map[string][]engine.Sample{} // by source
	for _, s := range samples {
		sources := a.sources.expect(policies, service, s.Metric)
		if len(sources) == 0 {
			return api.Refusal{Status: http.StatusNotFound, Detail: a.sources.unexpected(policies, service, s.Metric)}
		}
		for _, source := range sources {
			taken[source] = append(taken[source], engine.Sample{Metric: s.Metric, Replica: s.Replica, At: s.At, Value: *s.Value})
		}
	}
	for _, samples := range taken {
		if err := push.Check(service, samples, now); err != nil {
			return api.Refusal{Status: http.StatusBadRequest, Detail: err.Error()}
		}
	}
	for source, samples := range taken {
		if err := a.sources.pushed[source].Push(service, samples, now); err != nil {
			return err // which was checked
		}
	}
	return nil
}

// places are where the services of a name run of which a policy wants values.
func (s *sources) places(policies []engine.Policy, service string) []string {
	var places []string
	for _, p := range policies {
		at := p.Target.Service(service)
		for _, m := range p.Metrics {
			if s.pushed[m.Source] != nil && m.Service == service && !slices.Contains(places, at) {
				places = append(places, at)
			}
		}
	}
	return places
}

// expect are the push sources of which a policy wants a value of a service.
func (s *sources) expect(policies []engine.Policy, service, name string) []string {
	var found []string
	for _, p := range policies {
		for _, m := range p.Metrics {
			if s.pushed[m.Source] != nil && m.Service == service && pushedAs(m) == name && !slices.Contains(found, m.Source) {
				found = append(found, m.Source)
			}
		}
	}
	return found
}

// unexpected says that nobody wants a value, and which are wanted.
func (s *sources) unexpected(policies []engine.Policy, service, name string) string {
	var wanted []string
	for _, p := range policies {
		for _, m := range p.Metrics {
			if one := m.Service + "/" + pushedAs(m); s.pushed[m.Source] != nil && !slices.Contains(wanted, one) {
				wanted = append(wanted, one)
			}
		}
	}
	if len(wanted) == 0 {
		return `no policy has a metric whose source is of type push; set one up: config: sources: app: {type: "push"}`
	}
	return fmt.Sprintf("no policy wants %q of service %s to be pushed; they want (service/metric): %s", name, service, strings.Join(wanted, ", "))
}

// pushedAs is the name under which a metric's values are pushed.
func pushedAs(m engine.Metric) string {
	if m.Query != "" {
		return m.Query
	}
	return m.Name
}

// of are the policies of a service; the service may be called by its policy's name.
func of(policies []engine.Policy, service string) []engine.Policy {
	var found []engine.Policy
	for _, p := range policies {
		if service == "" || p.Service == service {
			found = append(found, p)
		}
	}
	if found != nil {
		return found
	}
	for _, p := range policies {
		if p.Name == service {
			found = append(found, p)
		}
	}
	return found
}

func unknown(service string, policies []engine.Policy) error {
	var there []string
	for _, p := range policies {
		if !slices.Contains(there, p.Service) {
			there = append(there, p.Service)
		}
	}
	if len(there) == 0 {
		return api.Refusal{Status: http.StatusNotFound, Detail: "no policy is enabled, so nothing is measured"}
	}
	return api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("no enabled policy is of service %s; there is %s", service, strings.Join(there, ", "))}
}

// statuses are the metrics of a policy as a snapshot shows them.
func statuses(p engine.Policy, s engine.Snapshot) []api.MetricStatus {
	all := make([]api.MetricStatus, len(p.Metrics))
	for i, m := range p.Metrics {
		r, found := s.Metrics[m.Name]
		if !found {
			r = engine.Reading{Status: engine.Missing, Detail: "not measured yet"}
		}
		all[i] = api.MetricStatus{
			Policy: p.Name, Service: p.Service, Mode: p.Mode, Metric: m.Name, Type: m.Type, Source: m.Source,
			Query: m.Query, Expr: m.Expr, Rule: m.Rule, Aggregation: m.Aggregation, WindowSeconds: m.Window.Seconds(),
			At: s.At, Reading: r,
		}
		if m.Service != p.Service {
			all[i].Of = m.Service
		}
	}
	return all
}

// history is where samples are kept.
type history interface {
	Samples(ctx context.Context, r engine.Range) ([]engine.Series, error)
	Rollups(ctx context.Context, r engine.Range) ([]engine.Rollups, error)
}

// kept reads the history of a metric of a service's policies.
func kept(ctx context.Context, from history, policies []engine.Policy, asked api.Asked) (api.Kept, error) {
	answer := api.Kept{From: asked.From, To: asked.To}
	found := of(policies, asked.Service)
	if len(found) == 0 {
		return answer, unknown(asked.Service, policies)
	}
	slices.SortStableFunc(found, func(a, b engine.Policy) int { return cmp.Compare(standing(a), standing(b)) })
	declared := false
	var names []string
	for _, p := range found {
		for _, m := range p.Metrics {
			switch {
			case m.Computed():
			case m.Name != asked.Metric:
				if !slices.Contains(names, m.Name) { // another policy of the service may read it too
					names = append(names, m.Name)
				}
			default:
				declared = true
				r := engine.Range{Subject: p.Subject(), Metric: m.Name, From: asked.From, To: asked.To}
				if err := read(ctx, from, r, asked.Rollups, &answer); err != nil || len(answer.Series)+len(answer.Rollups) > 0 {
					return answer, err
				}
			}
		}
	}
	if declared {
		return answer, nil
	}
	return answer, api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf(
		"no samples are kept of a metric %s of service %s; they are of: %s", asked.Metric, asked.Service, strings.Join(names, ", "))}
}

// called are the services of a policy, by its name: whoever names it asks for something of them.
func (a *App) called(name string) (services []string) {
	for _, p := range a.everything() {
		if name != "" && p.Name == name && p.Service != name {
			services = append(services, p.Service)
		}
	}
	return services
}

// standing puts a policy that acts before one that only watches, and that before one that is off.
func standing(p engine.Policy) int {
	switch {
	case !p.Enabled:
		return 2
	case p.Mode == engine.Shadow:
		return 1
	}
	return 0
}

func read(ctx context.Context, from history, r engine.Range, rollups bool, into *api.Kept) (err error) {
	if rollups {
		into.Rollups, err = from.Rollups(ctx, r)
	} else {
		into.Series, err = from.Samples(ctx, r)
	}
	return err
}
