package app

import (
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

// front is everything that the daemon answers at its socket, which only its owner may use.
func (a *App) front() http.Handler {
	owner := func(*http.Request) bool { return true }
	mux := http.NewServeMux()
	mux.Handle("/", a.tells.Measured(api.Handler(a, a.log, func() time.Time { return a.loop.Now().At })))
	mux.Handle("GET /metrics", a.tells.Handler())
	mux.Handle("GET /healthz", api.ServeHealth(a.Health, owner))
	mux.Handle("GET /readyz", api.ServeHealth(a.Ready, owner))
	return mux
}
