package app

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/api/auth"
	"github.com/flyball-dev/flyball/engine/store"
	"github.com/flyball-dev/flyball/rego"
)

// front is the API, for those whom a gate lets through; without one for the owner of the Unix socket.
func (a *App) front(gate *auth.Gate) http.Handler {
	return api.Server{
		Flyball: a, Gate: gate, Meant: a.called, Clock: func() time.Time { return a.loop.Now().At }, Log: a.log, Hub: a.hub,
		Healthy: a, Drafts: a, Metrics: a.tells.Handler(), Open: a.o.api.OpenMetrics, Observe: a.tells.Answered,
	}.Handler()
}

// none is the address of a daemon that listens at none.
const none = "none"

// open begins to listen, where it is to, and sees to it that somebody can get in. It is nil where it listens at none.
func (a *App) open(ctx context.Context) (*api.Door, error) {
	if a.o.Listen == none {
		return nil, nil
	}
	given, err := a.o.adminToken()
	if err != nil {
		return nil, err
	}
	door, err := api.Open(a.o.Listen, a.o.api.TLSCert, a.o.api.TLSKey, a.log)
	if err != nil {
		return nil, err
	}
	secret, err := auth.FirstToken(ctx, a.store, given, a.loop.Now().At)
	if err != nil {
		a.log.Error("whether anybody may use the API is not known yet; flyball token create makes a token", "error", err)
	}
	if secret != "" && a.o.Show != nil {
		a.o.Show(secret)
	}
	return door, nil
}

// local says that an address can be reached from this machine alone.
func local(at net.Addr) bool {
	tcp, is := at.(*net.TCPAddr)
	return is && tcp.IP.IsLoopback()
}

// gate lets those through whom tokens, passwords and the rules of access do.
func (a *App) gate() *auth.Gate {
	return auth.NewGate(auth.Settings{
		Accounts: a.store, Rules: authorizer{func() *rego.Authorizer { return a.set().Access }}, Session: a.o.api.Session, Log: a.log,
		Note: func(ctx context.Context, e store.Entry) { a.note(ctx, e) },
	})
}
