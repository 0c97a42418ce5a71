package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/store"
)

const (
	defaultLimit = 50
	maxLimit     = 1000
	maxBody      = 64 << 10
)

// Handler serves f under /api/autoscaling. What a request says of how long ago counts from what clock says.
func Handler(f Flyball, log *slog.Logger, clock func() time.Time) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if pattern == restorePath {
				endless(w)
			}
			got, err := answer(r)
			if err != nil {
				refuse(w, log, err)
				return
			}
			write(w, http.StatusOK, "application/json", got)
		})
	}
	handle("GET /api/autoscaling/status", func(r *http.Request) (any, error) {
		s, err := f.Status(r.Context())
		return statusAnswer{Success: true, Status: s}, err
	})
	history := func(r *http.Request) (any, error) {
		limit, err := limitOf(r)
		if err != nil {
			return nil, err
		}
		events, err := f.History(r.Context(), r.PathValue("service"), limit)
		if events == nil {
			events = []engine.Event{}
		}
		return historyAnswer{Success: true, Service: r.PathValue("service"), History: events}, err
	}
	handle("GET /api/autoscaling/history", history)
	handle("GET /api/autoscaling/history/{service}", history)
	handle("POST /api/autoscaling/enable", func(r *http.Request) (any, error) {
		var body enableRequest
		if err := decode(r, &body); err != nil {
			return nil, Refusal{http.StatusBadRequest, fmt.Sprintf("the body is not {\"enabled\": true} or {\"enabled\": false}: %v", err)}
		}
		if body.Enabled == nil {
			return nil, Refusal{http.StatusBadRequest, `the body lacks "enabled": true or false`}
		}
		body.Actor = cmp.Or(body.Actor, "api")
		return enableAnswer{Success: true, Enabled: *body.Enabled}, f.Enable(r.Context(), *body.Enabled, body.Actor)
	})
	for path, ask := range map[string]func(context.Context, string, Ask) (Begun, error){
		"POST /api/autoscaling/test/{service}":     f.Scale,
		"POST /api/autoscaling/rollback/{service}": f.Rollback,
	} {
		handle(path, func(r *http.Request) (any, error) {
			var body Ask
			if err := decode(r, &body); err != nil {
				return nil, Refusal{http.StatusBadRequest, fmt.Sprintf("the body is not like {\"replicas\": 3, \"force\": false}: %v", err)}
			}
			body.Actor = cmp.Or(body.Actor, "api")
			begun, err := ask(r.Context(), r.PathValue("service"), body)
			return begunAnswer{Success: true, Service: r.PathValue("service"), Begun: begun}, err
		})
	}
	servePauses(f, handle)
	serveMetrics(f, clock, handle)
	serveReport(f, clock, handle)
	serveExplanations(f, handle)
	serveLedger(f, clock, handle)
	serveAudit(f, clock, handle)
	serveRestore(f, handle)
	return mux
}

// endless lets an answer take as long as it takes.
func endless(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_, _ = c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{}) // a recorder of a test has none
}

// decode reads a body. An empty one asks for nothing in particular.
func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(into); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind its end")
	}
	return nil
}

func limitOf(r *http.Request) (int, error) {
	n, err := limitIn(r.URL.Query().Get("limit"))
	if err != nil {
		return 0, Refusal{http.StatusBadRequest, err.Error()}
	}
	return n, nil
}

func limitIn(text string) (int, error) {
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		return 0, fmt.Errorf("limit is %q; allowed is 1 to %d", text, maxLimit)
	}
	return n, nil
}

// refuse maps an error to its status, in this one place.
func refuse(w http.ResponseWriter, log *slog.Logger, err error) {
	status, detail := http.StatusInternalServerError, "see the daemon's log"
	if mendable := (Refusal{}); errors.As(err, &mendable) {
		status, detail = mendable.Status, mendable.Detail
	} else if errors.Is(err, store.ErrUnavailable) {
		status, detail = http.StatusServiceUnavailable, err.Error()
	} else if !errors.Is(err, context.Canceled) { // else who asked has gone
		log.Error("api", "error", err)
	}
	write(w, status, "application/problem+json", problem{Title: http.StatusText(status), Status: status, Detail: detail})
}

func write(w http.ResponseWriter, status int, kind string, body any) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller is gone
}

// Serve listens on a Unix socket that only its owner may use, until ctx ends. A socket that a dead daemon left is
// replaced; one that answers, and a file that is no socket, are errors.
func Serve(ctx context.Context, socket string, h http.Handler) error {
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		return fmt.Errorf("make the folder of the socket: %w", err)
	}
	listener, err := listen(socket)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", socket, err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func listen(socket string) (net.Listener, error) {
	l, err := net.Listen("unix", socket)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	info, err := os.Lstat(socket)
	if err != nil {
		return nil, err
	}
	if info.Mode().Type() != os.ModeSocket {
		return nil, errors.New("there is a file that is not a socket; move it, or give another --socket")
	}
	c, err := net.DialTimeout("unix", socket, time.Second)
	if err == nil {
		_ = c.Close()
		return nil, errors.New("a daemon already answers there; stop it, or give another --socket")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) { // somebody may listen who can't be asked
		return nil, fmt.Errorf("is a daemon there? %w; stop it, or give another --socket", err)
	}
	if err := os.Remove(socket); err != nil {
		return nil, err
	}
	return net.Listen("unix", socket)
}
