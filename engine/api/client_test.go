package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What is no daemon of flyball is told from one.
func TestAnotherProgramAnswers(t *testing.T) {
	for name, answer := range map[string]struct {
		status int
		text   string
	}{
		"nothing":  {200, ""},
		"a page":   {200, "<html>"},
		"an error": {404, "404 page not found"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(answer.status)
				_, _ = w.Write([]byte(answer.text))
			}))
			defer s.Close()
			c, err := Reach(Remote{URL: s.URL, Token: "x"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.http.CloseIdleConnections()
			if _, err := c.Status(t.Context()); err == nil || !strings.Contains(err.Error(), "is there another program at "+s.URL) {
				t.Errorf("got %v", err)
			}
		})
	}
}
