package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine/store"
)

const (
	firstWait = 500 * time.Millisecond // before a daemon that is lost is asked again; doubled each time
	mostWait  = 15 * time.Second
	mostQuiet = 3 * stillThere // a stream that is quiet for so long is dead: the daemon says more often that it is there
)

// Happening is one thing that a daemon tells as it happens. One of the fields is set.
type Happening struct {
	Status *Status       // all that is known: the first of all, and again after each loss
	Policy *PolicyStatus // what a policy has come to
	Entry  *store.Entry  // of the audit log
	Gap    *Gap          // in these
	Lost   error         // why nothing is heard any more; the daemon is asked again until it answers
}

// Gap is entries of the audit log that are not kept any more.
type Gap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Listen tells what happens, as it happens, until ctx ends or the daemon refuses; the error says which. First come the entries of
// the audit log after a number; below 0 only what is yet to come. After a loss it goes on behind the last entry that was told.
func (c *Client) Listen(ctx context.Context, after int64, tell func(Happening)) error {
	wait := firstWait
	for {
		err := c.hear(ctx, after, func(h Happening) {
			if wait = firstWait; h.Entry != nil {
				after = h.Entry.Number
			}
			tell(h)
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if final(err) {
			return err
		}
		tell(Happening{Lost: err})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, mostWait)
	}
}

// final says that to ask again would be refused again.
func final(err error) bool {
	refusal := Refusal{}
	return errors.As(err, &refusal) && refusal.Status < http.StatusInternalServerError &&
		refusal.Status != http.StatusTooManyRequests && refusal.Status != http.StatusRequestTimeout
}

// hear tells what one stream has, until it ends. The error says why it has.
func (c *Client) hear(ctx context.Context, after int64, tell func(Happening)) error {
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	quiet := time.AfterFunc(mostQuiet, func() { hangUp(fmt.Errorf("nothing was heard of the daemon for %s", mostQuiet)) })
	defer quiet.Stop()
	path := "events"
	if after >= 0 {
		path += "?after=" + strconv.FormatInt(after, 10)
	}
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	endless := *c.http
	endless.Timeout = 0
	res, err := endless.Do(req)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return c.unanswered(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := c.refused(res); err != nil {
		return err
	}
	stream := readSent(res.Body, func() { quiet.Reset(mostQuiet) })
	for {
		one, err := stream.next()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, io.EOF) {
			return errors.New("the daemon has ended the stream")
		}
		if err != nil {
			return fmt.Errorf("read what the daemon tells: %w", err)
		}
		h, err := happening(one)
		if err != nil {
			return fmt.Errorf("read what the daemon tells: %w", err)
		}
		if h != (Happening{}) {
			tell(h)
		}
	}
}

// happening is what a server-sent event says. Of one that is not known, which a newer daemon may tell, it is nothing.
func happening(one sent) (Happening, error) {
	var h Happening
	var into any
	switch one.event {
	case "status":
		h.Status = &Status{}
		into = h.Status
	case "policy":
		h.Policy = &PolicyStatus{}
		into = h.Policy
	case "entry":
		h.Entry = &store.Entry{}
		into = h.Entry
	case "gap":
		h.Gap = &Gap{}
		into = h.Gap
	default:
		return h, nil
	}
	if err := json.Unmarshal(one.data, into); err != nil {
		return Happening{}, fmt.Errorf("event %s: %w", one.event, err)
	}
	return h, nil
}
