package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

// Outbox is the store's, with what is read to fill it.
type Outbox interface {
	store.Outbox
	Audited(ctx context.Context, f store.Filter) ([]store.Entry, error)
	Event(ctx context.Context, id string) (engine.Event, bool, error)
}

var errUnreadable = errors.New("it is neither a notification nor a digest")

// forever is after all that may be due.
func forever(now time.Time) time.Time { return now.Add(100 * 365 * 24 * time.Hour) }

// messageOf is a content on its way to a receiver. Its id follows from what it tells and whom, so that it is the same however
// often it is made.
func messageOf(receiver, of string, c Content, created, now time.Time) (store.Message, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return store.Message{}, fmt.Errorf("write notification %s: %w", of, err)
	}
	return store.Message{ID: receiver + "-" + of, To: receiver, Body: body, Created: created, Due: now}, nil
}

// Text is what a message says, in one line.
func Text(m store.Message) string {
	var c Content
	if err := json.Unmarshal(m.Body, &c); err != nil || c.Notification == nil && c.Digest == nil {
		return errUnreadable.Error()
	}
	return c.lines()[0]
}
