package httpjson

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/poll"
)

const (
	documentSize = 1 << 20 // bytes of an answer that are read
	redirects    = 3
	keySize      = 8 // characters that a key in an address has at least
)

// fetch asks for the document once.
func (s *Source) fetch(ctx context.Context) (any, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.options.URL, nil)
	if err != nil {
		return nil, errors.New("url is not a web address")
	}
	request.Header.Set("User-Agent", "flyball")
	request.Header.Set("Accept", "application/json")
	switch o := s.options; {
	case o.Token != "":
		request.Header.Set("Authorization", "Bearer "+o.Token)
	case o.Username != "" || o.Password != "":
		request.SetBasicAuth(o.Username, o.Password)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, s.down("%s", s.reason(err))
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, documentSize+1))
	status, said := answer.StatusCode, cmp.Or(s.quote(string(text)), "no text")
	switch {
	case refuses(status):
		return nil, s.down("answers %s: %s", named(status), said)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%s answers %s: %s", s, named(status), said)
	case err != nil:
		return nil, s.down("the answer breaks off: %s", s.reason(err))
	case page(answer.Header, text):
		return nil, s.down("answers with a web page, not JSON (%s): is url right?", said)
	case len(text) > documentSize:
		return nil, errors.New("the document is larger than 1 MB")
	}
	return decode(text, s.quote)
}

// refuses says that a status is about the server, or about us, and not about the document.
func refuses(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

func named(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// page says that an answer is for people: a login page, or a proxy's word on an error.
func page(h http.Header, text []byte) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/html") || bytes.HasPrefix(bytes.TrimSpace(text), []byte("<"))
}

// redirect follows a redirect that stays at the host. To others our secrets are not told.
func (s *Source) redirect(r *http.Request, via []*http.Request) error {
	from := via[0].URL
	downgraded := from.Scheme == "https" && r.URL.Scheme != "https"
	if len(via) > redirects || r.URL.Host != from.Host || r.URL.User != nil || downgraded {
		return fmt.Errorf("redirected to %s://%s: if that is right, write it as url", r.URL.Scheme, r.URL.Host)
	}
	return nil
}

func (s *Source) down(format string, a ...any) error {
	return engine.Down{Err: fmt.Errorf("%s: "+format, append([]any{s}, a...)...)}
}

// failed adds to the end of a caller's patience who it was that did not answer.
func (s *Source) failed(ctx context.Context, err error) error {
	if ctx.Err() == nil || errors.As(err, &engine.Down{}) {
		return err
	}
	return engine.Down{Err: fmt.Errorf("%s: %w", s, err)}
}

// reason is why there is no answer, without the address that was asked, which may hold a key.
func (s *Source) reason(err error) string {
	if way := (&url.Error{}); errors.As(err, &way) {
		err = way.Err
	}
	return s.quote(err.Error())
}

// secrets are what must not be repeated: what an address has after its ? may be a key.
func (o Options) secrets(u *url.URL) []string {
	all := []string{o.Token, base64.StdEncoding.EncodeToString([]byte(o.Username + ":" + o.Password)), o.Password, u.RawQuery}
	for _, values := range u.Query() {
		for _, value := range values {
			if len(value) >= keySize {
				all = append(all, value)
			}
		}
	}
	return all
}

// quote makes one short line of what somebody else wrote, without our secrets: it may be what we sent.
func (s *Source) quote(text string) string {
	for _, secret := range s.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return poll.Short(text)
}
