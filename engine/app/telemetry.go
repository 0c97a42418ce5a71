package app

import (
	"context"
	"errors"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/engine/telemetry"
)

// state is what is the case now, for whoever scrapes. It waits for the store a moment at most, and holds nobody up.
func (a *App) state() telemetry.State {
	s := telemetry.State{Version: a.o.Version, Leads: a.leader.leads()}
	if a.leader.elector != nil {
		lease, _ := a.leader.heard()
		s.Epoch = lease.Epoch
	}
	s.Listeners, s.Deliveries = a.hub.Listeners(), a.deliveries()
	s.Replicas, s.MaxReplicas = a.loop.Cycle.Budget.Use()
	seen := a.probe.see(context.Background())
	if seen.store == nil {
		s.Store = &telemetry.Store{
			Enabled: seen.enabled || !seen.turned && a.o.Enabled, Paused: holding(seen.pauses, "", a.loop.Now()) != nil,
		}
		if seen.outbox != nil {
			s.Store.Outbox = &telemetry.Outbox{Waiting: seen.outbox.waiting, Dead: seen.outbox.dead}
		}
	}
	a.mu.Lock()
	policies := a.policies
	s.Reloaded, s.Reloads = a.reloaded, a.problem == ""
	a.mu.Unlock()
	for _, p := range policies {
		s.Policies = append(s.Policies, a.standing(a.mode(p), seen.pauses))
	}
	return s
}

// deliveries are those of the receivers that are told now, also of whom nothing was to be told yet.
func (a *App) deliveries() []telemetry.Delivery {
	var all []telemetry.Delivery
	counts := a.notifier.Counts()
	for _, r := range a.notifier.Receivers() {
		c := counts[r.Name]
		all = append(all, telemetry.Delivery{Receiver: r.Name, Delivered: c.Delivered, Failed: c.Failed, Dead: c.Dropped, Folded: c.Folded})
	}
	return all
}

// standing is how one policy stands.
func (a *App) standing(p engine.Policy, pauses map[string]engine.Pause) telemetry.Policy {
	s := telemetry.Policy{Name: p.Name, Service: p.Service, Mode: p.Mode, Enabled: p.Enabled, Min: p.MinReplicas, Max: p.MaxReplicas}
	a.mu.Lock()
	turned, runs := a.turns[p.Subject()]
	l := a.last[p.Subject()]
	a.mu.Unlock()
	if !runs {
		return s
	}
	now := a.loop.Now()
	s.Work = &telemetry.Work{
		Every: p.EvaluationInterval, Evaluated: turned, Acting: a.loop.Cycle.Acting(p.Subject()),
		Paused: holding(pauses, p.Target.Service(p.Service), now) != nil || holding(pauses, "", now) != nil,
	}
	r := l.record
	if r.Decision.Action == "" || r.Policy != p.Name { // the service's last decision may be of an earlier policy
		return s
	}
	s.Min, s.Max = p.Bounds(r.Snapshot.Schedule)
	last := telemetry.Last{
		Replicas: r.Snapshot.Service.Replicas.Current, Ready: r.Snapshot.Service.Replicas.Ready,
		Recommended: r.Recommendation.Replicas, Wanted: r.Decision.To, Confidence: r.Recommendation.Confidence,
	}
	if e := l.event; e != nil && e.Ended.After(r.At) {
		last.Replicas, last.Ready = e.Reached, min(last.Ready, e.Reached)
		if e.Result == engine.Succeeded && e.Action == engine.ScaleUp { // which means that all are ready
			last.Ready = e.Reached
		}
	}
	last.Metrics = a.readings(p, r, now.At)
	s.Work.Last = &last
	return s
}

// readings are how the metrics of a policy stand now. Those that are computed stand as they did at the last decision.
func (a *App) readings(p engine.Policy, r engine.Record, now time.Time) []telemetry.Metric {
	looked, _ := a.live.Look(p, engine.State{}, now)
	all := make([]telemetry.Metric, 0, len(p.Metrics))
	for _, m := range p.Metrics {
		reading, since := looked.Metrics[m.Name], 0.0
		if m.Computed() {
			reading, since = r.Snapshot.Metrics[m.Name], max(0, now.Sub(r.At).Seconds())
		}
		one := telemetry.Metric{Name: m.Name, Status: reading.Status}
		if reading.Samples > 0 {
			age := reading.AgeSeconds + since
			one.Age = &age
		}
		all = append(all, one)
	}
	return all
}

// counts tells telemetry which policies and sources there are.
func (a *App) counts() {
	var sources []string
	policies := a.everything()
	seen := map[string]bool{}
	for _, p := range policies {
		for _, m := range p.Metrics {
			if m.Source != "" && !seen[m.Source] {
				seen[m.Source] = true
				sources = append(sources, m.Source)
			}
		}
	}
	a.tells.Keep(policies, sources)
}

// storeFailed counts an error of the store. That another daemon leads is none, nor that nobody waits for the answer any more.
func (a *App) storeFailed(operation string, err error) {
	if err != nil && !errors.Is(err, store.ErrFenced) && !errors.Is(err, context.Canceled) {
		a.tells.StoreFailed(operation)
	}
}
