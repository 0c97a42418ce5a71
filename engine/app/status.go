package app

import (
	"context"
	"maps"
	"os"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/guard"
)

// Status is what the daemon knows now; while the store can't be read, what it last knew.
func (a *App) Status(ctx context.Context) (api.Status, error) {
	s, err := a.status(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		a.known = s
		return s, nil
	}
	if ctx.Err() != nil {
		return s, err
	}
	known := a.known
	known.Daemon = s.Daemon
	known.Daemon.Store = err.Error()
	known.Pause = lasting(known.Pause, a.loop.Now().At)
	known.Policies = a.remembered(known)
	return known, nil
}

// remembered are the policies as they were last told, or as their last cycles left them where those came after. The caller
// holds the lock.
func (a *App) remembered(told api.Status) []api.PolicyStatus {
	now := a.loop.Now()
	all, before := []api.PolicyStatus{}, map[string]api.PolicyStatus{}
	for _, p := range told.Policies {
		before[p.Name] = p
	}
	for _, p := range a.policies {
		p = a.mode(p)
		l := a.last[p.Subject()]
		st := guard.Rebase(l.record.State, now.Boot, now.At)
		ps := describe(p, l.record, l.err, st, now.At)
		ps.LastEvent = a.events.newest(p, st)
		was := before[p.Name]
		if was.LastEvaluation != nil && !l.record.At.After(*was.LastEvaluation) {
			ps = was
		}
		ps.Pause = lasting(was.Pause, now.At)
		ps.State = api.StateOf(ps, told.Enabled, a.o.DryRun, told.Pause)
		all = append(all, ps)
	}
	return all
}

func (a *App) status(ctx context.Context) (api.Status, error) {
	a.mu.Lock()
	policies, problem, left, listens := a.policies, a.problem, a.loaded.Left, a.listens
	a.mu.Unlock()
	s := api.Status{
		Policies: []api.PolicyStatus{}, LeftOut: leftOut(left),
		Daemon: &api.Daemon{
			PID: os.Getpid(), Version: a.o.Version, Since: a.since, Policies: absolute(a.o.Policies), Ledger: rooted(a.o.Store), DryRun: a.o.DryRun, Problem: problem, Listens: listens,
			Leader: a.leader.told(),
		},
	}
	w, err := a.overall(ctx)
	if err != nil {
		return s, err
	}
	s.Enabled, s.Switched, s.Pause = w.enabled, w.switched, w.pause()
	newest, err := a.newest(ctx)
	if err != nil {
		return s, err
	}
	if s.Undelivered, err = undelivered(ctx, a.store); err != nil {
		return s, err
	}
	s.Fleet.MaxTotalReplicas, s.Fleet.MinAvailableMemoryMB = a.limits()
	live := fleet{}
	for _, p := range policies {
		as := a.mode(p)
		l := newest[as.Subject()]
		ps, err := a.statusOf(ctx, as, l, w)
		if err != nil {
			return s, err
		}
		live.count(p, ps, l.record)
		s.Policies = append(s.Policies, ps)
	}
	s.Fleet.Replicas = live.replicas()
	return s, nil
}

// statusOf is one policy with its newest cycle.
func (a *App) statusOf(ctx context.Context, p engine.Policy, l last, w overall) (api.PolicyStatus, error) {
	st, err := a.stateOf(ctx, p)
	if err != nil {
		return api.PolicyStatus{}, err
	}
	return w.shown(p, l, st), nil
}

// newest is the newest cycle of each policy, by subject: its own, or where another daemon leads what that has on record.
func (a *App) newest(ctx context.Context) (map[string]last, error) {
	all := map[string]last{}
	if a.leader.leads() {
		a.mu.Lock()
		defer a.mu.Unlock()
		maps.Copy(all, a.last)
		return all, nil
	}
	records, err := a.store.Latest(ctx)
	for _, r := range records {
		all[r.Subject()] = last{record: r}
	}
	return all, err
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
	if err := a.store.SetEnabled(ctx, on, actor, a.loop.Now().At); err != nil {
		return err
	}
	a.log.Info("switch", "autoscaling", on, "actor", actor)
	return nil
}
