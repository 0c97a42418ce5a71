package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/flyball-dev/flyball/engine"
)

// Ask is what a person asks of a service.
type Ask struct {
	Replicas int    `json:"replicas,omitempty" doc:"To scale to"`
	Force    bool   `json:"force,omitempty" doc:"Beyond the bounds of the policy and the budget"`
	Actor    string `json:"actor,omitempty" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
}

// Begun is what came at once of what was asked for.
type Begun struct {
	Decision engine.Decision `json:"decision"`
	Event    *engine.Event   `json:"event,omitempty"` // the open event; absent: nothing is to be done
}

// asAsked says that what was asked for is begun, or is so already. Else the decision says what is in its way.
func (b Begun) asAsked() bool {
	return b.Event != nil || b.Decision.Reason == "Requested" || b.Decision.Reason == "Rollback"
}

type begunAnswer struct {
	Success bool   `json:"success" doc:"Whether it is begun, or so already; else the decision says why not"`
	Service string `json:"service"`
	Begun
}

// serveRequests adds what people ask of a service in the place of the rules.
func (s *server) serveRequests() {
	for _, one := range []struct {
		operation
		ask func(context.Context, string, Ask) (Begun, error)
	}{
		{operation{id: "test", path: "test/{service}", summary: "Scale a service by hand"}, s.Flyball.Scale},
		{operation{id: "rollback", path: "rollback/{service}", summary: "Take a service back to the replicas it had before the last change"}, s.Flyball.Rollback},
	} {
		one.method, one.action, one.tag = http.MethodPost, "scale", "by hand"
		one.about = "The bounds of the policy, the budget and a change under way hold; cooldowns do not. It answers once it is decided: the history tells how the event ends."
		one.refuses = []int{http.StatusNotFound, http.StatusConflict, http.StatusBadGateway}
		add(s, one.operation, func(ctx context.Context, in *struct {
			Caller
			Of
			Body *Ask
		}) (*answer[begunAnswer], error) {
			var ask Ask
			if in.Body != nil {
				ask = *in.Body
			}
			ask.Actor = in.actor(ask.Actor)
			begun, err := one.ask(ctx, in.Service, ask)
			return &answer[begunAnswer]{begunAnswer{begun.asAsked(), in.Service, begun}}, err
		})
	}
}

// Scale asks for a number of replicas.
func (c *Client) Scale(ctx context.Context, service string, ask Ask) (Begun, error) {
	var a begunAnswer
	err := c.do(ctx, http.MethodPost, "test/"+url.PathEscape(service), ask, &a)
	return a.Begun, err
}

// Rollback asks for what was there before the last change.
func (c *Client) Rollback(ctx context.Context, service string, ask Ask) (Begun, error) {
	var a begunAnswer
	err := c.do(ctx, http.MethodPost, "rollback/"+url.PathEscape(service), ask, &a)
	return a.Begun, err
}
