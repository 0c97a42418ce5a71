package app

import (
	"context"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
)

// learn puts the policies that are about to be at work on record, with the author's rules that answer them: what they decide
// can be made again then. They work also where that can't be written.
func (a *App) learn(ctx context.Context, l Loaded) {
	commit := commitOf(ctx, l.meaning())
	revisions := make([]store.Revision, len(l.Policies))
	for i, p := range l.Policies {
		revisions[i] = store.Revision{ID: p.Revision, At: a.loop.Now().At, Commit: commit, Policy: p}
		if slices.Contains(l.Posted, p.Name) {
			revisions[i].Commit = "" // it is in no file
		}
		for _, f := range l.RulesOf(p) {
			revisions[i].Rules = append(revisions[i].Rules, store.Rule{Name: f.Path, Text: string(f.Text)})
		}
	}
	if err := a.store.Learn(ctx, revisions...); err != nil {
		a.log.Error("what is decided now can't be replayed later", "error", err)
	}
}

// answers are the rules of one set of policies.
type answers struct {
	of    map[string]bool // by revision
	rules *rego.Rules
}

// mostAnswers is how many sets keep answering. A cycle that is under way ends with the rules that its policy began with, for
// those are of the revision that it puts on record; more than a few reloads are never made meanwhile.
const mostAnswers = 4

// answered adds the rules of a new set, which answer the policies in it from now on.
func (a *App) answered(l Loaded) {
	newest := answers{of: map[string]bool{}, rules: l.Rules}
	for _, p := range l.Policies {
		newest.of[p.Revision] = true
	}
	all := []answers{newest}
	if before := a.rules.Load(); before != nil {
		all = append(all, (*before)[:min(len(*before), mostAnswers-1)]...)
	}
	a.rules.Store(&all)
}

// rulesOf are the rules that answer a policy.
func (a *App) rulesOf(p engine.Policy) *rego.Rules {
	all := *a.rules.Load()
	for _, one := range all {
		if one.of[p.Revision] {
			return one.rules
		}
	}
	return all[0].rules
}

// Recommend asks the rules of a policy's revision.
func (a *App) Recommend(ctx context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	return a.rulesOf(p).Recommend(ctx, p, s)
}

// Calculate asks the rules of a policy's revision for a computed metric.
func (a *App) Calculate(ctx context.Context, p engine.Policy, rule string, s engine.Snapshot) (*float64, error) {
	return a.rulesOf(p).Calculate(ctx, p, rule, s)
}
