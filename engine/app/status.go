package app

import (
	"context"
	"os"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Status is what the daemon knows now.
func (a *App) Status(ctx context.Context) (api.Status, error) {
	a.mu.Lock()
	policies, problem := a.policies, a.problem
	newest := make(map[string]last, len(a.last))
	for key, l := range a.last {
		newest[key] = l
	}
	a.mu.Unlock()

	on, known, err := a.store.Enabled(ctx)
	if err != nil {
		return api.Status{}, err
	}
	s := api.Status{
		Enabled: on || !known && a.o.Enabled,
		Daemon: &api.Daemon{
			PID: os.Getpid(), Version: a.o.Version, Since: a.since, Policies: absolute(a.o.Policies), DryRun: a.o.DryRun, Problem: problem,
		},
	}
	now := a.loop.Now()
	pauses, err := a.store.Pauses(ctx)
	if err != nil {
		return s, err
	}
	s.Pause = holding(pauses, "", now)
	for _, p := range policies {
		p = a.mode(p)
		st, err := a.store.State(ctx, p)
		if err != nil {
			return s, err
		}
		l := newest[p.Subject()]
		ps := describe(p, l.record, l.err, guard.Rebase(st, now.Boot, now.At), now.At)
		ps.Pause = holding(pauses, p.Target.Service(p.Service), now)
		s.Policies = append(s.Policies, ps)
	}
	return s, nil
}

func describe(p engine.Policy, r engine.Record, failed error, st engine.State, at time.Time) api.PolicyStatus {
	ps := api.PolicyStatus{
		Name: p.Name, Service: p.Service, Enabled: p.Enabled, Mode: p.Mode,
		MinReplicas: p.MinReplicas, MaxReplicas: p.MaxReplicas, Open: st.Open,
	}
	if d := r.Decision; d.Action != "" {
		seen := r.Snapshot.Service.Replicas
		ps.LastEvaluation = &r.At
		ps.CurrentReplicas, ps.ReadyReplicas, ps.Metrics = seen.Current, seen.Ready, r.Snapshot.Metrics
		ps.Action, ps.Reason, ps.Message = d.Action, d.Reason, d.Message
	}
	if n := len(st.Past); n > 0 {
		newest := st.Past[n-1]
		ps.LastScaling, ps.LastResult = &newest.At, newest.Result
		if ps.LastEvaluation == nil || newest.At.After(*ps.LastEvaluation) {
			ps.CurrentReplicas = newest.To
			ps.ReadyReplicas = min(ps.ReadyReplicas, newest.To)
			if newest.Result == engine.Succeeded && newest.Action == engine.ScaleUp { // which means that all are ready
				ps.ReadyReplicas = newest.To
			}
		}
	}
	if p.Enabled { // else nobody sees to it that they are still so
		ps.Conditions = st.Conditions
		if veto, found := guard.Veto(st.Conditions, at); found {
			ps.Veto = &veto
		}
	}
	if failed != nil {
		ps.Error = failed.Error()
	}
	if b := st.Backoff; b.Failures > 0 {
		ps.Backoff = &api.Backoff{Failures: b.Failures, Seconds: until(at, b.Deadline).Seconds(), Error: b.Error}
	}
	up, down := until(at, st.Cooldown.Up), until(at, st.Cooldown.Down)
	if up > 0 || down > 0 {
		ps.Cooldown = &api.Cooldown{UpSeconds: up.Seconds(), DownSeconds: down.Seconds()}
	}
	return ps
}

func until(at time.Time, d engine.Deadline) time.Duration { return max(0, d.Until.Sub(at)) }

// History is the newest events first.
func (a *App) History(ctx context.Context, service string, limit int) ([]engine.Event, error) {
	return a.store.History(ctx, service, limit)
}

// Enable turns the global switch.
func (a *App) Enable(ctx context.Context, on bool, actor string) error {
	if err := a.store.SetEnabled(ctx, on, actor, time.Now()); err != nil {
		return err
	}
	a.log.Info("switch", "autoscaling", on, "actor", actor)
	return nil
}
