package api

import (
	"context"
	"net/http"
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

type (
	notificationsAnswer struct {
		Success bool `json:"success"`
		Notifications
	}
	notifyTestAnswer struct {
		Success bool          `json:"success"` // all took it
		Tried   []NotifyTried `json:"tried"`
	}
	notifyReplayAnswer struct {
		Success bool `json:"success"`
		NotifyReplayed
	}
)

// serveNotifications adds what can be asked of the notifications.
func (s *server) serveNotifications() {
	add(s, operation{id: "notifications", path: "notifications", action: "audit", tag: "notifications",
		summary: "Who is notified, what waits to be delivered, and what was given up"},
		func(ctx context.Context, _ *struct{}) (*answer[notificationsAnswer], error) {
			found, err := s.Flyball.Notifications(ctx)
			return &answer[notificationsAnswer]{notificationsAnswer{true, found}}, err
		})
	add(s, operation{id: "notify-test", method: http.MethodPost, path: "notifications/test", action: "notify", tag: "notifications",
		refuses: []int{http.StatusNotFound}, summary: "Send a test to a receiver, or to all, and say what came back"},
		func(ctx context.Context, in *struct {
			Caller
			Body *NotifyTest
		}) (*answer[notifyTestAnswer], error) {
			var ask NotifyTest
			if in.Body != nil {
				ask = *in.Body
			}
			ask.Actor = in.actor(ask.Actor)
			tried, err := s.Flyball.TestNotify(ctx, ask)
			success := true
			for _, one := range tried {
				success = success && one.Taken
			}
			return &answer[notifyTestAnswer]{notifyTestAnswer{success, tried}}, err
		})
	add(s, operation{id: "notify-replay", method: http.MethodPost, path: "notifications/replay", action: "notify", tag: "notifications",
		refuses: []int{http.StatusNotFound, http.StatusConflict}, summary: "Have notifications that were given up tried again"},
		func(ctx context.Context, in *struct {
			Caller
			Body NotifyReplay
		}) (*answer[notifyReplayAnswer], error) {
			in.Body.Actor = in.actor(in.Body.Actor)
			again, err := s.Flyball.ReplayNotifications(ctx, in.Body)
			return &answer[notifyReplayAnswer]{notifyReplayAnswer{true, again}}, err
		})
}

// TestNotify asks for a test.
func (c *Client) TestNotify(ctx context.Context, ask NotifyTest) ([]NotifyTried, error) {
	var a notifyTestAnswer
	err := c.do(ctx, http.MethodPost, "notifications/test", ask, &a)
	return a.Tried, err
}

// Notifications asks what waits, and what was given up.
func (c *Client) Notifications(ctx context.Context) (Notifications, error) {
	var a notificationsAnswer
	err := c.do(ctx, http.MethodGet, "notifications", nil, &a)
	return a.Notifications, err
}

// ReplayNotifications asks for messages to be tried again.
func (c *Client) ReplayNotifications(ctx context.Context, ask NotifyReplay) (NotifyReplayed, error) {
	var a notifyReplayAnswer
	err := c.do(ctx, http.MethodPost, "notifications/replay", ask, &a)
	return a.NotifyReplayed, err
}
