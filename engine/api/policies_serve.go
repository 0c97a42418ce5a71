package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api/auth"
)

type policiesAnswer struct {
	Success  bool     `json:"success"`
	Policies []Policy `json:"policies" nullable:"false"`
}

type policyAnswer struct {
	Success bool   `json:"success"`
	Policy  Policy `json:"policy"`
}

// Schema is the author's fields, which the schema of policies checks, with About beside them.
func (Policy) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"name", "service", about},
		Properties: map[string]*huma.Schema{
			"name": {Type: huma.TypeString}, "service": {Type: huma.TypeString}, about: r.Schema(typeOf[About](), true, "About"),
		},
	}
}

// authored is a policy as its author writes it. What it says is held to the schema of policies, and not to this API's.
type authored []byte

// Schema says no more than that it is an object.
func (authored) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "A policy, in the fields of schema/policy.cue"}
}

// MarshalJSON writes the text as it is.
func (a authored) MarshalJSON() ([]byte, error) { return a, nil }

// UnmarshalJSON keeps the text as it is.
func (a *authored) UnmarshalJSON(text []byte) error {
	*a = append((*a)[:0], text...)
	return nil
}

// Named is the part of a path that names a policy.
type Named struct {
	Name string `path:"name" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$" patternDescription:"a name of letters, digits, dots, dashes and underscores" maxLength:"128"`
}

// Said is who asks, where a body has no place for it.
type Said struct {
	Actor string `query:"actor" doc:"Who asks; over the Unix socket alone, elsewhere it is who the token is of"`
}

// tagged is a policy with its ETag.
type tagged struct {
	Status   int
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     policyAnswer
}

// bare is a policy's own text with its ETag.
type bare struct {
	ETag string `header:"ETag"`
	Body authored
}

func taggedOf(p Policy, status int, err error) (*tagged, error) {
	t := &tagged{Status: status, ETag: p.ETag, Body: policyAnswer{true, p}}
	if status == http.StatusCreated {
		t.Location = root + "policies/" + url.PathEscape(p.Name)
	}
	return t, err
}

// servePolicies adds policies, those in files and those by this API.
func (s *server) servePolicies() {
	add(s, operation{id: "policies", path: "policies", action: auth.Read, tag: "policies", summary: "Every policy, in files and by API, as its author wrote it"},
		func(ctx context.Context, in *struct {
			Name string `query:"name" doc:"Of this name alone"`
		}) (*answer[policiesAnswer], error) {
			all, err := s.Flyball.Policies(ctx)
			found := []Policy{}
			for _, p := range all {
				if in.Name == "" || p.Name == in.Name {
					found = append(found, p)
				}
			}
			return &answer[policiesAnswer]{policiesAnswer{true, found}}, err
		})
	add(s, operation{id: "create-policy", method: "POST", path: "policies", action: auth.Policies, tag: "policies", status: http.StatusCreated,
		refuses: []int{http.StatusConflict}, summary: "Add a policy",
		about: "It is held to the schema of policies, and kept in the store beside those in files, which win. One that is not enabled changes nothing."},
		func(ctx context.Context, in *struct {
			Caller
			Said
			Body authored
		}) (*tagged, error) {
			p, _, err := s.Flyball.PutPolicy(ctx, "", in.Body, "", in.actor(in.Actor))
			return taggedOf(p, http.StatusCreated, err)
		})
	add(s, operation{id: "policy", path: "policies/{name}", action: auth.Read, tag: "policies", refuses: []int{http.StatusNotFound}, summary: "A policy as its author wrote it, with its ETag",
		about: "What it answers can be edited and put back. Where a file and this API both have the name, it is the one in the file, which is at work."},
		func(ctx context.Context, in *Named) (*bare, error) {
			p, err := s.Flyball.Policy(ctx, in.Name)
			return &bare{p.ETag, authored(p.Body)}, err
		})
	add(s, operation{id: "put-policy", method: "PUT", path: "policies/{name}", action: auth.Policies, tag: "policies",
		refuses: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired}, summary: "Change a policy that came by this API",
		also:  map[int]reflect.Type{http.StatusCreated: typeOf[policyAnswer]()},
		about: "Send the ETag of the policy that it is to replace in If-Match, so that nobody's change is lost. Without one it is a new policy, which answers 201."},
		func(ctx context.Context, in *struct {
			Caller
			Said
			Named
			Match string `header:"If-Match"`
			Body  authored
		}) (*tagged, error) {
			p, created, err := s.Flyball.PutPolicy(ctx, in.Name, in.Body, in.Match, in.actor(in.Actor))
			status := http.StatusOK
			if created {
				status = http.StatusCreated
			}
			return taggedOf(p, status, err)
		})
	add(s, operation{id: "delete-policy", method: "DELETE", path: "policies/{name}", action: auth.Policies, tag: "policies",
		refuses: []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired}, summary: "Remove a policy that came by this API"},
		func(ctx context.Context, in *struct {
			Caller
			Said
			Named
			Match string `header:"If-Match"`
		}) (*answer[goneAnswer], error) {
			return &answer[goneAnswer]{goneAnswer{true}}, s.Flyball.DeletePolicy(ctx, in.Name, in.Match, in.actor(in.Actor))
		})
}

type goneAnswer struct {
	Success bool `json:"success"`
}

// Policies asks for all of them.
func (c *Client) Policies(ctx context.Context) ([]Policy, error) {
	var a policiesAnswer
	err := c.do(ctx, http.MethodGet, "policies", nil, &a)
	return a.Policies, err
}

// Policy asks for one.
func (c *Client) Policy(ctx context.Context, name string) (Policy, error) {
	var a policiesAnswer
	err := c.do(ctx, http.MethodGet, "policies?"+url.Values{"name": {name}}.Encode(), nil, &a)
	if err != nil {
		return Policy{}, err
	}
	for _, p := range a.Policies {
		if p.Source == FromFile || len(a.Policies) == 1 {
			return p, nil
		}
	}
	return Policy{}, c.do(ctx, http.MethodGet, "policies/"+url.PathEscape(name), nil, &struct{}{}) // which says what there is
}

// PutPolicy adds a policy, or changes one.
func (c *Client) PutPolicy(ctx context.Context, name string, body []byte, match, actor string) (Policy, bool, error) {
	method, path := http.MethodPost, "policies"
	if match != "" && name != "" {
		method, path = http.MethodPut, "policies/"+url.PathEscape(name)
	}
	var a policyAnswer
	err := c.send(ctx, method, path+"?"+url.Values{"actor": {actor}}.Encode(), match, body, &a)
	if refused := (Refusal{}); errors.As(err, &refused) && len(refused.Faults) > 0 {
		wrong := Invalid{Refusal: refused}
		for _, f := range refused.Faults {
			path := strings.TrimPrefix(strings.TrimPrefix(f.Location, "body"), ".")
			wrong.Problems = append(wrong.Problems, engine.Problem{File: "body", Line: f.Line, Column: f.Column, Path: path, Message: f.Message})
		}
		err = wrong
	}
	return a.Policy, method == http.MethodPost, err
}

// DeletePolicy removes one.
func (c *Client) DeletePolicy(ctx context.Context, name, match, actor string) error {
	return c.send(ctx, http.MethodDelete, "policies/"+url.PathEscape(name)+"?"+url.Values{"actor": {actor}}.Encode(), match, nil, &goneAnswer{})
}
