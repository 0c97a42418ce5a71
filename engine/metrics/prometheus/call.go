package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/flyball-dev/flyball/engine"
)

// answerSize is the bytes of an answer that are read. One number has 200.
const answerSize = 1 << 20

// post asks with POST, as a query may be long; where that is not taken, with GET.
func (s *Source) post(ctx context.Context, text string) (status int, body []byte, err error) {
	form := url.Values{"query": {text}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api, strings.NewReader(form))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err = s.call(r)
	if status != http.StatusMethodNotAllowed && status != http.StatusNotImplemented {
		return status, body, err
	}
	r, err = http.NewRequestWithContext(ctx, http.MethodGet, s.api+"?"+form, nil)
	if err != nil {
		return 0, nil, err
	}
	return s.call(r)
}

// call reads an answer, to one byte more than is allowed.
func (s *Source) call(r *http.Request) (int, []byte, error) {
	r.Header.Set("User-Agent", "flyball")
	switch o := s.options; {
	case o.Token != "":
		r.Header.Set("Authorization", "Bearer "+o.Token)
	case o.Username != "" || o.Password != "":
		r.SetBasicAuth(o.Username, o.Password)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerSize+1))
	if err != nil {
		return 0, nil, fmt.Errorf("the answer breaks off: %w", err)
	}
	return answer.StatusCode, body, nil
}

// redirect follows a redirect that stays at the host and asks the same: others are not told our secrets.
func redirect(r *http.Request, via []*http.Request) error {
	from := via[0]
	downgraded := from.URL.Scheme == "https" && r.URL.Scheme != "https"
	if len(via) > 3 || r.URL.Host != from.URL.Host || r.Method != from.Method || downgraded {
		return fmt.Errorf("redirected to %s://%s: if that is right, write it as url", r.URL.Scheme, r.URL.Host)
	}
	return nil
}

// down says that there was no answer, without the address, which after a GET has the query in it.
func (s *Source) down(ctx context.Context, err error) error {
	way := &url.Error{}
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.As(err, &way):
		err = way.Err
	}
	return engine.Down{Err: fmt.Errorf("%s: %w", s, err)}
}
