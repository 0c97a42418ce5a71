package store

import (
	"context"
	"time"
)

// Accounts are who may use the API. Each change is in the audit log, in the same step: the entry that it takes.
type Accounts interface {
	// Token is the one of an id; false where there is none. One that has expired may be there still.
	Token(ctx context.Context, id string) (Token, bool, error)
	// Tokens lists all, sessions too, by when they were made.
	Tokens(ctx context.Context) ([]Token, error)
	// PutToken keeps a token, in the place of one with the same id, and forgets those that have expired when it was made.
	PutToken(ctx context.Context, t Token, e Entry) error
	// RemoveToken forgets one; false, and no entry, where there is none.
	RemoveToken(ctx context.Context, id string, e Entry) (bool, error)
	// User is the person with an email address; false where there is none.
	User(ctx context.Context, email string) (User, bool, error)
	// Users lists all, by email.
	Users(ctx context.Context) ([]User, error)
	// PutUser keeps a person, in the place of the one with the same email, and ends their sessions.
	PutUser(ctx context.Context, u User, e Entry) error
	// RemoveUser forgets a person and ends their sessions; false, and no entry, where there is none.
	RemoveUser(ctx context.Context, email string, e Entry) (bool, error)
}

// Token is a right to use the API. Who knows its secret has it; here is a hash of that alone.
type Token struct {
	ID      string    `json:"id"`
	Hash    []byte    `json:"hash"`           // SHA-256 of the secret
	Name    string    `json:"name"`           // what it is for
	User    string    `json:"user,omitempty"` // whose session it is, by email; empty: it is nobody's session
	Role    string    `json:"role"`
	Scopes  []string  `json:"scopes,omitempty"` // narrow the role; none: all of it
	Created time.Time `json:"created"`
	Actor   string    `json:"actor"`            // who made it
	Expires time.Time `json:"expires,omitzero"` // zero: never
}

// User is a person who may log in.
type User struct {
	Email   string    `json:"email"`
	Hash    string    `json:"hash"` // of the password, by argon2id, with its parameters and salt
	Role    string    `json:"role"`
	Created time.Time `json:"created"`
	Actor   string    `json:"actor"` // who made it
}
