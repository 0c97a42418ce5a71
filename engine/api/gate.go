package api

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/store"
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
	if op.action == "" && !op.open {
		return nil // whatever they show: a browser that is to log in anew may have the cookie of a session that has ended
	}
	bearer, err := s.bearer(x)
	if err == nil && (op.action != "" || bearer != "") {
		x.who, err = s.Gate.Identify(x.Context(), bearer, x.who.From, s.Clock())
	}
	switch {
	case op.open:
		return nil // who they are adds to what they are told, if anything
	case err != nil || op.late:
		return unknown(err)
	}
	return s.permit(x, x.Param("service"))
}

// unknown is an error where it is not known who asks: where the store is, and what it says, is not for them.
func unknown(err error) error {
	if errors.Is(err, store.ErrUnavailable) {
		return Refusal{Status: http.StatusServiceUnavailable, Detail: "the store can't be reached, so nobody knows who asks; try again in a moment"}
	}
	return err
}

// permit asks whether whoever asks may do what the operation does to a service; "": to all, or to none. A policy may be named in
// the place of its service, and a name may be of both: then they must be allowed either.
func (s *server) permit(x *exchange, name string) error {
	if s.Gate == nil {
		return nil
	}
	services := []string{name}
	if s.Meant != nil {
		services = append(services, s.Meant(name)...)
	}
	for _, service := range services {
		if err := s.Gate.Allow(x.Context(), x.who, x.of(service), s.Clock()); err != nil {
			return err
		}
	}
	return nil
}

// of is what is asked for, of a service.
func (x *exchange) of(service string) auth.Ask {
	op := x.Operation()
	action := op.Metadata["operation"].(operation).action
	return auth.Ask{Action: action, Operation: op.OperationID, Method: x.Method(), Path: op.Path, Service: service, Policy: x.Param("name")}
}

// bearer is the secret that a request carries: in its header, or in a browser's cookie; "": none.
func (s *server) bearer(x *exchange) (string, error) {
	r, _ := unwrap(x)
	if len(r.Header.Values("Authorization")) > 1 {
		return "", Refusal{Status: http.StatusBadRequest, Detail: "there are several headers Authorization; send one"}
	}
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
