package api

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client asks a daemon, over its Unix socket or at a URL.
type Client struct {
	http  *http.Client
	at    string // scheme and host
	token string // empty: the socket needs none
}

// Dial finds the daemon behind a socket. No daemon there is an error.
func Dial(socket string) (*Client, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	probe, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return nil, err
	}
	return &Client{
		http: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dial}}, at: "http://flyball",
	}, probe.Close()
}

// unanswered says why there is no answer, without the address of a socket, which is none to anybody else.
func (c *Client) unanswered(err error) error {
	ask := "ask the daemon"
	if c.token != "" {
		ask += " at " + c.at
	}
	var failed *url.Error
	if !errors.As(err, &failed) {
		return fmt.Errorf("%s: %w", ask, err)
	}
	if failed.Timeout() {
		return fmt.Errorf("%s: it took the question and has not answered for %s; it is stopped, or too busy: look at its process and its log", ask, c.http.Timeout)
	}
	return fmt.Errorf("%s: %w%s", ask, failed.Err, mend(failed.Err))
}

// mend is what to do about an error of TLS.
func mend(err error) string {
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "; name the file of its authority with --ca-file"
	case strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "; it answers without TLS: begin the URL with http://"
	}
	return ""
}

// do asks what is at a path, with a body of JSON.
func (c *Client) do(ctx context.Context, method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return c.send(ctx, method, path, "", text, into)
}

// send sends a body as it is; match is the If-Match, or "".
func (c *Client) send(ctx context.Context, method, path, match string, body []byte, into any) error {
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	if match != "" {
		req.Header.Set("If-Match", match)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.unanswered(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := c.refused(res); err != nil {
		return err
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		if errors.As(err, new(*json.SyntaxError)) || errors.Is(err, io.EOF) {
			return c.stranger(res)
		}
		return fmt.Errorf("read what the daemon answered: %w", err)
	}
	return nil
}

// request is one of what is at a path: below root, or from / on.
func (c *Client) request(ctx context.Context, method, path string, body []byte) (*http.Request, error) {
	if path[0] != '/' {
		path = root + path
	}
	req, err := http.NewRequestWithContext(ctx, method, c.at+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

// refused is the error of an answer that is none of what was asked for.
func (c *Client) refused(res *http.Response) error {
	if res.StatusCode >= 200 && res.StatusCode <= 299 {
		return nil
	}
	var p Problem
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if bytes.Contains(text, []byte("HTTP request to an HTTPS server")) {
		return fmt.Errorf("%s answers by TLS: begin the URL with https://", c.at)
	}
	if err := json.Unmarshal(text, &p); err != nil || p.Detail == "" {
		return c.stranger(res)
	}
	return Refusal{Status: p.Status, Detail: p.Detail, Faults: p.Errors}
}

// stranger says that an answer is none of flyball's.
func (c *Client) stranger(res *http.Response) error {
	return fmt.Errorf("the daemon answered %s, and not as flyball does: is there another program at %s?", res.Status, c.at)
}
