package app

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
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

// void refuses a token with a scope that its role does not have by the rules of access: nobody could use it. Rules that give no
// answer, or ask for more than the role, are for the requests to meet.
func void(ctx context.Context, rules *rego.Authorizer, ask api.TokenAsk) error {
	role := cmp.Or(ask.Role, auth.Viewer)
	for _, scope := range ask.Scopes {
		action, service, _ := strings.Cut(scope, ":")
		if rules == nil || auth.CheckScope(scope) != nil || auth.CheckRole(role) != nil {
			continue // which is said elsewhere
		}
		allowed, reason, err := rules.Authorize(ctx, rego.Access{
			Actor: rego.Actor{Name: ask.Name, Kind: string(auth.ByToken), Role: role, Scopes: ask.Scopes}, Action: action, Service: service,
		})
		if err == nil && !allowed {
			return mistake("scope %s gives nothing to role %s: %s; name another --role", scope, role, reason)
		}
	}
	return nil
}

// lockedOut warns of rules of access that let no admin in.
func lockedOut(ctx context.Context, rules *rego.Authorizer, file string) []engine.Problem {
	if rules == nil || file == "" {
		return nil
	}
	allowed, reason, err := rules.Authorize(ctx, rego.Access{
		Actor: rego.Actor{Name: "anybody", Kind: string(auth.ByToken), Role: auth.Admin}, Action: auth.Accounts, Operation: "tokens", Method: "GET", Path: "/api/autoscaling/tokens",
	})
	if err != nil {
		reason = err.Error()
	}
	if allowed {
		return nil
	}
	return []engine.Problem{{File: file, Line: 1, Column: 1, Warning: true,
		Message: fmt.Sprintf("the token of an admin may not read the tokens (%s): who is to let others in? At the Unix socket one still may", reason)}}
}
