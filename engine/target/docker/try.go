package docker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/containerd/errdefs"
)

// Nothing begins the ids by which Try names what does not exist.
const Nothing = "0000000000000000"

const tryDeadline = 5 * time.Second

// Try makes a call so that it changes nothing, whatever becomes of it, and is an error where it is forbidden or got no
// answer. What is to be looked at, changed or removed by it does not exist: its id is drawn. A body breaks off, so that
// nobody can act by it. An engine that finds fault with either shows that the call is allowed.
func (e *Engine) Try(ctx context.Context, doing string, c Call) error {
	ctx, cancel := context.WithTimeout(ctx, tryDeadline)
	defer cancel()
	method, path, body := c.harmless()
	answer, err := e.Send(ctx, method, path, body)
	if err != nil {
		return e.Explain(c, doing, err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusMethodNotAllowed: // as some proxies say it
		return e.Explain(c, doing, fmt.Errorf("%s: %w", answer.Status, errdefs.ErrPermissionDenied))
	case http.StatusForbidden:
		return e.Explain(c, doing, Refusal(answer))
	}
	return nil
}

// harmless is what Try sends.
func (c Call) harmless() (method, path string, body []byte) {
	method, path = c.Parts()
	nothing := c.nothing()
	path = strings.NewReplacer("{id}", nothing, "{name}", nothing).Replace(path)
	switch c {
	case HearEvents:
		path += "?until=1" // in the past: the stream ends at once
	case ListContainers:
		path += "?limit=1"
	case ReadStats:
		path += "?stream=false"
	case ReadLog, ReadTaskLog:
		path += "?stdout=true&tail=1"
	case LookAtFile, ReadFile, WriteFiles:
		path += "?path=%2F"
	case CreateContainer, ConnectNetwork, CreateExec, StartExec:
		body = []byte("{")
	case UpdateService:
		path, body = path+"?version=0", []byte("{")
	}
	return method, path, body
}

// nothing is an id as long as those that the call is made with: who allows it may have counted.
func (c Call) nothing() string {
	long := 64
	if _, path := c.Parts(); strings.HasPrefix(path, "/services/") || strings.HasPrefix(path, "/tasks/") {
		long = 25
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	return (Nothing + hex.EncodeToString(random))[:long]
}

// Allows is an error where one of the calls is forbidden. It is for what is to be done wholly or not at all. What was
// allowed is not tried again until it is forbidden. Other troubles are left to the call itself to tell, and end the trying: who waits for
// an engine that hangs waits for one call, not for all.
func (e *Engine) Allows(ctx context.Context, doing string, calls ...Call) error {
	for _, c := range calls {
		if _, known := e.allowed.Load(c); known {
			continue
		}
		err := e.Try(ctx, doing, c)
		switch {
		case errdefs.IsPermissionDenied(err):
			return err
		case err != nil:
			return nil
		}
		e.allowed.Store(c, true)
	}
	return nil
}
