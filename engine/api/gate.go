package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Gate says who asks, and what they may.
type Gate interface {
	Identify(ctx context.Context, bearer string, from netip.Addr, now time.Time) (Identity, error)
	Allow(ctx context.Context, who Identity, ask Permission, now time.Time) error
}

// local is who asks over the Unix socket, which its owner alone may use.
var local = Identity{Kind: Local, Name: "local", Role: "admin"}

const cookieName = "flyball_session"

// admit says who asks, and lets them pass or not.
func (s *server) admit(x *exchange, op operation) error {
	if s.Gate == nil {
		x.who = local
		return nil
	}
	if op.local {
		return Refusal{Status: http.StatusForbidden, Detail: op.summary + " is for the Unix socket of the daemon alone, since it names files where flyball runs"}
	}
	if op.action == "" {
		return nil
	}
	bearer, err := s.bearer(x)
	if err != nil {
		return err
	}
	if x.who, err = s.Gate.Identify(x.Context(), bearer, from(x), s.Clock()); err != nil {
		return err
	}
	if op.late {
		return nil
	}
	return s.permit(x, x.Param("service"))
}

// permit asks whether whoever asks may do what the operation does to a service; "": to all, or to none.
func (s *server) permit(x *exchange, service string) error {
	if s.Gate == nil {
		return nil
	}
	op := x.Operation().Metadata["operation"].(operation)
	return s.Gate.Allow(x.Context(), x.who, Permission{
		Action: op.action, Operation: op.id, Method: x.Method(), Path: x.Operation().Path, Service: service, Policy: x.Param("name"), From: from(x),
	}, s.Clock())
}

// bearer is the secret that a request carries: in its header, or in a browser's cookie.
func (s *server) bearer(x *exchange) (string, error) {
	if header := x.under.Header("Authorization"); header != "" {
		scheme, secret, found := strings.Cut(header, " ")
		if !found || !strings.EqualFold(scheme, "Bearer") {
			return "", Refusal{Status: http.StatusUnauthorized, Detail: "the header Authorization is not Bearer and a token"}
		}
		return strings.TrimSpace(secret), nil
	}
	if c, err := huma.ReadCookie(x, cookieName); err == nil {
		x.cookie = true
		return c.Value, nil
	}
	return "", Refusal{Status: http.StatusUnauthorized, Detail: "who asks? Send the header Authorization: Bearer and a token, which flyball token create makes"}
}

// from is the address that a request comes from.
func from(x *exchange) netip.Addr {
	host, _, err := net.SplitHostPort(x.RemoteAddr())
	if err != nil {
		return netip.Addr{}
	}
	at, _ := netip.ParseAddr(host)
	return at.Unmap()
}

func unwrap(x *exchange) (*http.Request, http.ResponseWriter) { return humago.Unwrap(x) }
