// Package prometheus asks a Prometheus, or whatever speaks its HTTP API (Thanos, Mimir, VictoriaMetrics), for metrics:
// one PromQL query a metric, whose answer is one number.
package prometheus

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/metrics/poll"
	"github.com/flyball-dev/flyball/engine/metrics/prometheus/query"
)

// Options say where a Prometheus is, and who asks: Username and Password, or Token (sent as a bearer token), or nobody.
type Options struct {
	URL      string // http or https, with the path under which the API is, such as http://prometheus:9090
	Username string
	Password string
	Token    string
}

// String leaves the secrets out.
func (o Options) String() string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return "prometheus"
	}
	return "prometheus at " + u.Host
}

// GoString leaves the secrets out, too.
func (o Options) GoString() string { return o.String() }

// LogValue leaves the secrets out, too.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.String()) }

// quote makes one short line of what a server answered, without our secrets: it may be what we sent.
func (o Options) quote(text string) string {
	for _, secret := range []string{o.Token, base64.StdEncoding.EncodeToString([]byte(o.Username + ":" + o.Password)), o.Password} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return poll.Short(text)
}

// Source asks one Prometheus. It is safe for concurrent use.
type Source struct {
	options Options
	api     string // the address of instant queries
	client  *http.Client
}

// New makes a source. It does not connect yet.
func New(o Options) (*Source, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("url is not a web address; allowed: one such as http://prometheus:9090")
	case u.User != nil:
		return nil, errors.New("url has a user in it; write username and password beside it")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("url has a ? or # in it; allowed: an address and a path")
	case o.Token != "" && (o.Username != "" || o.Password != ""):
		return nil, errors.New("there is both a token and a username or password; allowed: one of them")
	case strings.ContainsAny(o.Token, "\r\n"):
		return nil, errors.New("the token has a line break in it")
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: answerSize,
	}
	return &Source{
		options: o,
		api:     u.JoinPath("/api/v1/query").String(),
		client:  &http.Client{Transport: transport, CheckRedirect: redirect},
	}, nil
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

// Ask answers a PromQL query, at Prometheus's own time, with one number: a scalar, or the value of the only series. No
// series, several, no value, NaN, ±Inf, a native histogram, or an answer that is partial or has a warning, and so may be of
// half the data, are errors. The error is an engine.Down where no query would have been answered: Prometheus can't be reached, is late,
// answers 4xx or 5xx other than to a bad query, or is no Prometheus. It asks once.
func (s *Source) Ask(ctx context.Context, text string) (float64, error) {
	status, body, err := s.post(ctx, text)
	if err != nil {
		return 0, s.down(ctx, err)
	}
	return s.read(status, body)
}

// Check says what is wrong with a query, without asking anybody: one line with the position in it. Allowed is PromQL whose
// answer is a scalar or an instant vector.
func Check(text string) error {
	_, err := query.Parse(text)
	return err
}
