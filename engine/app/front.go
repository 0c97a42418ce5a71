package app

import (
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

// front is the API as the daemon serves it over its socket.
func (a *App) front() http.Handler {
	return api.Server{Flyball: a, Clock: func() time.Time { return a.loop.Now().At }, Log: a.log, Hub: a.hub}.Handler()
}
