package app

import (
	"context"

	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/rego"
)

// authorizer has the rules of access that are at work decide on what the gate asks.
type authorizer struct{ rules func() *rego.Authorizer }

var _ auth.Rules = authorizer{}

// Authorize asks the rules.
func (a authorizer) Authorize(ctx context.Context, who auth.Identity, ask auth.Ask) (allowed bool, reason string, err error) {
	return a.rules().Authorize(ctx, rego.Access{
		Actor:  rego.Actor{Name: who.Name, Kind: string(who.Kind), Role: who.Role, Scopes: who.Scopes},
		Action: ask.Action, Operation: ask.Operation, Method: ask.Method, Path: ask.Path, Service: ask.Service, Policy: ask.Policy,
	})
}
