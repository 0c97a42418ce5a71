package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"
)

// PauseAsk asks for a pause. Without Until and Seconds it lasts until somebody resumes.
type PauseAsk struct {
	Service string    `json:"service,omitempty"` // absent: all services
	Until   time.Time `json:"until,omitzero"`
	Seconds float64   `json:"seconds,omitempty"` // from now on, in the place of Until
	Reason  string    `json:"reason"`
	Actor   string    `json:"actor,omitempty"`
}

// Pause is a pause that holds.
type Pause struct {
	Service string     `json:"service,omitempty"` // absent: all services
	Since   time.Time  `json:"since"`
	Until   *time.Time `json:"until,omitempty"`   // absent: until somebody resumes
	Seconds float64    `json:"seconds,omitempty"` // that are left of it
	Actor   string     `json:"actor"`
	Reason  string     `json:"reason"`
}

// Paused is what came of asking for a pause.
type Paused struct {
	Pause  Pause  `json:"pause"`
	Before *Pause `json:"before,omitempty"` // that it took the place of; absent: none held
}

// Resumed is what came of resuming.
type Resumed struct {
	Ended *Pause  `json:"ended,omitempty"` // absent: none held
	Still []Pause `json:"still,omitempty"` // those that hold on: of all services, or of single ones where all were resumed
}

type (
	pausedAnswer struct {
		Success bool `json:"success"`
		Paused
	}
	resumeRequest struct {
		Service string `json:"service,omitempty"`
		Actor   string `json:"actor,omitempty"`
	}
	resumedAnswer struct {
		Success bool `json:"success"`
		Resumed
	}
)

// servePauses adds the paths of pauses.
func servePauses(f Flyball, handle func(pattern string, answer func(r *http.Request) (any, error))) {
	handle("POST /api/autoscaling/pause", func(r *http.Request) (any, error) {
		var ask PauseAsk
		if err := decode(r, &ask); err != nil {
			return nil, Refusal{http.StatusBadRequest, fmt.Sprintf(
				`the body is not like {"service": "web", "seconds": 7200, "reason": "a sale"}: %v`, err)}
		}
		ask.Actor = cmp.Or(ask.Actor, "api")
		paused, err := f.Pause(r.Context(), ask)
		return pausedAnswer{Success: true, Paused: paused}, err
	})
	handle("POST /api/autoscaling/resume", func(r *http.Request) (any, error) {
		var ask resumeRequest
		if err := decode(r, &ask); err != nil {
			return nil, Refusal{http.StatusBadRequest, fmt.Sprintf(`the body is not like {"service": "web"}: %v`, err)}
		}
		resumed, err := f.Resume(r.Context(), ask.Service, cmp.Or(ask.Actor, "api"))
		return resumedAnswer{Success: true, Resumed: resumed}, err
	})
}

// Pause asks for a pause.
func (c *Client) Pause(ctx context.Context, ask PauseAsk) (Paused, error) {
	var a pausedAnswer
	err := c.do(ctx, http.MethodPost, "pause", ask, &a)
	return a.Paused, err
}

// Resume ends a pause.
func (c *Client) Resume(ctx context.Context, service, actor string) (Resumed, error) {
	var a resumedAnswer
	err := c.do(ctx, http.MethodPost, "resume", resumeRequest{service, actor}, &a)
	return a.Resumed, err
}
