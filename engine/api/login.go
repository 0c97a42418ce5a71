package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api/auth"
)

// Session is a login.
type Session struct {
	Success bool      `json:"success"`
	Token   string    `json:"token" doc:"To be sent as Authorization: Bearer"`
	Email   string    `json:"email"`
	Role    string    `json:"role"`
	Expires time.Time `json:"expires"`
}

// Myself is who asks.
type Myself struct {
	Success bool     `json:"success"`
	Kind    string   `json:"kind" enum:"token,session,socket"`
	Name    string   `json:"name" doc:"Of the token, or the email of the person"`
	Role    string   `json:"role"`
	Scopes  []string `json:"scopes,omitempty" nullable:"false"`
}

type loggedOut struct {
	Success bool `json:"success"`
}

// serveLogin adds logging in and out.
func (s *server) serveLogin() {
	add(s, operation{id: "login", method: "POST", path: "/api/auth/login", tag: "access", refuses: []int{http.StatusUnauthorized},
		summary: "Begin a session, with an email address and a password",
		about:   "The token of the answer is valid as a bearer token; a browser gets a cookie beside it."},
		func(ctx context.Context, in *struct {
			Caller
			Body struct {
				Email    string `json:"email" maxLength:"254"`
				Password string `json:"password" maxLength:"1024"`
			}
		}) (*struct {
			Cookie http.Cookie `header:"Set-Cookie"`
			Body   Session
		}, error) {
			if s.Gate == nil {
				return nil, Refusal{Status: http.StatusForbidden, Detail: "whoever may use the Unix socket needs no login; ask at the address that the daemon listens at"}
			}
			secret, session, err := s.Gate.Login(ctx, in.Body.Email, in.Body.Password, in.x.who.From, s.Clock())
			if err != nil {
				return nil, unknown(err)
			}
			return &struct {
				Cookie http.Cookie `header:"Set-Cookie"`
				Body   Session
			}{
				s.cookie(secret, session.Expires, in.x), Session{true, secret, session.User, session.Role, session.Expires},
			}, nil
		})
	add(s, operation{id: "logout", method: "POST", path: "/api/auth/logout", action: auth.Read, late: true, tag: "access", summary: "End the session of whoever asks"},
		func(ctx context.Context, in *struct{ Caller }) (*struct {
			Cookie http.Cookie `header:"Set-Cookie"`
			Body   loggedOut
		}, error) {
			if s.Gate == nil || in.x.who.Kind != auth.BySession {
				return nil, Refusal{Status: http.StatusBadRequest, Detail: "there is no session to end; flyball token revoke ends a token"}
			}
			if err := s.Gate.Logout(ctx, in.x.who, s.Clock()); err != nil {
				return nil, err
			}
			return &struct {
				Cookie http.Cookie `header:"Set-Cookie"`
				Body   loggedOut
			}{s.cookie("", time.Unix(1, 0), in.x), loggedOut{true}}, nil
		})
	add(s, operation{id: "myself", path: "/api/auth/me", action: auth.Read, late: true, tag: "access", summary: "Who asks, and in which role"},
		func(_ context.Context, in *struct{ Caller }) (*answer[Myself], error) {
			who := in.x.who
			if who.Kind == auth.Anonymous {
				return nil, Refusal{Status: http.StatusUnauthorized, Detail: "nobody is logged in, and no token was sent"}
			}
			return &answer[Myself]{Myself{true, string(who.Kind), who.Name, who.Role, who.Scopes}}, nil
		})
}

// cookie is how a browser keeps a session: no script reads it, and no page of elsewhere has it sent. Who lies about a proxy that
// ends TLS before us keeps a cookie from themselves.
func (s *server) cookie(secret string, expires time.Time, x *exchange) http.Cookie {
	secure := x.TLS() != nil || strings.EqualFold(x.under.Header("X-Forwarded-Proto"), "https")
	return http.Cookie{
		Name: cookieName, Value: secret, Path: "/", Expires: expires, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure,
	}
}

// Myself asks who the daemon takes one for.
func (c *Client) Myself(ctx context.Context) (Myself, error) {
	var m Myself
	err := c.do(ctx, http.MethodGet, "/api/auth/me", nil, &m)
	return m, err
}
