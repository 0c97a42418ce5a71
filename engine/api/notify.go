package api

import (
	"context"
	"time"
)

// Notifier is what can be asked of the notifications.
type Notifier interface {
	// TestNotify sends a test to a receiver at once, or to all where none is named, and says what came back. It is a Refusal
	// where there is no such receiver.
	TestNotify(ctx context.Context, ask NotifyTest) ([]NotifyTried, error)
	// Notifications lists what waits to be delivered, and what was given up.
	Notifications(ctx context.Context) (Notifications, error)
	// ReplayNotifications has some of what was given up tried again, or all of it.
	ReplayNotifications(ctx context.Context, ask NotifyReplay) (NotifyReplayed, error)
}

// NotifyTest asks for a test.
type NotifyTest struct {
	Receiver string `json:"receiver,omitempty"` // absent: all
	Actor    string `json:"actor,omitempty"`
}

// NotifyTried is what came back of a test.
type NotifyTried struct {
	Receiver string  `json:"receiver"`
	Address  string  `json:"address"` // scheme and host: the rest may be a secret
	Format   string  `json:"format"`
	Taken    bool    `json:"taken"`
	Status   int     `json:"status,omitempty"` // absent: nothing came back
	Seconds  float64 `json:"seconds"`
	Answer   string  `json:"answer,omitempty"` // the beginning of it
	Error    string  `json:"error,omitempty"`  // why it was not taken
}

// Notifications are messages on their way, the oldest first.
type Notifications struct {
	Receivers []NotifyReceiver `json:"receivers"`
	Waiting   []Notice         `json:"waiting"`
	Dead      []Notice         `json:"dead"`
}

// NotifyReceiver is one who is told.
type NotifyReceiver struct {
	Name    string `json:"name"`
	Address string `json:"address"` // scheme and host
	Format  string `json:"format"`
}

// Notice is a message that waits, or was given up.
type Notice struct {
	ID       string    `json:"id"`
	Receiver string    `json:"receiver"`
	Text     string    `json:"text"`
	Created  time.Time `json:"created"`
	Due      time.Time `json:"due"` // when it is tried next, or was to be
	Attempts int       `json:"attempts"`
	Error    string    `json:"error,omitempty"` // of the last attempt
}

// NotifyReplay names messages that were given up.
type NotifyReplay struct {
	IDs   []string `json:"ids,omitempty"`
	All   bool     `json:"all,omitempty"` // in the place of IDs
	Actor string   `json:"actor,omitempty"`
}

// NotifyReplayed are the messages that are tried again.
type NotifyReplayed struct {
	IDs []string `json:"ids"`
}
