package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

type rowsAnswer struct {
	Success   bool        `json:"success"`
	Decisions []store.Row `json:"decisions"`
}

type revisionAnswer struct {
	Success  bool           `json:"success"`
	Revision store.Revision `json:"revision"`
}

// serveLedger adds the paths of what is on record, as it is kept.
func serveLedger(f Flyball, clock func() time.Time, handle func(pattern string, answer func(r *http.Request) (any, error))) {
	handle("GET /api/autoscaling/decisions", func(r *http.Request) (any, error) {
		q := r.URL.Query()
		limit, err := limitOf(r)
		if err != nil {
			return nil, err
		}
		after := int64(0)
		if text := q.Get("after"); text != "" {
			if after, err = strconv.ParseInt(text, 10, 64); err != nil || after < 0 {
				return nil, Refusal{http.StatusBadRequest, fmt.Sprintf("after is %q; allowed is the number of a decision, or 0", text)}
			}
		}
		from, to, err := Stretch(q.Get("from"), q.Get("to"), clock())
		if err != nil {
			return nil, Refusal{http.StatusBadRequest, err.Error()}
		}
		rows, err := f.Rows(r.Context(), from, to, after, limit)
		return rowsAnswer{Success: true, Decisions: rows}, err
	})
	handle("GET /api/autoscaling/revisions/{id}", func(r *http.Request) (any, error) {
		revision, known, err := f.Revision(r.Context(), r.PathValue("id"))
		if err == nil && !known {
			err = Refusal{http.StatusNotFound, fmt.Sprintf("revision %s is not on record", r.PathValue("id"))}
		}
		return revisionAnswer{Success: true, Revision: revision}, err
	})
}

// Rows asks for decisions as they are kept.
func (c *Client) Rows(ctx context.Context, from, to time.Time, after int64, limit int) ([]store.Row, error) {
	q := url.Values{
		"from": {from.Format(time.RFC3339Nano)}, "to": {to.Format(time.RFC3339Nano)},
		"after": {strconv.FormatInt(after, 10)}, "limit": {strconv.Itoa(limit)},
	}
	var a rowsAnswer
	err := c.do(ctx, http.MethodGet, "decisions?"+q.Encode(), nil, &a)
	return a.Decisions, err
}

// Revision asks for a policy and its rules as they were.
func (c *Client) Revision(ctx context.Context, id string) (store.Revision, bool, error) {
	var a revisionAnswer
	err := c.do(ctx, http.MethodGet, "revisions/"+url.PathEscape(id), nil, &a)
	if refused := (Refusal{}); errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return a.Revision, false, nil
	}
	return a.Revision, err == nil, err
}

// Stretch reads a stretch of time that ends at a time, or a day, or now where nothing is said. It begins at one too, or so long
// before its end (24h where nothing is said).
func Stretch(since, until string, now time.Time) (from, to time.Time, err error) {
	if to = now; until != "" {
		if to, err = instant(until); err != nil {
			return from, to, fmt.Errorf("the end is %q; %w", until, err)
		}
	}
	if to.After(now) { // nothing is on record of what is to come
		to = now
	}
	if since == "" {
		since = "24h"
	}
	if back, wrong := engine.ParseLength(since); wrong == nil {
		from = to.Add(-back)
	} else if from, err = instant(since); err != nil {
		return from, to, fmt.Errorf("the beginning is %q; allowed is a length of time such as 90m, 24h or 7d, a day such as 2026-01-31, or a time in RFC 3339 such as 2026-01-31T08:00:00Z", since)
	}
	if !from.Before(to) {
		return from, to, fmt.Errorf("the beginning %s is not before the end %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return from, to, nil
}
