package httpjson

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What a server answers decides whether it is down or the document can't be read.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		kind   string
		body   string
		down   bool
		says   string // empty: the number 7
	}{
		"a number":             {200, "application/json", "7", false, ""},
		"any content type":     {200, "text/plain", " 7\n", false, ""},
		"other success":        {204, "", "", false, "answers 204 No Content: no text"},
		"not found":            {404, "text/plain", "no such page", false, "answers 404 Not Found: no such page"},
		"not found as a page":  {404, "text/html", "<html>no", false, "answers 404 Not Found: <html>no"},
		"unauthorized":         {401, "", "who?", true, "answers 401 Unauthorized: who?"},
		"forbidden":            {403, "", "", true, "answers 403 Forbidden: no text"},
		"too often":            {429, "", "", true, "answers 429 Too Many Requests"},
		"an error":             {500, "", "our " + canary + "\n\tis", true, "answers 500 Internal Server Error: our … is"},
		"basic auth said back": {503, "", base64.StdEncoding.EncodeToString([]byte(":" + canary)), true, "answers 503 Service Unavailable: …"},
		"a web page":           {200, "text/html; charset=utf-8", "7", true, "answers with a web page, not JSON (7): is url right?"},
		"a web page unsaid":    {200, "application/json", "\n<!DOCTYPE html>", true, "answers with a web page"},
		"nothing":              {200, "", "", false, "not JSON, at byte 0: unexpected end of JSON input"},
		"half":                 {200, "", `{"a": `, false, "not JSON, at byte 6"},
		"more":                 {200, "", `7 8`, false, "not JSON, at byte 3: invalid character '8' after top-level value"},
		"NaN":                  {200, "", `NaN`, false, "not JSON, at byte 1"},
		"a number too large":   {200, "", `{"a": 1e100000}`, false, "has a number 1e100000 near byte "},
		"a very long number":   {200, "", "1" + strings.Repeat("0", 9999), false, "…"},
		"too deep":             {200, "", strings.Repeat("[", 20000), false, "exceeded max depth"},
		"too large":            {200, "", `"` + strings.Repeat("a", documentSize), false, "larger than 1 MB"},
		"as large as allowed":  {200, "", strings.Repeat(" ", documentSize-1) + "7", false, ""},
		"our token as a text":  {200, "", `"` + canary + `"`, false, `the text "…" is there`},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, Options{Password: canary, URL: serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})})
			got, err := s.Ask(t.Context(), "$")
			if c.says == "" {
				if err != nil || got != 7 {
					t.Errorf("Ask = %v, %v; want 7", got, err)
				}
				return
			}
			isError(t, err, c.down, c.says)
		})
	}
}

func TestRedirects(t *testing.T) {
	var told atomic.Bool
	other := serve(t, func(http.ResponseWriter, *http.Request) { told.Store(true) })
	s := func(to string) *Source {
		return source(t, Options{Token: canary, URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/moved" {
				fmt.Fprint(w, "7")
				return
			}
			w.Header().Set("Location", strings.ReplaceAll(to, "HOST", r.Host))
			w.WriteHeader(http.StatusFound)
		})})
	}
	if got, err := s("/moved").Ask(t.Context(), "$"); err != nil || got != 7 {
		t.Errorf("at the same host: %v, %v; want 7", got, err)
	}
	for name, c := range map[string]struct{ to, says string }{
		"to another host":   {other + "/" + canary, "redirected to " + other},
		"with a user":       {"http://me:" + canary + "@HOST/moved", "redirected to http://127.0.0.1:"},
		"to our token":      {"http://" + canary + ".example/", "redirected to http://….example"},
		"round and round":   {"/", "redirected to http://127.0.0.1:"},
		"to another scheme": {"file:///etc/passwd", "redirected to file://"},
		"to nowhere":        {"http://HOST:" + canary + "/", "…"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s(c.to).Ask(t.Context(), "$")
			isError(t, err, true, c.says)
		})
	}
	if told.Load() {
		t.Error("the other host was asked")
	}
}

func TestKeyInTheAddress(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no such key: "+r.URL.Query().Get("key"), http.StatusForbidden)
	})
	_, err := source(t, Options{URL: address + "/?key=" + canary}).Ask(t.Context(), "$")
	isError(t, err, true, "no such key: …")
	_, err = source(t, Options{URL: "http://127.0.0.1:1/" + canary + "?key=" + canary}).Ask(t.Context(), "$")
	isError(t, err, true, "connection refused")
}

func TestUnreached(t *testing.T) {
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "7")
	})
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, c := range map[string]struct{ url, says string }{
		"nobody there": {closed.URL, "connection refused"},
		"breaks off":   {cut, "the answer breaks off: unexpected EOF"},
		"not TLS":      {strings.Replace(cut, "http:", "https:", 1), "HTTP response to HTTPS client"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := source(t, Options{URL: c.url, Token: canary}).Ask(t.Context(), "$")
			isError(t, err, true, c.says)
		})
	}
}

// A server that says nothing, or a byte now and then, holds nobody longer than asked.
func TestDeadline(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"silent": func(http.ResponseWriter) {},
		"drips":  func(w http.ResponseWriter) { fmt.Fprint(w, "["); w.(http.Flusher).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			hung := make(chan struct{})
			s := source(t, Options{Token: canary, URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
				answer(w)
				<-r.Context().Done() // the request ends with the one who asked
				close(hung)
			})})
			ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, errors.New("no answer within 2s")) // it is asked within that
			defer cancel()
			_, err := s.Ask(ctx, "$")
			isError(t, err, true, "no answer within 2s")
			<-hung
		})
	}
}
