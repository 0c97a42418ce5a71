package api

import (
	"context"
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

// servePauses adds pausing and resuming.
func (s *server) servePauses() {
	add(s, operation{id: "pause", method: "POST", path: "pause", action: "pause", late: true, tag: "by hand", refuses: []int{http.StatusNotFound, http.StatusConflict},
		summary: "Have nothing begun of a service, or of all, until it ends by itself or somebody resumes"},
		func(ctx context.Context, in *struct {
			Caller
			Body PauseAsk
		}) (*answer[pausedAnswer], error) {
			if err := s.permit(in.x, in.Body.Service); err != nil {
				return nil, err
			}
			in.Body.Actor = in.actor(in.Body.Actor)
			paused, err := s.Flyball.Pause(ctx, in.Body)
			return &answer[pausedAnswer]{pausedAnswer{true, paused}}, err
		})
	add(s, operation{id: "resume", method: "POST", path: "resume", action: "pause", late: true, tag: "by hand", refuses: []int{http.StatusNotFound, http.StatusConflict},
		summary: "End the pause of a service, or that of all"},
		func(ctx context.Context, in *struct {
			Caller
			Body *resumeRequest
		}) (*answer[resumedAnswer], error) {
			var ask resumeRequest
			if in.Body != nil {
				ask = *in.Body
			}
			if err := s.permit(in.x, ask.Service); err != nil {
				return nil, err
			}
			resumed, err := s.Flyball.Resume(ctx, ask.Service, in.actor(ask.Actor))
			return &answer[resumedAnswer]{resumedAnswer{true, resumed}}, err
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
