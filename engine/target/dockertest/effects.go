package dockertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"time"
)

// Effect is what a fault does: Refuse, DropReply, Hang, Late, HangReply, Replied, Answer
// or Pass.
type Effect func(*Exchange)

// Exchange is a request to the engine, and the reply to it.
type Exchange struct {
	proxy    *Proxy
	w        http.ResponseWriter
	r        *http.Request
	of       request
	released chan struct{}
	up       context.Context // of the proxy
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
	Pass(x)
}

// Late takes the request and keeps it until another time. Then it is passed on though its sender may have gone, as an engine
// does that was too busy to read what it had been sent. It calls held once it has all of the request: a sender that goes before
// that has sent none.
func Late(until <-chan struct{}, held func()) Effect {
	return func(x *Exchange) {
		body, err := io.ReadAll(x.r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		held()
		select {
		case <-until:
		case <-x.up.Done():
			panic(http.ErrAbortHandler)
		}
		x.r = x.r.WithContext(x.up)
		x.r.Body = io.NopCloser(bytes.NewReader(body))
		Pass(x)
	}
}

// HangReply lets the engine carry out the request, and keeps the reply until Release.
func HangReply(x *Exchange) { Replied(func() {})(x) }

// Replied is HangReply that calls done once the engine has replied.
func Replied(done func()) Effect {
	return func(x *Exchange) {
		x.forward(func(*http.Response) error {
			if done(); !x.hang() {
				return errors.New("nobody waits any more")
			}
			return nil
		})
	}
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

// Pass passes the request on, as if there were no fault.
func Pass(x *Exchange) { x.forward(nil) }

// call is the request as it is told of. Its body stays to be read.
func (x *Exchange) call() Call {
	c := Call{At: time.Now(), Method: x.of.method, Path: x.of.path, Query: x.r.URL.Query()}
	if c.Method != http.MethodPost || x.r.Header.Get("Content-Type") != "application/json" {
		return c
	}
	c.Body, _ = io.ReadAll(x.r.Body) // of one that is cut off the engine is sent as much
	x.r.Body = io.NopCloser(bytes.NewReader(c.Body))
	return c
}

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
