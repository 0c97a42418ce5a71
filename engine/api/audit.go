package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

type auditAnswer struct {
	Success bool          `json:"success"`
	Entries []store.Entry `json:"entries"`
}

// Entries says which entries of the audit log are asked for.
type Entries struct {
	After   string `query:"after" doc:"Those above this number, the first of them; 0: all"`
	Since   string `query:"since" doc:"How long ago, a day, or a time in RFC 3339"`
	Until   string `query:"until" doc:"How long ago, a day, or a time in RFC 3339"`
	Kind    string `query:"kind"`
	Actor   string `query:"actor"`
	Service string `query:"service"`
	Policy  string `query:"policy"`
	Newest
}

func (in *Entries) word(field string) string {
	return map[string]string{
		"after": in.After, "since": in.Since, "until": in.Until, "kind": in.Kind, "actor": in.Actor, "service": in.Service, "policy": in.Policy,
		"limit": in.Limit,
	}[field]
}

// serveAudit adds the audit log.
func (s *server) serveAudit() {
	add(s, operation{id: "audit", path: "audit", action: "audit", tag: "on record", summary: "Who or what changed what, and why; the oldest first"},
		func(ctx context.Context, in *Entries) (*answer[auditAnswer], error) {
			filter, err := AuditFilter(in.word, s.Clock())
			if err != nil {
				return nil, refusal("query", err.Error())
			}
			entries, err := s.Flyball.Audit(ctx, filter)
			if entries == nil {
				entries = []store.Entry{}
			}
			return &answer[auditAnswer]{auditAnswer{true, entries}}, err
		})
}

// Audit asks for entries of the audit log.
func (c *Client) Audit(ctx context.Context, f store.Filter) ([]store.Entry, error) {
	q := url.Values{}
	set := func(name, value string, given bool) {
		if given {
			q.Set(name, value)
		}
	}
	set("after", strconv.FormatInt(max(0, f.After), 10), f.After != 0)
	set("since", f.Since.Format(time.RFC3339Nano), !f.Since.IsZero())
	set("until", f.Until.Format(time.RFC3339Nano), !f.Until.IsZero())
	set("kind", string(f.Kind), f.Kind != "")
	set("actor", f.Actor, f.Actor != "")
	set("service", f.Service, f.Service != "")
	set("policy", f.Policy, f.Policy != "")
	set("limit", strconv.Itoa(f.Limit), f.Limit != 0)
	var a auditAnswer
	err := c.do(ctx, http.MethodGet, "audit?"+q.Encode(), nil, &a)
	return a.Entries, err
}

// AuditFilter reads which entries are asked for, from the words that are given for its fields. A word is empty where none is.
func AuditFilter(word func(field string) string, now time.Time) (store.Filter, error) {
	f := store.Filter{Kind: store.EntryKind(word("kind")), Actor: word("actor"), Service: word("service"), Policy: word("policy")}
	if f.Kind != "" && !slices.Contains(store.EntryKinds, f.Kind) {
		return f, fmt.Errorf("kind is %q; allowed is %s", f.Kind, kinds())
	}
	var err error
	if text := word("after"); text != "" {
		if f.After, err = strconv.ParseInt(text, 10, 64); err != nil || f.After < 0 {
			return f, fmt.Errorf("after is %q; allowed is the number of an entry, or 0 for all", text)
		}
		if f.After == 0 {
			f.After = -1 // the zero of a filter asks for the newest
		}
	}
	if f.Since, err = moment(word("since"), now); err != nil {
		return f, fmt.Errorf("since is %q; %w", word("since"), err)
	}
	if f.Until, err = moment(word("until"), now); err != nil {
		return f, fmt.Errorf("until is %q; %w", word("until"), err)
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return f, fmt.Errorf("since %s is not before until %s", f.Since.Format(time.RFC3339), f.Until.Format(time.RFC3339))
	}
	f.Limit, err = limitIn(word("limit"))
	return f, err
}

// moment reads a time, a day, or how long ago it was; nothing is the zero time.
func moment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := instant(text); err == nil {
		return at, nil
	}
	back, err := engine.ParseLength(text)
	if err != nil {
		return time.Time{}, errors.New("allowed is how long ago, such as 90m, 24h or 7d, a day such as 2026-01-31, or a time in RFC 3339 such as 2026-01-31T08:00:00Z")
	}
	return now.Add(-back), nil
}

func kinds() string {
	words := make([]string, len(store.EntryKinds))
	for i, k := range store.EntryKinds {
		words[i] = string(k)
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
