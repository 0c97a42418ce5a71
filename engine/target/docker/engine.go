// Package docker is the connection to a Docker engine that the drivers share: one API version agreed on, errors in
// flyball's words, the tail of a log.
package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"
)

// Engine is a Docker engine. Its client may be used once Settle has returned nil.
type Engine struct {
	*client.Client

	// May is asked before each call that changes something; its error is that of the call, which then is not made. Nil: all
	// may. Set it before the first call.
	May func(ctx context.Context) error

	version chan struct{} // one slot, taken while the API version is settled
	settled atomic.Bool
	allowed sync.Map // of the calls that Allows found allowed
}

// Dial makes a connection to the engine at host, such as unix:///var/run/docker.sock. An empty host is DOCKER_HOST with
// its companions in the environment, else the machine's own engine. Nothing is called yet.
func Dial(host string) (*Engine, error) {
	options := []client.Opt{client.FromEnv}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	c, err := client.NewClientWithOpts(append(options, client.WithAPIVersionNegotiation())...)
	if err != nil {
		return nil, fmt.Errorf("docker host %q: %w; it looks like unix:///var/run/docker.sock or tcp://host:2376", host, err)
	}
	return &Engine{Client: c, version: make(chan struct{}, 1)}, nil
}

// Settle agrees with the engine on an API version, once. The client would do so by itself at its first call, but first
// calls side by side race in it.
func (e *Engine) Settle(ctx context.Context) error {
	if e.settled.Load() {
		return nil
	}
	select {
	case e.version <- struct{}{}:
		defer func() { <-e.version }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.settled.Load() {
		return nil
	}
	ping, err := e.Ping(ctx)
	if errdefs.IsPermissionDenied(err) { // else whoever explains it would take it for a refusal of the call that comes next
		return e.Explain(GetPing, "agree on the version of the API", err)
	}
	if err != nil {
		return err
	}
	// The client would take silence, which is how an engine answers that is still starting, for the oldest version.
	if ping.APIVersion == "" {
		return fmt.Errorf("the Docker engine at %s does not say which API version it speaks", e.DaemonHost())
	}
	e.NegotiateAPIVersionPing(ping)
	e.settled.Store(true)
	return nil
}

// explained is an error in flyball's words. The cause stays in the chain, for errdefs.
type explained struct {
	text  string
	cause error
}

func (e explained) Error() string { return e.text }
func (e explained) Unwrap() error { return e.cause }

// Explain says what was tried, by which call, where, and what mends it.
func (e *Engine) Explain(c Call, doing string, err error) error {
	if err == nil {
		return nil
	}
	host := e.DaemonHost()
	switch {
	case errors.As(err, &explained{}):
		return fmt.Errorf("%s: %w", doing, err)
	case client.IsErrConnectionFailed(err) && strings.Contains(err.Error(), "permission denied"):
		return explained{fmt.Sprintf("%s: no permission to use the Docker engine at %s; run flyball as root or in the group that owns the socket", doing, host), err}
	case client.IsErrConnectionFailed(err):
		return explained{fmt.Sprintf("%s: no Docker engine answers at %s; start it, or name another one in DOCKER_HOST", doing, host), err}
	case errors.Is(err, context.DeadlineExceeded):
		return explained{fmt.Sprintf("%s: the Docker engine at %s did not answer in time", doing, host), err}
	case errors.Is(err, context.Canceled):
		return explained{fmt.Sprintf("%s: flyball is stopping, and the Docker engine at %s had not answered yet", doing, host), err}
	case errdefs.IsPermissionDenied(err):
		e.allowed.Delete(c)
		return explained{fmt.Sprintf("%s: the Docker engine at %s forbids %s (403); allow it in the socket proxy or authorization plugin%s", doing, host, c, reason(err)), err}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// reason is what was said of a refusal, where that is more than that it is one. A proxy may say it in a web page.
func reason(err error) string {
	text := strings.TrimPrefix(err.Error(), "Error response from daemon: ")
	text = strings.TrimSuffix(text, ": "+errdefs.ErrPermissionDenied.Error())
	if strings.Contains(text, "403 Forbidden") || strings.Contains(text, "<") {
		return ""
	}
	return ": " + text
}

// Short is an id as people write it.
func Short(id string) string { return id[:min(12, len(id))] }
