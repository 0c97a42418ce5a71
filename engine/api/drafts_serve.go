package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/diff"
)

type (
	sourceAnswer struct {
		Success bool   `json:"success"`
		Source  Source `json:"source"`
	}
	checkRequest struct {
		Policy authored `json:"policy"`
		Name   string   `json:"name,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$" patternDescription:"a name of letters, digits, dots, dashes and underscores" maxLength:"128" doc:"Of the policy that it is to be in the place of, in a file or by API. Default: as it says itself"`
	}
	checkAnswer struct {
		Success  bool   `json:"success"`
		Valid    bool   `json:"valid" doc:"Whether it could be at work: nothing is wrong but warnings"`
		Problems []Flaw `json:"problems" nullable:"false"`
	}
	revisionsAnswer struct {
		Success   bool      `json:"success"`
		Revisions []Revised `json:"revisions" nullable:"false"`
	}
	changedAnswer struct {
		Success bool         `json:"success"`
		Old     string       `json:"old"`
		New     string       `json:"new"`
		Policy  *diff.Policy `json:"policy,omitempty" doc:"What changes; absent: they mean the same"`
	}
	tryRequest struct {
		Policy    authored           `json:"policy"`
		Last      string             `json:"last,omitempty" doc:"So long up to now: 90m, 24h, 7d; 30d at most. Default: 24h"`
		Metric    string             `json:"metric,omitempty" maxLength:"128" doc:"The load: a metric of the service that was recorded. Default: its requests, else its CPU"`
		Capacity  float64            `json:"capacity,omitempty" minimum:"0" maximum:"1000000000" doc:"Requests a minute that one replica can do. Default: as was recorded of requests and CPU"`
		Constants map[string]float64 `json:"constants,omitempty" doc:"By name: what metrics read all the while that the model does not have"`
	}
	triedAnswer struct {
		Success bool `json:"success"`
		Tried
	}
)

// ofSent says where the problems of a policy in a body are.
const ofSent = "Lines and columns are those of the policy's own text as it was sent, from its first brace on."

// serveDrafts adds what an author asks before a policy is saved.
func (s *server) serveDrafts() {
	if s.Drafts == nil {
		return
	}
	add(s, operation{id: "policy-source", path: "policies/{name}/source", action: auth.Read, tag: "policies", refuses: []int{http.StatusNotFound},
		summary: "The text of a policy where it stands, with what is wrong in it",
		about:   "It is the text as it is now. Where something is wrong with it, what was there before is still at work."},
		func(ctx context.Context, in *Named) (*answer[sourceAnswer], error) {
			source, err := s.Drafts.Source(ctx, in.Name)
			return &answer[sourceAnswer]{sourceAnswer{true, source}}, err
		})
	add(s, operation{id: "check-policy", method: "POST", path: "policies/check", action: auth.Policies, tag: "policies", refuses: []int{http.StatusConflict},
		summary: "Say what is wrong with a policy, and save nothing", about: "It is held to the same as one that is added or changed. " + ofSent},
		func(ctx context.Context, in *struct{ Body checkRequest }) (*answer[checkAnswer], error) {
			problems, err := s.Drafts.CheckPolicy(ctx, in.Body.Name, in.Body.Policy)
			a := checkAnswer{Success: true, Valid: true, Problems: []Flaw{}}
			for _, p := range problems {
				a.Valid = a.Valid && p.Warning
				a.Problems = append(a.Problems, FlawOf(p))
			}
			return &answer[checkAnswer]{a}, err
		})
	add(s, operation{id: "policy-revisions", path: "policies/{name}/revisions", action: auth.Read, tag: "policies", refuses: []int{http.StatusNotFound},
		summary: "The revisions of a policy that are on record, the newest first", about: "One that comes to be at work again keeps the time at which it first was."},
		func(ctx context.Context, in *struct {
			Named
			Newest
		}) (*answer[revisionsAnswer], error) {
			limit, err := limitIn(in.Limit)
			if err != nil {
				return nil, refusal("query.limit", err.Error())
			}
			all, err := s.Drafts.Revisions(ctx, in.Name, limit)
			return &answer[revisionsAnswer]{revisionsAnswer{true, all}}, err
		})
	add(s, operation{id: "policy-diff", path: "policies/{name}/diff", action: auth.Read, tag: "policies", refuses: []int{http.StatusNotFound},
		summary: "What changes in meaning from one revision of a policy to another"},
		func(ctx context.Context, in *struct {
			Named
			From string `query:"from" required:"true" minLength:"1" maxLength:"128" doc:"The id of a revision"`
			To   string `query:"to" required:"true" minLength:"1" maxLength:"128" doc:"The id of a revision"`
		}) (*answer[changedAnswer], error) {
			changed, err := s.Drafts.Between(ctx, in.Name, in.From, in.To)
			return &answer[changedAnswer]{changedAnswer{true, in.From, in.To, changed}}, err
		})
	add(s, operation{id: "try-policy", method: "POST", path: "policies/{name}/try", action: auth.Policies, tag: "policies",
		refuses: []int{http.StatusConflict}, summary: "Try a policy on what was recorded of the load, beside the one at work",
		about: "Both are run in a simulation as flyball backtest does, as if they were enabled and live; nothing is saved. One trial at a time is run, for 20 s at most. " + ofSent},
		func(ctx context.Context, in *struct {
			Named
			Body tryRequest
		}) (*answer[triedAnswer], error) {
			trial, err := in.Body.trial()
			if err != nil {
				return nil, err
			}
			tried, err := s.Drafts.Try(ctx, in.Name, trial)
			return &answer[triedAnswer]{triedAnswer{true, tried}}, err
		})
}

// What a trial may look back to, and what a replica can do at least: with less, no number of replicas would do.
const (
	usualTrial    = 24 * time.Hour
	longestTrial  = 30 * 24 * time.Hour
	leastCapacity = 0.01
)

func (r tryRequest) trial() (Trial, error) {
	t := Trial{Policy: []byte(r.Policy), Last: usualTrial, Metric: r.Metric, Capacity: r.Capacity, Constants: r.Constants}
	if r.Capacity != 0 && r.Capacity < leastCapacity {
		return t, refusal("body.capacity", fmt.Sprintf("capacity is %g; allowed are %g requests a minute and more, or none", r.Capacity, leastCapacity))
	}
	if r.Last == "" {
		return t, nil
	}
	var err error
	if t.Last, err = engine.ParseLength(r.Last); err != nil || t.Last <= 0 || t.Last > longestTrial {
		return t, refusal("body.last", fmt.Sprintf("last is %.60q; allowed is a length of time such as 90m, 24h or 7d, up to 30d", r.Last))
	}
	return t, nil
}
