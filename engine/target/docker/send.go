package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"
)

// Send makes a call by hand, for where the client's way of it would not do. The path is without its version. The answer is
// as it came, and its body is to be closed. Who changes something with it asks Ask first.
func (e *Engine) Send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	url, err := e.address(path)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	dial := e.Dialer()
	caller := http.Client{
		Transport: &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return caller.Do(request)
}

// address is where the engine takes calls to a path. What lies between, a socket or TLS, is the dialer's.
func (e *Engine) address(path string) (string, error) {
	at, err := client.ParseHostURL(e.DaemonHost())
	if err != nil {
		return "", err
	}
	host, base := client.DummyHost, ""
	if at.Scheme == "tcp" || at.Scheme == "http" || at.Scheme == "https" {
		host, base = at.Host, strings.TrimSuffix(at.Path, "/")
	}
	if path != "/_ping" { // by which the version is agreed on
		base += "/v" + e.ClientVersion()
	}
	return "http://" + host + base + path, nil
}

// Refusal is the error in an answer; nil: there is none.
func Refusal(answer *http.Response) error {
	if answer.StatusCode < http.StatusBadRequest {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	said := struct{ Message string }{}
	if json.Unmarshal(text, &said) != nil || said.Message == "" {
		said.Message = answer.Status
	}
	switch answer.StatusCode {
	case http.StatusForbidden:
		return fmt.Errorf("%s: %w", said.Message, errdefs.ErrPermissionDenied)
	case http.StatusNotFound:
		return fmt.Errorf("%s: %w", said.Message, errdefs.ErrNotFound)
	case http.StatusServiceUnavailable:
		return fmt.Errorf("%s: %w", said.Message, errdefs.ErrUnavailable)
	}
	return errors.New(said.Message)
}
