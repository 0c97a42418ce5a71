package notify

import (
	"context"
	"net/http"
	"time"
)

// Heartbeat is somebody who wants to hear that flyball is alive, and knows what to do when he does not.
type Heartbeat struct {
	URL   func() (string, error)
	Every time.Duration
	Turns func() bool // says that the loop still does what it is to do; while it does not nobody is told that it does
}

// beat calls until ctx ends.
func (n *Notifier) beat(ctx context.Context, h Heartbeat, allow Allow) {
	c := n.caller(Receiver{Name: "heartbeat", URL: h.URL}, allow)
	defer c.close()
	tick := time.NewTicker(h.Every)
	defer tick.Stop()
	silent, stuck := false, false
	for ctx.Err() == nil {
		turns := h.Turns()
		if !turns && !stuck {
			n.Log.Error("no heartbeat is sent: a policy's cycle is long overdue")
		}
		if stuck = !turns; turns {
			problem := c.beat(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case problem != "" && !silent:
				n.Log.Warn("the heartbeat is not taken", "error", problem)
			case problem == "" && silent:
				n.Log.Info("the heartbeat is taken again")
			}
			silent = problem != ""
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// beat is one call; it answers what is wrong.
func (c *caller) beat(ctx context.Context) string {
	address, err := c.to.URL()
	if err != nil {
		return err.Error()
	}
	return c.call(ctx, http.MethodGet, address, http.Header{}, nil).Problem()
}
