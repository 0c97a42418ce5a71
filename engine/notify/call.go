package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	longestCall   = 15 * time.Second // with its quick retries, and the answer
	longestAnswer = 4 << 10          // bytes that are read
	quickRetries  = 2
)

// Receiver is somebody who is told, or the one who waits for the heartbeat.
type Receiver struct {
	Name     string
	URL      func() (string, error) // where a secret is, it may change
	Format   Format                 // empty: guessed from the address
	Kinds    []Kind                 // empty: those of the format
	Services []string               // empty: all
	Secret   func() (string, error) // that signs; nil: none does
	Timeout  time.Duration          // 0: 15 s
}

// As is the format that it is told in.
func (r Receiver) As() Format {
	if r.Format != "" {
		return r.Format
	}
	address, err := r.URL()
	if err != nil {
		return JSON
	}
	return Guess(address)
}

// Answer is what came back of an attempt.
type Answer struct {
	Status int           // 0: nothing came back
	Took   time.Duration // in all
	Body   string        // the beginning of it, in one line
	Again  time.Duration // after which the receiver wants to be asked again; 0: it does not say
	Err    error         // why nothing came back, or could be sent
}

// caller calls one receiver. No redirect is followed, no proxy of the environment is asked, and what may be dialled is
// checked on the very address.
type caller struct {
	to    Receiver
	plain *http.Client
	now   func() time.Time
}

func newCaller(to Receiver, allow Allow, now func() time.Time) *caller {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			d := net.Dialer{Timeout: longestCall, Control: func(_, found string, _ syscall.RawConn) error {
				at, err := netip.ParseAddrPort(found)
				if err != nil {
					return err
				}
				return allow.Dial(host, at.Addr())
			}}
			return d.DialContext(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true, // a small answer may unpack into a huge one
	}
	return &caller{to: to, now: now, plain: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *caller) close() { c.plain.CloseIdleConnections() }

// post sends a content under an id. The signature is of now, the id is that of every attempt.
func (c *caller) post(ctx context.Context, id string, content Content) Answer {
	address, err := c.to.URL()
	if err != nil {
		return Answer{Err: err}
	}
	format := c.to.As()
	payload, err := Render(format, id, content)
	if err != nil {
		return Answer{Err: err}
	}
	at := c.now()
	headers := http.Header{
		"Content-Type":      {payload.Type},
		"Webhook-Id":        {id},
		"Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)},
	}
	if c.to.Secret != nil {
		text, err := c.to.Secret()
		if err != nil {
			return Answer{Err: fmt.Errorf("secret: %w", err)}
		}
		secret, err := ParseSecret(text)
		if err != nil {
			return Answer{Err: err}
		}
		headers.Set("Webhook-Signature", secret.Sign(id, at, payload.Body))
	}
	return c.call(ctx, http.MethodPost, endpoint(address, format), headers, payload.Body)
}

// call makes one attempt, with a few quick tries where the network or the receiver stumbles.
func (c *caller) call(ctx context.Context, method, address string, headers http.Header, body []byte) (a Answer) {
	limit := longestCall
	if c.to.Timeout > 0 {
		limit = min(limit, c.to.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := c.now()
	defer func() { a.Took = c.now().Sub(start) }()
	var content any // nil: the request has no body
	if len(body) > 0 {
		content = body
	}
	request, err := retryablehttp.NewRequestWithContext(ctx, method, address, content)
	if err != nil || (request.URL.Scheme != "http" && request.URL.Scheme != "https") || request.URL.Host == "" {
		return Answer{Err: errors.New("the address of the receiver does not begin with http:// or https:// and a host")} // the error would show it
	}
	request.Header = headers.Clone()
	request.Header.Set("User-Agent", "flyball")
	client := &retryablehttp.Client{
		HTTPClient: c.plain, RetryMax: quickRetries, RetryWaitMin: 200 * time.Millisecond, RetryWaitMax: time.Second,
		CheckRetry: quickly, Backoff: retryablehttp.DefaultBackoff, ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{Err: plainly(err, limit)}
	}
	defer response.Body.Close()
	a.Status, a.Again = response.StatusCode, retryAfter(response.Header.Get("Retry-After"), c.now())
	text, _ := io.ReadAll(io.LimitReader(response.Body, longestAnswer)) // the status says enough
	a.Body = line(without(strings.ToValidUTF8(string(text), "?"), request.URL), 200)
	return a
}

// quickly says whether to try again at once: not where the receiver has said when, nor where it would be the same again.
func quickly(ctx context.Context, r *http.Response, err error) (bool, error) {
	refused := ErrRefused{}
	switch {
	case err == nil && r.StatusCode < 500: // an answer stays one, though all was told to stop meanwhile
		return false, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.As(err, &refused):
		return false, err
	case err != nil:
		return retryablehttp.DefaultRetryPolicy(ctx, r, err)
	}
	return r.StatusCode != http.StatusNotImplemented && r.Header.Get("Retry-After") == "", nil
}

// plainly is an error without the address, which is a secret.
func plainly(err error, limit time.Duration) error {
	if of := (*url.Error)(nil); errors.As(err, &of) {
		err = of.Err
	}
	if refused := (ErrRefused{}); errors.As(err, &refused) {
		return refused
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", limit)
	}
	return err
}

// without is what a receiver answered without what of its address is secret: it may repeat that, and an answer is shown and logged.
func without(text string, address *url.URL) string {
	const telling = 6 // characters; what is shorter is a word such as api, and tells nothing
	secrets := append(strings.Split(address.Path, "/"), strings.Split(address.EscapedPath(), "/")...)
	secrets = append(secrets, address.RawQuery, address.User.String())
	for _, values := range address.Query() {
		for _, v := range values {
			secrets = append(secrets, v, url.QueryEscape(v))
		}
	}
	if password, given := address.User.Password(); given {
		secrets = append(secrets, password)
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	for _, s := range secrets {
		if len(s) >= telling {
			text = strings.ReplaceAll(text, s, "(secret)")
		}
	}
	return text
}

// endpoint is where a format is posted to. Of an Alertmanager its address will do.
func endpoint(address string, f Format) string {
	u, err := url.Parse(address)
	if err != nil || f != Alertmanager || strings.Trim(u.Path, "/") != "" {
		return address
	}
	u.Path = "/api/v2/alerts"
	return u.String()
}

// Shown is as much of an address as may be shown: anybody who knows all of it may post there.
func Shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "(an address that can't be read)"
	}
	return u.Scheme + "://" + u.Host
}

// verdict is what an answer means for the message.
type verdict string

const (
	taken   verdict = "taken"
	later   verdict = "later"   // the receiver is not well, or has too much to do
	refused verdict = "refused" // this message, or any: it will hardly be otherwise
	gone    verdict = "gone"    // and it will never be otherwise
)

func (a Answer) verdict() verdict {
	switch s := a.Status; {
	case s >= 200 && s < 300:
		return taken
	case s == http.StatusGone:
		return gone
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s == http.StatusTooManyRequests, s >= 500, s == 0:
		return later
	}
	return refused
}

// Problem is why a message was not taken, in one line; empty: it was.
func (a Answer) Problem() string {
	switch {
	case a.Err != nil:
		return line(a.Err.Error(), longestReason)
	case a.verdict() == taken:
		return ""
	case a.Status >= 300 && a.Status < 400:
		return fmt.Sprintf("answered %d: redirects are not followed; write the address that it leads to", a.Status)
	}
	return strings.TrimSuffix(line(fmt.Sprintf("answered %d: %s", a.Status, a.Body), longestReason), ": ")
}
