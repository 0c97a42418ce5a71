package api

import (
	"context"
	"encoding/json"
	"net/http"
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

// ServeHealth answers 200 where all is well, else 503, with the checks in the body. knows says that whoever asks may know
// details.
func ServeHealth(ask func(context.Context) Health, knows func(*http.Request) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := ask(r.Context())
		if !knows(r) {
			h = h.Bare()
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !h.OK {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(h) // the caller is gone
	}
}
