package telemetry

import (
	"cmp"
	"net/http"
	"strconv"
	"time"
)

// Measured counts what next answers, by the pattern of the http.ServeMux that finds it.
func (m *Metrics) Measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		answer := &answer{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		m.Answered(cmp.Or(r.Pattern, "none"), cmp.Or(answer.status, http.StatusOK), time.Since(began))
	})
}

// answer remembers with which status it began.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader begins the answer.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK { // those below announce another
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Flush sends what has been written so far: who streams may ask for an http.Flusher.
func (a *answer) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() }

func statusCode(status int) string {
	if status < 100 || status > 599 {
		return "none"
	}
	return strconv.Itoa(status)
}
