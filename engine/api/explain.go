package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Question names a decision: of an event, by its number, at an instant, or else the newest.
type Question struct {
	Of       string    // a service or a policy; empty: the only one
	Event    string    // its id
	Decision int64     // its number in the ledger; 0: none is asked for
	At       time.Time // the decision that held then; zero: none is asked for
}

// Explanation is a decision with all that led to it, and what would have to be different for another one.
type Explanation struct {
	At       time.Time     `json:"at"`                 // when it was made; what is to come is counted from here
	Decision int64         `json:"decision,omitempty"` // its number in the ledger; 0: it is not there, or not of interest
	Last     time.Time     `json:"last,omitzero"`      // of a hold that was decided again and again
	Count    int           `json:"count,omitempty"`    // how often it was
	Record   engine.Record `json:"record"`
	Event    *engine.Event `json:"event,omitempty"` // that it was asked about

	File    string      `json:"file,omitempty"` // of the policy, file:line
	Then    *Then       `json:"then,omitempty"` // what it is explained with, where that is not what is at work now
	Metrics []Explained `json:"metrics"`        // in the policy's order

	Changed      string               `json:"changed,omitempty"` // why the rest is missing
	Voices       []engine.Voice       `json:"voices,omitempty"`  // of several strategies
	Rules        []engine.Line        `json:"rules"`
	RulesError   string               `json:"rulesError,omitempty"` // why the rules gave no usable answer
	Differs      string               `json:"differs,omitempty"`    // what the rules of now say instead
	Alternatives []engine.Alternative `json:"alternatives"`
}

// Then is the revision of a policy that made a decision, and is not at work any more.
type Then struct {
	Revision string    `json:"revision"`
	Since    time.Time `json:"since"`            // when it was first at work
	Commit   string    `json:"commit,omitempty"` // of its git repository
	Now      string    `json:"now,omitempty"`    // the revision of the policy that is at work now; empty: there is no such policy
}

// Explained is what a metric read, beside what the policy compares it with.
type Explained struct {
	Metric  string         `json:"metric"`
	Reading engine.Reading `json:"reading"`
	Bounds  []string       `json:"bounds,omitempty"` // scaleUp above 70
}

type explainAnswer struct {
	Success     bool        `json:"success"`
	Explanation Explanation `json:"explanation"`
}

// Which names a decision.
type Which struct {
	Event    string `query:"event" doc:"The id of an event"`
	Decision string `query:"decision" doc:"The number of a decision"`
	At       string `query:"at" doc:"The decision that held then: a time in RFC 3339"`
}

// serveExplanations adds how decisions came about.
func (s *server) serveExplanations() {
	explain := func(ctx context.Context, of string, in Which) (*answer[explainAnswer], error) {
		q, err := in.question(of)
		if err != nil {
			return nil, err
		}
		e, err := s.Flyball.Explain(ctx, q)
		return &answer[explainAnswer]{explainAnswer{true, e}}, err
	}
	refuses := []int{http.StatusNotFound, http.StatusConflict}
	add(s, operation{id: "explain", path: "explain", action: "read", tag: "on record", refuses: refuses, summary: "How a decision came about, and what would change it"},
		func(ctx context.Context, in *Which) (*answer[explainAnswer], error) { return explain(ctx, "", *in) })
	add(s, operation{id: "explain-of", path: "explain/{service}", action: "read", tag: "on record", refuses: refuses, summary: "How a decision on a service came about, and what would change it; the newest unless another is named"},
		func(ctx context.Context, in *struct {
			Caller
			Of
			Which
		}) (*answer[explainAnswer], error) {
			found, err := explain(ctx, in.Service, in.Which)
			if err == nil && found.Body.Explanation.Record.Service != in.Service { // the number or the event that is asked for is of another one
				err = s.permit(in.x, found.Body.Explanation.Record.Service)
			}
			return found, err
		})
	add(s, operation{id: "decision", path: "decisions/{id}", action: "read", tag: "on record", refuses: refuses, summary: "How the decision of a number came about, and what would change it"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" pattern:"^[1-9][0-9]*$" patternDescription:"the number of a decision" maxLength:"18"`
		}) (*answer[explainAnswer], error) {
			return explain(ctx, "", Which{Decision: in.ID})
		})
}

// question reads event=ID, decision=17 or at= in RFC 3339.
func (in Which) question(of string) (Question, error) {
	q := Question{Of: of, Event: in.Event}
	var err error
	if in.Decision != "" {
		if q.Decision, err = strconv.ParseInt(in.Decision, 10, 64); err != nil || q.Decision < 1 {
			return q, refusal("query.decision", fmt.Sprintf("decision is %q; allowed is a whole number from 1", in.Decision))
		}
	}
	if in.At != "" {
		if q.At, err = time.Parse(time.RFC3339, in.At); err != nil {
			return q, refusal("query.at", fmt.Sprintf("at is %q; allowed is a time in RFC 3339, such as 2026-01-01T00:00:00Z", in.At))
		}
	}
	return q, nil
}

// Explain asks how a decision came about.
func (c *Client) Explain(ctx context.Context, q Question) (Explanation, error) {
	given := url.Values{}
	if q.Event != "" {
		given.Set("event", q.Event)
	}
	if q.Decision != 0 {
		given.Set("decision", strconv.FormatInt(q.Decision, 10))
	}
	if !q.At.IsZero() {
		given.Set("at", q.At.Format(time.RFC3339Nano))
	}
	path := "explain"
	if q.Of != "" {
		path += "/" + url.PathEscape(q.Of)
	}
	var a explainAnswer
	err := c.do(ctx, http.MethodGet, path+"?"+given.Encode(), nil, &a)
	return a.Explanation, err
}
