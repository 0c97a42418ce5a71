// Package auth decides who may use the API: tokens and sessions, people and their passwords, how often somebody may try, and
// the Gate through which each request goes. What a role may do is said by rules elsewhere, behind the port Rules.
//
// Only hashes are kept: of a token SHA-256, for its secret is 256 bits of chance, and of a password argon2id. Time is an
// argument.
package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// The roles, each of which includes those before it.
const (
	Viewer   = "viewer"
	Operator = "operator"
	Admin    = "admin"
)

// Roles are all of them.
func Roles() []string { return []string{Viewer, Operator, Admin} }

// The actions that operations of the API are of.
const (
	Read     = "read"
	Audit    = "audit"
	Push     = "push"
	Scale    = "scale"
	Pause    = "pause"
	Switch   = "switch"
	Policies = "policies"
	Accounts = "accounts"
	Store    = "store"
	Notify   = "notify"
)

// Actions are all of them.
func Actions() []string {
	return []string{Read, Audit, Push, Scale, Pause, Switch, Policies, Accounts, Store, Notify}
}

// Kind is how somebody is known.
type Kind string

const (
	ByToken   Kind = "token"
	BySession Kind = "session"   // a person who has logged in
	BySocket  Kind = "socket"    // whoever may open the Unix socket
	Anonymous Kind = "anonymous" // nobody has shown anything
)

// Identity is who asks.
type Identity struct {
	Kind   Kind
	Name   string // of the token, or the email of the person; of who is at the socket what they say
	Role   string
	Scopes []string
	Token  string // its id
	From   From
}

// Actor is who that is in the audit log.
func (i Identity) Actor() string {
	switch i.Kind {
	case ByToken:
		return "token " + i.Name
	case Anonymous:
		return "anonymous"
	}
	return i.Name
}

// Ask is what somebody wants to do.
type Ask struct {
	Action    string
	Operation string // its id in the API's description
	Method    string
	Path      string
	Service   string // that it is about; empty: none
	Policy    string // that it is about; empty: none
}

// Rules decide what an identity may do. An error is a refusal, and the reason may be told to whoever asked.
type Rules interface {
	Authorize(ctx context.Context, who Identity, ask Ask) (allowed bool, reason string, err error)
}

// Refused is a request that is not let through, in words that anybody may read.
type Refused struct {
	Status     int // 400, 401, 403 or 429
	Detail     string
	RetryAfter time.Duration // of 429
}

func (r Refused) Error() string { return r.Detail }

func unauthorized(detail string) Refused {
	return Refused{Status: http.StatusUnauthorized, Detail: detail}
}

func forbidden(detail string) Refused { return Refused{Status: http.StatusForbidden, Detail: detail} }

// tooOften says when to come back: whole seconds, as the header has them.
func tooOften(what string, wait time.Duration) Refused {
	wait = (wait + time.Second - 1).Truncate(time.Second)
	return Refused{Status: http.StatusTooManyRequests, Detail: fmt.Sprintf("%s; try again in %s", what, wait), RetryAfter: wait}
}
