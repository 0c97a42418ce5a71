package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// Limits of what comes by the API.
const (
	MostPolicies = 1000
	MostPolicy   = 64 << 10 // bytes
)

// Policies are those in files, which are read here and changed there, and those that come by the API.
type Policies interface {
	// Policies lists all, by name. Where a file has the name of one that came by the API both are listed, and the latter is left
	// out of what is at work.
	Policies(ctx context.Context) ([]Policy, error)
	// Policy is the one of a name: the one in a file where both have it.
	Policy(ctx context.Context, name string) (Policy, error)
	// PutPolicy takes a policy as its author writes it, in JSON, and says whether it is new. match is the ETag of the one that it
	// takes the place of: "" makes a new one. A name of "" is the one that the body says, and then it must be new. Invalid says
	// what is wrong with the body, a Refusal what is in its way.
	PutPolicy(ctx context.Context, name string, body []byte, match, actor string) (p Policy, created bool, err error)
	// DeletePolicy removes one that came by the API. match is its ETag.
	DeletePolicy(ctx context.Context, name, match, actor string) error
}

// Policy is a policy as its author wrote it, and what is known of it. In JSON it is the author's fields, with About beside them.
type Policy struct {
	Body json.RawMessage // an object, with the name: what PutPolicy takes
	About
}

// About is what is known of a policy beside what its author wrote.
type About struct {
	Name     string      `json:"-"` // which the author's fields have
	Service  string      `json:"-"`
	Source   string      `json:"source"`          // file, api
	Place    string      `json:"place,omitempty"` // in a file: where, file:line
	ETag     string      `json:"etag"`
	Revision string      `json:"revision,omitempty"` // absent: it is left out
	Enabled  bool        `json:"enabled"`
	Mode     engine.Mode `json:"mode"`
	At       *time.Time  `json:"at,omitempty"` // when it came by the API, or was changed by it
	Actor    string      `json:"actor,omitempty"`
	LeftOut  string      `json:"leftOut,omitempty"`  // why it is not at work
	Warnings []string    `json:"warnings,omitempty"` // of what it will not do as one hopes
}

// The sources of policies.
const (
	FromFile = "file"
	FromAPI  = "api"
)

const about = "about"

// MarshalJSON writes About behind the author's fields.
func (p Policy) MarshalJSON() ([]byte, error) {
	beside, err := json.Marshal(p.About)
	if err != nil {
		return nil, err
	}
	fields, found := bytes.CutSuffix(bytes.TrimSpace(p.Body), []byte("}"))
	if !found {
		return nil, fmt.Errorf("write policy %s: its body is no object", p.Name)
	}
	return fmt.Appendf(nil, `%s,%q:%s}`, fields, about, beside), nil
}

// UnmarshalJSON reads what MarshalJSON has written.
func (p *Policy) UnmarshalJSON(text []byte) error {
	var whole struct {
		Name    string          `json:"name"`
		Service string          `json:"service"`
		About   json.RawMessage `json:"about"`
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return err
	}
	if err := json.Unmarshal(whole.About, &p.About); err != nil {
		return err
	}
	var dense bytes.Buffer
	if err := json.Compact(&dense, text); err != nil {
		return err
	}
	end := bytes.LastIndex(dense.Bytes(), fmt.Appendf(nil, `,%q:`, about))
	if end < 0 {
		return errors.New("read a policy: nothing is said about it")
	}
	p.Name, p.Service = whole.Name, whole.Service
	p.Body = append(dense.Bytes()[:end], '}')
	return nil
}

// Invalid refuses a policy for what is wrong with it.
type Invalid struct {
	Refusal
	Problems []engine.Problem // each at its place in the body
}

// Error lists what is wrong, a line each.
func (i Invalid) Error() string {
	lines := []string{i.Detail}
	for _, p := range i.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

func (i Invalid) Unwrap() error { return i.Refusal }

// problem is all that is wrong, each at its place in the body.
func (i Invalid) problem() *Problem {
	p := Problem{Title: http.StatusText(i.Status), Status: i.Status, Detail: i.Detail}
	for _, one := range i.Problems {
		p.Errors = append(p.Errors, Fault{Location: join("body", one.Path), Message: one.Message, Line: one.Line, Column: one.Column})
	}
	return &p
}

func join(path, field string) string {
	if field == "" {
		return path
	}
	return path + "." + field
}
