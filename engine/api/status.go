package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/flyball-dev/flyball/engine"
)

type (
	statusAnswer struct {
		Success bool   `json:"success"`
		Status  Status `json:"status"`
	}
	historyAnswer struct {
		Success bool           `json:"success"`
		Service string         `json:"service"`
		History []engine.Event `json:"history" nullable:"false"`
	}
	enableRequest struct {
		Enabled bool   `json:"enabled"`
		Actor   string `json:"actor,omitempty" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
	}
	enableAnswer struct {
		Success bool `json:"success"`
		Enabled bool `json:"enabled"`
	}
)

// Of is the part of a path that names a service, or a policy of it.
type Of struct {
	Service string `path:"service" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$" patternDescription:"a name of letters, digits, dots, dashes and underscores" maxLength:"128" doc:"A service, or a policy"`
}

// Newest says how much of a list is asked for.
type Newest struct {
	Limit string `query:"limit" doc:"At most so many, 1 to 1000" default:"50"`
}

// serveStatus adds what is known now, and what was done.
func (s *server) serveStatus() {
	add(s, operation{id: "status", path: "status", action: "read", tag: "autoscaling", summary: "Autoscaling, and every policy with what it last decided"},
		func(ctx context.Context, _ *struct{}) (*answer[statusAnswer], error) {
			status, err := s.Flyball.Status(ctx)
			return &answer[statusAnswer]{statusAnswer{true, status}}, err
		})
	add(s, operation{id: "enable", method: "POST", path: "enable", action: "switch", tag: "autoscaling", summary: "Turn autoscaling on or off, for all services",
		about: "The last call persists over restarts, and wins over AUTOSCALING_ENABLED."},
		func(ctx context.Context, in *struct {
			Caller
			Body enableRequest
		}) (*answer[enableAnswer], error) {
			err := s.Flyball.Enable(ctx, in.Body.Enabled, in.actor(in.Body.Actor))
			return &answer[enableAnswer]{enableAnswer{true, in.Body.Enabled}}, err
		})
	history := func(ctx context.Context, service string, page Newest) (*answer[historyAnswer], error) {
		limit, err := limitIn(page.Limit)
		if err != nil {
			return nil, refusal("query.limit", err.Error())
		}
		events, err := s.Flyball.History(ctx, service, limit)
		if events == nil {
			events = []engine.Event{}
		}
		return &answer[historyAnswer]{historyAnswer{true, service, events}}, err
	}
	add(s, operation{id: "history", path: "history", action: "read", tag: "autoscaling", summary: "Scaling events of all services, the newest first"},
		func(ctx context.Context, in *Newest) (*answer[historyAnswer], error) { return history(ctx, "", *in) })
	add(s, operation{id: "history-of", path: "history/{service}", action: "read", tag: "autoscaling", summary: "Scaling events of a service, the newest first"},
		func(ctx context.Context, in *struct {
			Of
			Newest
		}) (*answer[historyAnswer], error) {
			return history(ctx, in.Service, in.Newest)
		})
}

// Status asks what the daemon knows now.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var a statusAnswer
	err := c.do(ctx, http.MethodGet, "status", nil, &a)
	return a.Status, err
}

// History asks for the newest events.
func (c *Client) History(ctx context.Context, service string, limit int) ([]engine.Event, error) {
	path := "history"
	if service != "" {
		path += "/" + url.PathEscape(service)
	}
	var a historyAnswer
	err := c.do(ctx, http.MethodGet, path+"?limit="+strconv.Itoa(limit), nil, &a)
	return a.History, err
}

// Enable turns the global switch.
func (c *Client) Enable(ctx context.Context, on bool, actor string) error {
	return c.do(ctx, http.MethodPost, "enable", enableRequest{on, actor}, &enableAnswer{})
}
