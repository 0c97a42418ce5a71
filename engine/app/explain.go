package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
	"github.com/flyball-dev/flyball/schema"
)

// Explain says how a decision came about: of those in the ledger, or the newest.
func (a *App) Explain(ctx context.Context, q api.Question) (api.Explanation, error) {
	policies := a.everything()
	q, err := pointed(ctx, a.store, policies, q)
	if err != nil {
		return api.Explanation{}, err
	}
	e, past, err := recorded(ctx, a.store, policies, q)
	if err != nil {
		return e, err
	}
	if !past {
		p, err := one(policies, q.Of)
		if err != nil {
			return e, err
		}
		cycles, err := a.newest(ctx)
		if err != nil {
			return e, err
		}
		newest := cycles[p.Subject()]
		switch {
		case newest.record.At.IsZero() && newest.err != nil:
			return e, api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("nothing is decided for policy %s yet: %v", p.Name, newest.err)}
		case newest.record.At.IsZero():
			return e, undecided(p)
		}
		e = api.Explanation{At: time.Now(), Record: newest.record}
	}
	return e, complete(ctx, a.store, policies, func(p engine.Policy) (*rego.Rules, string) { return a.rulesOf(p), "" }, &e)
}

// Explain says how a decision in the store came about.
func (f *Offline) Explain(ctx context.Context, q api.Question) (e api.Explanation, err error) {
	err = f.read(func(ledger store.Store) error {
		e, err = f.explain(ctx, ledger, q)
		return err
	})
	if err == nil && e.Record.At.IsZero() { // there is no store
		p, err := one(f.set.Policies, q.Of)
		if err != nil {
			return e, err
		}
		return e, undecided(p)
	}
	return e, err
}

func (f *Offline) explain(ctx context.Context, ledger store.Store, q api.Question) (api.Explanation, error) {
	q, err := pointed(ctx, ledger, f.set.Policies, q)
	if err != nil {
		return api.Explanation{}, err
	}
	e, past, err := recorded(ctx, ledger, f.set.Policies, q)
	if err != nil {
		return e, err
	}
	newest, err := latest(ctx, ledger)
	if err != nil {
		return e, err
	}
	policies := lastModes(f.set.Policies, newest)
	if !past {
		p, err := one(policies, q.Of)
		if err != nil {
			return e, err
		}
		r := newest[p.Subject()]
		if r.At.IsZero() {
			return e, undecided(p)
		}
		e = api.Explanation{At: r.At, Record: r}
	}
	compile := func(engine.Policy) (*rego.Rules, string) {
		rules, problems := rego.Compile(ctx, files(f.set.Rules), policies, schema.InputSchema)
		return rules, "the rules on disk can't be used: " + Invalid{problems}.Error()
	}
	return e, complete(ctx, ledger, policies, compile, &e)
}

func undecided(p engine.Policy) error {
	why := "no cycle has ended yet"
	if !p.Enabled {
		why = "it is not enabled"
	}
	return api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("nothing is decided for policy %s: %s", p.Name, why)}
}

// one is the policy that is called by its name, or the one of a service that acts before those that only watch.
func one(policies []engine.Policy, name string) (engine.Policy, error) {
	for _, p := range policies {
		if name != "" && p.Name == name {
			return p, nil
		}
	}
	found := of(policies, name)
	slices.SortStableFunc(found, func(a, b engine.Policy) int { return standing(a) - standing(b) })
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
	}
	switch {
	case len(policies) == 0:
		return engine.Policy{}, api.Refusal{Status: http.StatusNotFound, Detail: "there is no policy"}
	case len(found) == 0:
		return engine.Policy{}, api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("no policy, and no service of one, is called %s; the policies are %s", name, strings.Join(names, ", "))}
	case len(found) > 1 && (name == "" || standing(found[0]) == standing(found[1])):
		names = nil
		for _, p := range found {
			names = append(names, p.Name)
		}
		return engine.Policy{}, api.Refusal{Status: http.StatusNotFound, Detail: "which policy? There is " + strings.Join(names, ", ")}
	}
	return found[0], nil
}

