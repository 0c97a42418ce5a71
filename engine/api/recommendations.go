package api

import (
	"context"
	"time"

	"github.com/flyball-dev/flyball/engine"
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
