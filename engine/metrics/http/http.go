// Package httpjson asks a web address for a JSON document, and reads metrics from it: one JSONPath a metric, that leads to
// one number.
package httpjson

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say where the document is, and who asks. Username and Password, or Token (sent as a bearer token), or neither.
type Options struct {
	URL      string // http or https
	Username string
	Password string
	Token    string
}

// String leaves the secrets out, also what follows the host: services put keys there.
func (o Options) String() string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return "JSON document"
	}
	return "JSON document at " + u.Host
}

// GoString leaves the secrets out, too.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the secrets out, too.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// Source asks for one document. It is safe for concurrent use.
type Source struct {
	client  *http.Client
	options Options
	secrets []string
	shared  shared
}

// New makes a source. It does not connect yet.
func New(o Options) (*Source, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("url is not a web address; allowed: one such as http://jobs:8080/status")
	case u.User != nil:
		return nil, errors.New("url has a user in it; write username and password beside it")
	case u.Fragment != "":
		return nil, errors.New("url has a # in it; what to read from the document is the metric's query")
	case o.Token != "" && (o.Username != "" || o.Password != ""):
		return nil, errors.New("there is both a token and a username or password; allowed: one of them")
	case strings.ContainsAny(o.Token, "\r\n"):
		return nil, errors.New("the token has a line break in it")
	}
	s := &Source{options: o, secrets: o.secrets(u)}
	s.client = &http.Client{CheckRedirect: s.redirect, Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: documentSize,
	}}
	return s, nil
}

// Close ends the connections.
func (s *Source) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// String names the source without its secrets.
func (s *Source) String() string { return s.options.String() }

// GoString names it so, too.
func (s *Source) GoString() string { return s.String() }

// Ask answers a JSONPath with the one number that it leads to: a JSON number, or a text that is one. Nothing, several
// values, null, true, a list or an object are errors, and so is any document in which an object has a field twice. Those who
// ask within half a second of each other share one document, or the error there was. The error is an engine.Down where the
// server can't be reached, is late, breaks off, answers 5xx, 401, 403 or 429, or with a web page.
func (s *Source) Ask(ctx context.Context, query string) (float64, error) {
	path, err := parse(query)
	if err != nil {
		return 0, err
	}
	document, err := s.shared.get(ctx, s.fetch)
	if err != nil {
		return 0, s.failed(ctx, err)
	}
	return number(path, document, s.quote)
}
