package store

import (
	"context"
	"encoding/json"
	"time"
)

// Outbox keeps notifications until they are delivered. Of those that were given up it keeps the newest MostDead.
type Outbox interface {
	// Posted is the number of the audit entry up to which messages were made; false where none ever was.
	Posted(ctx context.Context) (int64, bool, error)
	// Post takes messages, and where upTo is above 0 notes in the same step that they were made of the audit log up to there.
	// A message whose id is there already is left as it is. upTo never goes back.
	Post(ctx context.Context, upTo int64, messages ...Message) error
	// Due lists messages that are to be delivered at an instant, those that are due longest first; dead ones are not.
	Due(ctx context.Context, at time.Time, limit int) ([]Message, error)
	// Put writes how it stands with a message after an attempt, Dead included. One that is not there is an error.
	Put(ctx context.Context, m Message) error
	// Delivered forgets a message.
	Delivered(ctx context.Context, id string) error
	// Dead lists the messages that were given up, the oldest first.
	Dead(ctx context.Context, limit int) ([]Message, error)
	// Depth is how many messages wait, and how many were given up.
	Depth(ctx context.Context) (waiting, dead int, err error)
}

// MostDead is how many messages that were given up are kept: beyond that the oldest go.
const MostDead = 1000

// Message is a notification on its way.
type Message struct {
	ID       string          `json:"id"` // stays over all attempts
	To       string          `json:"to"` // the name of the receiver
	Body     json.RawMessage `json:"body"`
	Created  time.Time       `json:"created"`
	Due      time.Time       `json:"due"`
	Attempts int             `json:"attempts"`
	Error    string          `json:"error,omitempty"` // of the last attempt
	Dead     bool            `json:"dead,omitempty"`  // given up; whoever sets it back, with a new Due, has it tried again
}
