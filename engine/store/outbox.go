package store

import (
	"context"
	"encoding/json"
	"time"
)

// Outbox keeps notifications until they are delivered.
type Outbox interface {
	// Post takes messages. One whose id is there already is left as it is.
	Post(ctx context.Context, messages ...Message) error
	// Due lists messages that are to be delivered at an instant, those that are due longest first; dead ones are not.
	Due(ctx context.Context, at time.Time, limit int) ([]Message, error)
	// Put writes how it stands with a message after an attempt, Dead included. One that is not there is an error.
	Put(ctx context.Context, m Message) error
	// Delivered forgets a message.
	Delivered(ctx context.Context, id string) error
	// Dead lists the messages that were given up, the oldest first.
	Dead(ctx context.Context, limit int) ([]Message, error)
}

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
