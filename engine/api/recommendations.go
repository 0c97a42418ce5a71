package api

import (
	"context"
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api/auth"
)

// Adviser tells what the rules would have done.
type Adviser interface {
	// Recommendations are what the rules recommended in the newest decision of each enabled policy, before the guard: the most
	// urgent first.
	Recommendations(ctx context.Context) ([]Recommendation, error)
}

// Recommendation is what the rules recommend for a service.
type Recommendation struct {
	Service     string          `json:"service"`
	Current     int             `json:"currentReplicas"`
	Recommended int             `json:"recommendedReplicas"`
	Reason      string          `json:"reason"`     // in one sentence
	Confidence  float64         `json:"confidence"` // 0..1
	Priority    engine.Priority `json:"priority"`
	Policy      string          `json:"policy"`
	Action      engine.Action   `json:"action"`
	At          time.Time       `json:"at"` // of the decision
}

type recommendationsAnswer struct {
	Success         bool             `json:"success"`
	Recommendations []Recommendation `json:"recommendations" nullable:"false"`
}

// serveRecommendations adds what the rules recommend.
func (s *server) serveRecommendations() {
	add(s, operation{id: "recommendations", path: "recommendations", action: auth.Read, tag: "autoscaling",
		summary: "What the rules recommend of each enabled policy now, before the guard; the most urgent first"},
		func(ctx context.Context, _ *struct{}) (*answer[recommendationsAnswer], error) {
			all, err := s.Flyball.Recommendations(ctx)
			if all == nil {
				all = []Recommendation{}
			}
			return &answer[recommendationsAnswer]{recommendationsAnswer{true, all}}, err
		})
}

// Recommendations asks for them.
func (c *Client) Recommendations(ctx context.Context) ([]Recommendation, error) {
	var a recommendationsAnswer
	err := c.do(ctx, http.MethodGet, "recommendations", nil, &a)
	return a.Recommendations, err
}
