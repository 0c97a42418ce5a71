package app

import (
	"context"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
)

// Trends are the histories of the policies of services.
func (a *App) Trends(ctx context.Context, ask api.TrendsAsk) (api.Trends, error) {
	return trends(a.everything(), ask)
}

// Trends are the histories of the policies of services.
func (f *Offline) Trends(ctx context.Context, ask api.TrendsAsk) (api.Trends, error) {
	return trends(f.policies, ask)
}

func trends(policies []engine.Policy, ask api.TrendsAsk) (api.Trends, error) {
	t := api.Trends{From: ask.From, To: ask.To, Step: 1, Trends: []api.Trend{}}
	for _, service := range ask.Services {
		if len(of(policies, service)) == 0 {
			return t, unknown(service, policies)
		}
	}
	return t, nil
}

// Sources is how each source does.
func (a *App) Sources(context.Context) ([]api.SourceStatus, error) { return nil, nil }

// Sources is how each source did.
func (f *Offline) Sources(context.Context) ([]api.SourceStatus, error) { return nil, nil }
