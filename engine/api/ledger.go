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

// serveLedger adds what is on record, as it is kept.
func (s *server) serveLedger() {
	add(s, operation{id: "decisions", path: "decisions", action: "read", tag: "on record", summary: "Decisions as they are kept, by their number"},
		func(ctx context.Context, in *struct {
			After string `query:"after" doc:"Above this number" default:"0"`
			From  string `query:"from" doc:"A time in RFC 3339, a day, or how long before to. Default: 24h"`
			To    string `query:"to" doc:"A time in RFC 3339, or a day. Default: now"`
			Newest
		}) (*answer[rowsAnswer], error) {
			limit, err := limitIn(in.Limit)
			if err != nil {
				return nil, refusal("query.limit", err.Error())
			}
			after := int64(0)
			if in.After != "" {
				if after, err = strconv.ParseInt(in.After, 10, 64); err != nil || after < 0 {
					return nil, refusal("query.after", fmt.Sprintf("after is %q; allowed is the number of a decision, or 0", in.After))
				}
			}
			from, to, err := Stretch(in.From, in.To, s.Clock())
			if err != nil {
				return nil, refusal("query", err.Error())
			}
			rows, err := s.Flyball.Rows(ctx, from, to, after, limit)
			return &answer[rowsAnswer]{rowsAnswer{true, rows}}, err
		})
	add(s, operation{id: "revision", path: "revisions/{id}", action: "read", tag: "on record", refuses: []int{http.StatusNotFound}, summary: "A policy with its rules, as decisions were made by them"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"128"`
		}) (*answer[revisionAnswer], error) {
			revision, known, err := s.Flyball.Revision(ctx, in.ID)
			if err == nil && !known {
				err = Refusal{Status: http.StatusNotFound, Detail: fmt.Sprintf("revision %s is not on record", in.ID)}
			}
			return &answer[revisionAnswer]{revisionAnswer{true, revision}}, err
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
