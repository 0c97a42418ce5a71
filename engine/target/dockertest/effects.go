package dockertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
)

// Effect is what a fault does: Refuse, DropReply, Hang, HangReply or Answer.
type Effect func(*Exchange)

// Exchange is a request to the engine, and the reply to it.
type Exchange struct {
	proxy    *Proxy
	w        http.ResponseWriter
	r        *http.Request
	of       request
	released chan struct{}
}

// Refuse closes the connection before the engine hears of the request.
func Refuse(*Exchange) { panic(http.ErrAbortHandler) }

// DropReply lets the engine carry out the request, and closes the connection without a reply.
func DropReply(x *Exchange) {
	x.forward(func(*http.Response) error { return errors.New("dropped") })
}

// Hang takes the request and keeps it until Release. Then it is passed on, unless its sender has gone.
func Hang(x *Exchange) {
	body, err := io.ReadAll(x.r.Body) // a server hears of its client's end only once it has read all
	if err != nil || !x.hang() {
		panic(http.ErrAbortHandler)
	}
	x.r.Body = io.NopCloser(bytes.NewReader(body))
	pass(x)
}

// HangReply lets the engine carry out the request, and keeps the reply until Release.
func HangReply(x *Exchange) {
	x.forward(func(*http.Response) error {
		if !x.hang() {
			return errors.New("nobody waits any more")
		}
		return nil
	})
}

// Answer replies as the engine replies to what it can't do, without asking it.
func Answer(status int, message string) Effect {
	return func(x *Exchange) {
		io.Copy(io.Discard, x.r.Body)
		x.w.Header().Set("Content-Type", "application/json")
		x.w.WriteHeader(status)
		json.NewEncoder(x.w).Encode(map[string]string{"message": message})
	}
}

func pass(x *Exchange) { x.forward(nil) }

// hang waits for Release. It answers false when the sender went first.
func (x *Exchange) hang() bool {
	select {
	case <-x.released:
		return x.r.Context().Err() == nil
	case <-x.r.Context().Done():
		return false
	}
}

// forward passes the request on, and the reply back unless replied is against it. Where there is no reply the connection
// ends.
func (x *Exchange) forward(replied func(*http.Response) error) {
	p := x.proxy
	p.mu.Lock()
	p.passed = append(p.passed, x.of)
	p.mu.Unlock()
	through := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "engine"
		},
		Transport:      p.engine,
		FlushInterval:  -1, // at once: events and logs are streams
		ModifyResponse: replied,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	through.ServeHTTP(x.w, x.r)
}
