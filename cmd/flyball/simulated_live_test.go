package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/store"
)

// calmPolicy is one that no load moves: what happens is what somebody asks for.
const calmPolicy = `
policies: web: {
	service: "web"
	target: driver: "sim"
	enabled:     true
	minReplicas: 1
	maxReplicas: 6
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", window: "5s"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 201, scaleDown: 0}]
	evaluationInterval: "1s"
	cooldownPeriod:     "0s"
}
`

// simulated is a site whose services are simulated, so that it needs no engine. Its daemon listens at a port of its own.
func simulated(tb testing.TB, policies string) *site {
	tb.Helper()
	binary, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "flyball-live-") // short: a socket's path is at most 107 bytes long
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	s := &site{TB: tb, binary: binary, dir: dir, env: []string{"AUTOSCALING_LISTEN=127.0.0.1:0"}}
	s.write("policies.cue", policies)
	return s
}

// ask is a way to ask the daemon over its socket.
func (s *site) ask() (*api.Client, error) {
	return api.Dial(filepath.Join(s.dir, ".flyball", "flyball.sock"))
}

// door is the URL at which the daemon answers.
func (s *site) door() (url string) {
	s.Helper()
	s.until("it listens", func() bool {
		client, err := s.ask()
		if err != nil {
			return false
		}
		status, err := client.Status(context.Background())
		if err == nil && status.Daemon != nil {
			url = status.Daemon.Listens
		}
		return url != ""
	})
	return url
}

// token is the secret of a new one.
func (s *site) token(name, role string) string {
	s.Helper()
	return strings.TrimSpace(s.flyball("token", "create", name, "--role", role))
}

// audited is the whole audit log.
func (s *site) audited() []store.Entry {
	s.Helper()
	client, err := s.ask()
	if err != nil {
		s.Fatal(err)
	}
	entries, err := client.Audit(context.Background(), store.Filter{After: -1, Limit: 1000})
	if err != nil {
		s.Fatal(err)
	}
	return entries
}

// fetch asks for what is at a URL, and answers the status, with the body where there is somewhere to put it.
func fetch(tb testing.TB, c *http.Client, method, url, token, body string, into any) int {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), longestSilence)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := cmp.Or(c, http.DefaultClient).Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		tb.Fatal(fmt.Errorf("%s %s: %w: %s", method, url, err, text))
	}
	return answer.StatusCode
}
