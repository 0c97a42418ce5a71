package app

import (
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

// front is everything that the daemon answers at its socket, which only its owner may use.
func (a *App) front() http.Handler {
	owner := func(*http.Request) bool { return true }
	return api.Server{
		Flyball: a, Clock: func() time.Time { return a.loop.Now().At }, Log: a.log, Hub: a.hub, Observe: a.tells.Answered,
		Beside: map[string]http.Handler{
			"GET /metrics": a.tells.Handler(),
			"GET /healthz": api.ServeHealth(a.Health, owner),
			"GET /readyz":  api.ServeHealth(a.Ready, owner),
		},
	}.Handler()
}
