package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/flyball-dev/flyball/engine/api/auth"
)

// Health says whether a daemon is well, and what was looked at to tell.
type Health struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
}

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"` // a code: loop, running, policies, store, target
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // for those who may know names and addresses
}

// Healthy is what can be asked of how a daemon is. Both answer at once, whatever hangs.
type Healthy interface {
	// Health says whether the daemon turns: where it does not, starting it anew may help.
	Health(ctx context.Context) Health
	// Ready says whether it can do what it is for.
	Ready(ctx context.Context) Health
}

// HealthOf makes a Health of checks: all must be ok.
func HealthOf(checks ...Check) Health {
	h := Health{OK: true, Checks: checks}
	for _, c := range checks {
		h.OK = h.OK && c.OK
	}
	return h
}

// Bare is what anybody may know: which checks are ok.
func (h Health) Bare() Health {
	bare := Health{OK: h.OK, Checks: make([]Check, len(h.Checks))}
	for i, c := range h.Checks {
		bare.Checks[i] = Check{Name: c.Name, OK: c.OK}
	}
	return bare
}

// told is a Health with its status.
type told struct {
	Status int
	Body   Health
}

// serveHealth adds what probes and Prometheus ask.
func (s *server) serveHealth() {
	if s.Healthy == nil {
		return
	}
	for _, one := range []struct {
		operation
		ask func(context.Context) Health
	}{
		{operation{id: "healthz", path: "/healthz", summary: "Whether the daemon turns: where it does not, starting it anew may help"}, s.Healthy.Health},
		{operation{id: "readyz", path: "/readyz", summary: "Whether the daemon can do what it is for"}, s.Healthy.Ready},
	} {
		one.open, one.tag, one.about = true, "health", "503 where one of the checks is not ok. Details are for those who may read."
		one.also = map[int]reflect.Type{http.StatusServiceUnavailable: typeOf[Health]()}
		add(s, one.operation, func(ctx context.Context, in *struct{ Caller }) (*told, error) {
			h := one.ask(ctx)
			if !s.knows(in.x) {
				h = h.Bare()
			}
			if !h.OK {
				return &told{http.StatusServiceUnavailable, h}, nil
			}
			return &told{http.StatusOK, h}, nil
		})
	}
	metrics := operation{id: "prometheus", path: "/metrics", action: auth.Read, tag: "health", kind: "text/plain", summary: "What flyball does, for Prometheus"}
	if s.Open {
		metrics.action = ""
	}
	add(s, metrics, func(_ context.Context, in *struct{ Caller }) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(huma.Context) {
			r, w := unwrap(in.x)
			in.x.status = http.StatusOK
			s.Metrics.ServeHTTP(w, r)
		}}, nil
	})
}

// knows says that whoever asks may know names and addresses: who may read. It is no refusal, and not audited, where they may not.
func (s *server) knows(x *exchange) bool {
	if s.Gate == nil {
		return true
	}
	ask := x.of("")
	ask.Action = auth.Read
	return s.Gate.May(x.Context(), x.who, ask)
}