// recorded finds a past decision; false where none is asked for.
func recorded(ctx context.Context, ledger store.Store, policies []engine.Policy, q api.Question) (e api.Explanation, past bool, err error) {
	var row store.Row
	found := false
	switch {
	case q.Event != "":
		event, is, err := ledger.Event(ctx, q.Event)
		if err != nil {
			return e, true, err
		}
		if !is {
			return e, true, noEvent(ctx, ledger, q.Event)
		}
		if row, found, err = ledger.DecisionAt(ctx, event.Policy, event.Mode, event.Started); err != nil {
			return e, true, err
		}
		if !found || !row.Record.At.Equal(event.Started) {
			return e, true, api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("the decision of event %s is not kept any more", q.Event)}
		}
		e.Event = &event
	case q.Decision != 0:
		if row, found, err = ledger.Decision(ctx, q.Decision); err != nil {
			return e, true, err
		}
		if !found {
			return e, true, noDecision(ctx, ledger, q.Decision)
		}
	case !q.At.IsZero():
		p, err := one(policies, q.Of)
		if err != nil {
			return e, true, err
		}
		if row, err = heldAt(ctx, ledger, p, q.At); err != nil {
			return e, true, err
		}
	default:
		return e, false, nil
	}
	e.At, e.Record = row.Record.At, row.Record
	e.Decision, e.Last, e.Count = row.ID, row.Last, row.Count
	return e, true, nil
}

// heldAt is the decision of a policy that held at an instant, in the mode in which it then ran.
func heldAt(ctx context.Context, ledger store.Store, p engine.Policy, at time.Time) (store.Row, error) {
	var newest store.Row
	for _, mode := range []engine.Mode{engine.Live, engine.Shadow} {
		row, found, err := ledger.DecisionAt(ctx, p.Name, mode, at)
		if err != nil {
			return row, err
		}
		if found && row.Last.After(newest.Last) {
			newest = row
		}
	}
	if newest.ID != 0 {
		return newest, nil
	}
	detail := fmt.Sprintf("policy %s decided nothing up to %s that is still kept", p.Name, at.Format(time.RFC3339))
	if first, err := ledger.Decisions(ctx, p.Name, 0); err == nil && len(first) > 0 {
		detail += "; the oldest of its decisions is of " + first[len(first)-1].First.Format(time.RFC3339)
	}
	return newest, api.Refusal{Status: http.StatusNotFound, Detail: detail}
}

func noEvent(ctx context.Context, ledger store.Store, id string) error {
	const newest = 5
	events, err := ledger.History(ctx, "", newest)
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	there := "nothing was scaled yet"
	if ids != nil {
		there = "the newest are " + strings.Join(ids, ", ") + " (flyball history lists all)"
	}
	return api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no event %s; %s", id, there)}
}

func noDecision(ctx context.Context, ledger store.Store, id int64) error {
	rows, err := ledger.Decisions(ctx, "", 1)
	if err != nil {
		return err
	}
	there := "nothing was decided yet"
	if len(rows) > 0 {
		there = fmt.Sprintf("the newest is %d", rows[0].ID)
	}
	return api.Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("there is no decision %d; %s", id, there)}
}

// readings are the metrics of a snapshot, in the policy's order, with what it compares them with.
func readings(p engine.Policy, s engine.Snapshot) []api.Explained {
	all := []api.Explained{}
	seen := map[string]bool{}
	for _, m := range p.Metrics {
		r, found := s.Metrics[m.Name]
		if !found {
			r = engine.Reading{Status: engine.Missing, Detail: "not measured yet"}
		}
		all = append(all, api.Explained{Metric: m.Name, Reading: r, Bounds: compared(p, m.Name)})
		seen[m.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(s.Metrics)) {
		if !seen[name] {
			all = append(all, api.Explained{Metric: name, Reading: s.Metrics[name]})
		}
	}
	return all
}

func compared(p engine.Policy, metric string) []string {
	var all []string
	for _, t := range p.Thresholds {
		if t.Metric != metric {
			continue
		}
		up, down, unit := "above", "below", ""
		switch t.Comparison {
		case engine.LessThan:
			up, down = down, up
		case engine.PercentageChange:
			unit = " % more"
		}
		all = append(all, fmt.Sprintf("up %s %g%s", up, t.ScaleUp, unit), fmt.Sprintf("down %s %g%s", down, t.ScaleDown, unit))
	}
	for _, t := range p.Targets {
		if t.Metric == metric {
			all = append(all, fmt.Sprintf("target %g ± %g %%", t.Value, 100*t.Tolerance))
		}
	}
	for _, b := range p.Bands {
		if b.Metric != metric {
			continue
		}
		for _, band := range b.Bands {
			if band.Above != nil {
				all = append(all, fmt.Sprintf("+%d above %g", band.Add, *band.Above))
			}
			if band.Below != nil {
				all = append(all, fmt.Sprintf("−%d below %g", band.Remove, *band.Below))
			}
		}
	}
	return all
}
