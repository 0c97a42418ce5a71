package app

import (
	"context"
	"net/http"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/diff"
)

// Revisions are those of a policy that are on record, the newest first.
func (a *App) Revisions(ctx context.Context, name string, limit int) ([]api.Revised, error) {
	known, err := a.store.RevisionsOf(ctx, name, limit)
	if err != nil {
		return nil, err
	}
	p, missing := a.set().Policy(name)
	if missing != nil && len(known) == 0 {
		_, err := found(overview(a.set(), a.mode), name) // it may have come by the API, and never been at work
		return []api.Revised{}, err
	}
	all := make([]api.Revised, len(known))
	for i, r := range known {
		all[i] = api.Revised{ID: r.ID, At: r.At, Commit: r.Commit, Current: r.ID == p.Revision}
	}
	return all, nil
}

// Between says what changes in meaning from one revision of a policy to another.
func (a *App) Between(ctx context.Context, name, from, to string) (*diff.Policy, error) {
	old, err := a.revised(ctx, name, from)
	if err != nil {
		return nil, err
	}
	new, err := a.revised(ctx, name, to)
	if err != nil {
		return nil, err
	}
	for _, changed := range diff.Of(old, new) {
		return &changed, nil
	}
	return nil, nil
}

// revised is a revision of a policy as it is compared.
func (a *App) revised(ctx context.Context, name, id string) (diff.Side, error) {
	r, known, err := a.store.Revision(ctx, id)
	if err != nil {
		return diff.Side{}, err
	}
	if known && r.Policy.Name == name {
		return diff.Side{Policies: []engine.Policy{r.Policy}, Rules: map[string][]diff.Package{name: packagesOf(r)}}, nil
	}
	if now := a.set().only(name); len(now.Policies) == 1 && now.Policies[0].Revision == id { // it could not be put on record
		return now, nil
	}
	return diff.Side{}, refusal(http.StatusNotFound, "no revision %s of a policy %s is on record; policies/%s/revisions lists those that are", id, name, name)
}
