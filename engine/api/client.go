package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Client asks a daemon over its Unix socket.
type Client struct{ http *http.Client }

// Dial finds the daemon behind a socket. No daemon there is an error.
func Dial(socket string) (*Client, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	probe, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return nil, err
	}
	return &Client{&http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dial}}}, probe.Close()
}

// unanswered says why there is no answer, without the address that is none to anybody else.
func (c *Client) unanswered(err error) error {
	var failed *url.Error
	if !errors.As(err, &failed) {
		return fmt.Errorf("ask the daemon: %w", err)
	}
	if failed.Timeout() {
		return fmt.Errorf("ask the daemon: it took the question and has not answered for %s; it is stopped, or too busy: look at its process and its log", c.http.Timeout)
	}
	return fmt.Errorf("ask the daemon: %w", failed.Err)
}

func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	var text bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://flyball/api/autoscaling/"+path, &text)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return c.unanswered(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		var p Problem
		if err := json.NewDecoder(res.Body).Decode(&p); err != nil || p.Detail == "" {
			return fmt.Errorf("the daemon answered %s", res.Status)
		}
		return Refusal{Status: p.Status, Detail: p.Detail, Faults: p.Errors}
	}
	return json.NewDecoder(res.Body).Decode(into)
}
