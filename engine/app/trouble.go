package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/guard"
	"github.com/flyball-dev/flyball/engine/notify"
	"github.com/flyball-dev/flyball/engine/store"
)

// troubles are noted in the audit log by the one who leads, when they begin and when they are over.
type troubles struct {
	mu sync.Mutex
	notify.Watch
}

// recall takes up the troubles that the audit log says are open, and ends those that nobody will look at again. From here on
// what happens is told.
func (a *App) recall(ctx context.Context) {
	if err := a.notifier.Begin(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("what happens first is not told", "error", err)
	}
	const most = 2000 // of each kind, the newest
	began, err := a.store.Audited(ctx, store.Filter{Kind: store.OfTrouble, Limit: most})
	ended, err2 := a.store.Audited(ctx, store.Filter{Kind: store.OfRecovery, Limit: most})
	if err = errors.Join(err, err2); err != nil {
		if ctx.Err() == nil {
			a.log.Error("which troubles go on is not known: they are noted again", "error", err)
		}
		return
	}
	all := append(began, ended...)
	slices.SortFunc(all, func(x, y store.Entry) int { return int(x.Number - y.Number) })
	a.troubles.mu.Lock()
	a.troubles.Resume(all)
	a.troubles.mu.Unlock()
	a.lookAtSet()
}

// lookAtSet looks whether the policies on disk and those by API can be used, and whose troubles are over because they are gone.
func (a *App) lookAtSet() {
	a.mu.Lock()
	problem, left := a.problem, a.loaded.Left
	a.mu.Unlock()
	var found []notify.Finding
	if problem != "" {
		found = append(found, notify.Finding{Reason: notify.PoliciesUnusable, Message: "the policies on disk can't be used, and those before stay at work: " + problem})
	}
	if len(left) > 0 {
		var each []string
		for _, l := range left {
			each = append(each, l.Name+": "+why(l))
		}
		found = append(found, notify.Finding{Reason: notify.PoliciesLeftOut, Message: "policies by API are left out: " + strings.Join(each, "; ")})
	}
	var live []engine.Policy
	for _, p := range a.atWork() {
		if p.Mode == engine.Live {
			live = append(live, p)
		}
	}
	at := a.loop.Now().At
	a.noteTroubles(func(w *notify.Watch) []store.Entry {
		return append(w.Look(at, "", "", found, nil), w.Keep(at, live)...)
	})
}

// lookAt looks at how the cycle of a policy ended. What a shadow finds troubles nobody.
func (a *App) lookAt(p engine.Policy, l last) {
	if p.Mode != engine.Live {
		return
	}
	found, unseen := findings(p, l.record)
	if l.err != nil {
		found = []notify.Finding{{Reason: notify.NothingDecided, Message: "nothing is decided: " + l.err.Error()}}
		if unobserved := (control.Unobserved{}); errors.As(l.err, &unobserved) {
			found = []notify.Finding{{Reason: notify.Unobservable, Message: "it can't be observed: " + unobserved.Err.Error()}}
		}
		unseen = []string{notify.RulesFail, notify.NoneReady, notify.MetricsDoubtful, notify.BudgetExhausted, notify.MaximumReached}
	}
	at := a.loop.Now().At
	a.noteTroubles(func(w *notify.Watch) []store.Entry { return w.Look(at, p.Name, p.Service, found, unseen) })
}

// findings are what is wrong by a decision, and of which reasons it says nothing: while a gate holds nobody asks for how many
// more there is room.
func findings(p engine.Policy, r engine.Record) (found []notify.Finding, unseen []string) {
	add := func(reason, message string) { found = append(found, notify.Finding{Reason: reason, Message: message}) }
	if failed := r.Recommendation.Error; failed != "" {
		add(notify.RulesFail, "its rules fail, and it is held: "+failed)
	}
	now := r.Snapshot.Service.Replicas
	switch {
	case now.Current == 0:
		add(notify.NoneReady, "it has no replicas; what was stopped is not started by flyball")
	case now.Ready == 0:
		add(notify.NoneReady, fmt.Sprintf("0 of its %d replicas are ready", now.Current))
	}
	held := true
	for _, t := range r.Decision.Trace {
		held = held && t.Stage != "budget"
	}
	if held {
		unseen = append(unseen, notify.BudgetExhausted, notify.MaximumReached)
	}
	for _, c := range guard.Conditions(nil, r.Decision, r.Recommendation, r.Snapshot, p) {
		switch {
		case c.Type == guard.Informed && !c.Status && (strings.HasPrefix(c.Reason, "Metric") || c.Reason == "NoMetrics"):
			add(notify.MetricsDoubtful, "metrics can't be trusted, and it is not scaled down: "+c.Message)
		case c.Type == guard.Limited && c.Status && (c.Reason == "BudgetExhausted" || c.Reason == "BudgetUnknown" || c.Reason == "NoRoom"):
			add(notify.BudgetExhausted, fmt.Sprintf("it has %d replicas and can't have more: %s", now.Current, c.Message))
		case c.Type == guard.Limited && c.Status && c.Reason == "AtMaximum":
			add(notify.MaximumReached, fmt.Sprintf("it has %d replicas and may not have more: %s", now.Current, c.Message))
		}
	}
	return found, unseen
}

// noteTroubles notes what a look at the troubles finds.
func (a *App) noteTroubles(look func(*notify.Watch) []store.Entry) {
	if !a.leader.leads() {
		return
	}
	a.troubles.mu.Lock()
	defer a.troubles.mu.Unlock()
	entries := look(&a.troubles.Watch)
	if len(entries) == 0 {
		return
	}
	for _, e := range entries {
		say := a.log.Warn
		if e.Kind == store.OfRecovery {
			say = a.log.Info
		}
		say(string(e.Kind), "reason", e.Reason, "policy", e.Policy, "service", e.Service, "message", e.Message)
	}
	ctx, cancel := context.WithTimeout(context.Background(), callDeadline)
	defer cancel()
	if err := a.store.Audit(ctx, entries...); err != nil {
		a.troubles.Lost(entries)
		a.log.Error("a trouble is not in the audit log, and is noted later", "error", err)
	}
}
