package api

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/flyball-dev/flyball/engine/api/auth"
)

const cookieName = "flyball_session"

// admit says who asks, and lets them pass or not.
func (s *server) admit(x *exchange, op operation) error {
	x.who = auth.Identity{Kind: auth.BySocket, Name: "local", Role: auth.Admin}
	if s.Gate == nil {
		return nil
	}
	x.who = auth.Identity{Kind: auth.Anonymous, From: auth.FromAddress(x.RemoteAddr())}
	if op.local {
		return Refusal{Status: http.StatusForbidden, Detail: "this is for the Unix socket of the daemon alone, since it names files where flyball runs"}
	}
	bearer, err := s.bearer(x)
	if err == nil && (op.action != "" || bearer != "") {
		x.who, err = s.Gate.Identify(x.Context(), bearer, x.who.From, s.Clock())
	}
	switch {
	case op.action == "" && op.open:
		return nil // who they are adds to what they are told, if anything
	case err != nil || op.action == "" || op.late:
		return err
	}
	return s.permit(x, x.Param("service"))
}

// permit asks whether whoever asks may do what the operation does to a service; "": to all, or to none.
func (s *server) permit(x *exchange, service string) error {
	op := x.Operation().Metadata["operation"].(operation)
	return s.may(x, op.action, service)
}

// may asks whether whoever asks may do something.
func (s *server) may(x *exchange, action, service string) error {
	if s.Gate == nil {
		return nil
	}
	op := x.Operation()
	return s.Gate.Allow(x.Context(), x.who, auth.Ask{
		Action: action, Operation: op.OperationID, Method: x.Method(), Path: op.Path, Service: service, Policy: x.Param("name"),
	}, s.Clock())
}

// bearer is the secret that a request carries: in its header, or in a browser's cookie; "": none.
func (s *server) bearer(x *exchange) (string, error) {
	if header := x.under.Header("Authorization"); header != "" {
		scheme, secret, found := strings.Cut(header, " ")
		if secret = strings.TrimSpace(secret); !found || secret == "" || !strings.EqualFold(scheme, "Bearer") {
			return "", Refusal{Status: http.StatusUnauthorized, Detail: "the header Authorization is not Bearer and a token"}
		}
		return secret, nil
	}
	if c, err := huma.ReadCookie(x, cookieName); err == nil && c.Value != "" {
		x.cookie = true
		return c.Value, nil
	}
	return "", nil
}

// Caller is part of the input of operations that want to know who asks.
type Caller struct{ x *exchange }

// Resolve is called once the request is read.
func (c *Caller) Resolve(ctx huma.Context) []error {
	c.x, _ = ctx.(*exchange)
	return nil
}

// actor is whom the audit log is to name. The local command line is believed who it is.
func (c *Caller) actor(said string) string {
	if c.x.who.Kind == auth.BySocket {
		return cmp.Or(said, c.x.who.Actor())
	}
	return c.x.who.Actor()
}

func unwrap(x *exchange) (*http.Request, http.ResponseWriter) { return humago.Unwrap(x) }
