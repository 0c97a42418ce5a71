package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/flyball-dev/flyball/engine/api/auth"
)

// Accounts are who may use the API, as they are administered. A Refusal says what of an ask can't be, or what is not there.
type Accounts interface {
	// CreateToken makes a token. Its secret is told here and never again.
	CreateToken(ctx context.Context, ask TokenAsk) (CreatedToken, error)
	// Tokens lists all that have not expired, sessions too, by when they were made.
	Tokens(ctx context.Context) ([]Token, error)
	// RevokeToken ends a token or a session, by its id or the token's name.
	RevokeToken(ctx context.Context, token, actor string) (Token, error)
	// PutUser adds a person, or changes the password or the role of one and ends their sessions.
	PutUser(ctx context.Context, ask UserAsk) (User, error)
	// Users lists all, by email.
	Users(ctx context.Context) ([]User, error)
	// RemoveUser forgets a person and ends their sessions.
	RemoveUser(ctx context.Context, email, actor string) (User, error)
}

// TokenAsk asks for a token.
type TokenAsk struct {
	Name    string   `json:"name" doc:"What it is for; no other token has it"`
	Role    string   `json:"role,omitempty" doc:"viewer, operator or admin; default: viewer"`
	Scopes  []string `json:"scopes,omitempty" nullable:"false" doc:"What of the role it is for, each an action or action:service; none: all of it"`
	Seconds float64  `json:"seconds,omitempty" doc:"How long it is valid; default: until it is revoked"`
	Actor   string   `json:"actor,omitempty" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
}

// Token is a right to use the API, without the secret that proves it.
type Token struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	User    string     `json:"user,omitempty" doc:"Whose session it is; absent: nobody's"`
	Role    string     `json:"role"`
	Scopes  []string   `json:"scopes,omitempty" nullable:"false" doc:"What of the role it is for; absent: all of it"`
	Created time.Time  `json:"created"`
	Actor   string     `json:"actor" doc:"Who made it"`
	Expires *time.Time `json:"expires,omitempty" doc:"Absent: it is valid until it is revoked"`
}

// CreatedToken is a new one, with its secret.
type CreatedToken struct {
	Secret string `json:"secret" doc:"To send as Authorization: Bearer; it is kept nowhere"`
	Token  Token  `json:"token"`
}

// UserAsk asks for a person to be added or changed.
type UserAsk struct {
	Email    string // whom
	New      bool   // the person must not be there yet; else they must
	Password string // empty: as it is
	Role     string // empty: as it is, and viewer where the person is new
	Actor    string
}

// User is a person who may log in.
type User struct {
	Email   string    `json:"email"`
	Role    string    `json:"role"`
	Created time.Time `json:"created"`
	Actor   string    `json:"actor" doc:"Who added them, or last changed them"`
}

type (
	tokenAnswer struct {
		Success bool  `json:"success"`
		Token   Token `json:"token"`
	}
	createdAnswer struct {
		Success bool `json:"success"`
		CreatedToken
	}
	tokensAnswer struct {
		Success bool    `json:"success"`
		Tokens  []Token `json:"tokens" nullable:"false"`
	}
	userAnswer struct {
		Success bool `json:"success"`
		User    User `json:"user"`
	}
	usersAnswer struct {
		Success bool   `json:"success"`
		Users   []User `json:"users" nullable:"false"`
	}
	newUserRequest struct {
		Email    string `json:"email" doc:"It is their name here, in small letters"`
		Password string `json:"password" doc:"8 characters or more"`
		Role     string `json:"role,omitempty" doc:"viewer, operator or admin; default: viewer"`
		Actor    string `json:"actor,omitempty" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
	}
	changeUserRequest struct {
		Password string `json:"password,omitempty" doc:"8 characters or more; absent: as it is"`
		Role     string `json:"role,omitempty" doc:"viewer, operator or admin; absent: as it is"`
		Actor    string `json:"actor,omitempty" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
	}
)

// serveTokens adds what is done with tokens.
func (s *server) serveTokens() {
	add(s, operation{id: "tokens", path: "tokens", action: auth.Accounts, tag: "accounts", summary: "The tokens and sessions that are valid"},
		func(ctx context.Context, _ *struct{}) (*answer[tokensAnswer], error) {
			tokens, err := s.Flyball.Tokens(ctx)
			if tokens == nil {
				tokens = []Token{}
			}
			return &answer[tokensAnswer]{tokensAnswer{true, tokens}}, err
		})
	add(s, operation{id: "create-token", method: "POST", path: "tokens", action: auth.Accounts, tag: "accounts", status: http.StatusCreated,
		refuses: []int{http.StatusConflict}, summary: "Make a token", about: "Nobody gives more than they have: neither a higher role, nor what the scopes of their own token leave out."},
		func(ctx context.Context, in *struct {
			Caller
			Body TokenAsk
		}) (*answer[createdAnswer], error) {
			if err := in.mayGive(in.Body.Role, in.Body.Scopes); err != nil {
				return nil, err
			}
			in.Body.Actor = in.actor(in.Body.Actor)
			created, err := s.Flyball.CreateToken(ctx, in.Body)
			return &answer[createdAnswer]{createdAnswer{true, created}}, err
		})
	add(s, operation{id: "revoke-token", method: "DELETE", path: "tokens/{id}", action: auth.Accounts, tag: "accounts",
		refuses: []int{http.StatusNotFound, http.StatusConflict}, summary: "End a token or a session"},
		func(ctx context.Context, in *struct {
			Caller
			ID    string `path:"id" doc:"Of a token or a session, or the name of a token"`
			Actor string `query:"actor" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
		}) (*answer[tokenAnswer], error) {
			t, err := s.Flyball.RevokeToken(ctx, in.ID, in.actor(in.Actor))
			return &answer[tokenAnswer]{tokenAnswer{true, t}}, err
		})
}

// serveUsers adds what is done with people.
func (s *server) serveUsers() {
	add(s, operation{id: "users", path: "users", action: auth.Accounts, tag: "accounts", summary: "The people who may log in"},
		func(ctx context.Context, _ *struct{}) (*answer[usersAnswer], error) {
			users, err := s.Flyball.Users(ctx)
			if users == nil {
				users = []User{}
			}
			return &answer[usersAnswer]{usersAnswer{true, users}}, err
		})
	put := func(ctx context.Context, c Caller, ask UserAsk) (*answer[userAnswer], error) {
		if err := c.mayGive(ask.Role, nil); err != nil {
			return nil, err
		}
		if !ask.New {
			if err := s.mayTake(ctx, c, ask.Email); err != nil {
				return nil, err
			}
		}
		ask.Actor = c.actor(ask.Actor)
		u, err := s.Flyball.PutUser(ctx, ask)
		return &answer[userAnswer]{userAnswer{true, u}}, err
	}
	add(s, operation{id: "add-user", method: "POST", path: "users", action: auth.Accounts, tag: "accounts", status: http.StatusCreated,
		refuses: []int{http.StatusConflict}, summary: "Add a person, who may then log in"},
		func(ctx context.Context, in *struct {
			Caller
			Body newUserRequest
		}) (*answer[userAnswer], error) {
			return put(ctx, in.Caller, UserAsk{Email: in.Body.Email, New: true, Password: in.Body.Password, Role: in.Body.Role, Actor: in.Body.Actor})
		})
	add(s, operation{id: "change-user", method: "PUT", path: "users/{email}", action: auth.Accounts, tag: "accounts",
		refuses: []int{http.StatusNotFound}, summary: "Change the password or the role of a person", about: "It ends their sessions."},
		func(ctx context.Context, in *struct {
			Caller
			Email string `path:"email"`
			Body  changeUserRequest
		}) (*answer[userAnswer], error) {
			return put(ctx, in.Caller, UserAsk{Email: in.Email, Password: in.Body.Password, Role: in.Body.Role, Actor: in.Body.Actor})
		})
	add(s, operation{id: "remove-user", method: "DELETE", path: "users/{email}", action: auth.Accounts, tag: "accounts",
		refuses: []int{http.StatusNotFound}, summary: "Remove a person, and end their sessions"},
		func(ctx context.Context, in *struct {
			Caller
			Email string `path:"email"`
			Actor string `query:"actor" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
		}) (*answer[userAnswer], error) {
			u, err := s.Flyball.RemoveUser(ctx, in.Email, in.actor(in.Actor))
			return &answer[userAnswer]{userAnswer{true, u}}, err
		})
}

// mayGive refuses to give others more than whoever asks has.
func (c *Caller) mayGive(role string, scopes []string) error {
	if c.x.who.Kind == auth.BySocket {
		return nil
	}
	if err := auth.MayGive(c.x.who.Role, c.x.who.Scopes, role, scopes); err != nil {
		return Refusal{Status: http.StatusForbidden, Detail: err.Error()}
	}
	return nil
}

// mayTake refuses to change a person who may more than whoever asks, who could then log in as them.
func (s *server) mayTake(ctx context.Context, c Caller, text string) error {
	email, err := auth.Email(text) // as the change will read it: İ is an i there, and in no other comparison
	if err != nil {
		return Refusal{Status: http.StatusBadRequest, Detail: err.Error()}
	}
	people, err := s.Flyball.Users(ctx)
	for _, u := range people {
		if err == nil && u.Email == email {
			err = c.mayGive(u.Role, nil)
		}
	}
	return err
}

// CreateToken asks for a token.
func (c *Client) CreateToken(ctx context.Context, ask TokenAsk) (CreatedToken, error) {
	var a createdAnswer
	err := c.do(ctx, http.MethodPost, "tokens", ask, &a)
	return a.CreatedToken, err
}

// Tokens asks for all of them.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	var a tokensAnswer
	err := c.do(ctx, http.MethodGet, "tokens", nil, &a)
	return a.Tokens, err
}

// RevokeToken asks for one to be ended.
func (c *Client) RevokeToken(ctx context.Context, token, actor string) (Token, error) {
	var a tokenAnswer
	err := c.do(ctx, http.MethodDelete, "tokens/"+url.PathEscape(token)+"?"+url.Values{"actor": {actor}}.Encode(), nil, &a)
	return a.Token, err
}

// PutUser asks for a person to be added or changed.
func (c *Client) PutUser(ctx context.Context, ask UserAsk) (User, error) {
	var a userAnswer
	if ask.New {
		err := c.do(ctx, http.MethodPost, "users", newUserRequest{ask.Email, ask.Password, ask.Role, ask.Actor}, &a)
		return a.User, err
	}
	err := c.do(ctx, http.MethodPut, "users/"+url.PathEscape(ask.Email), changeUserRequest{ask.Password, ask.Role, ask.Actor}, &a)
	return a.User, err
}

// Users asks for all of them.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	var a usersAnswer
	err := c.do(ctx, http.MethodGet, "users", nil, &a)
	return a.Users, err
}

// RemoveUser asks for a person to be removed.
func (c *Client) RemoveUser(ctx context.Context, email, actor string) (User, error) {
	var a userAnswer
	err := c.do(ctx, http.MethodDelete, "users/"+url.PathEscape(email)+"?"+url.Values{"actor": {actor}}.Encode(), nil, &a)
	return a.User, err
}
