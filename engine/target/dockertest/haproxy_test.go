package dockertest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestLiveHAProxyBehavesAsTheOfficialImage(t *testing.T) {
	e := Start(t)
	e.Build(t, testImage, Program, Plain)
	e.HAProxy(t, "haproxy:3.2-alpine")

	dir := t.TempDir()
	for name, text := range map[string]string{
		"compose.yaml": `services:
  web: {image: flyball-test/service}
  balancer:
    image: haproxy:3.2-alpine
    read_only: true
    depends_on: [web]
    volumes: ["./haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"]
    healthcheck: {test: "wget -q -O - http://127.0.0.1/healthz | grep OK", interval: 1s, retries: 30}
`,
		"haproxy.cfg": `defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
listen web
  bind :80
  monitor-uri /healthz
  server web web:8080
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	compose := func(args ...string) string {
		return e.Compose(t, dir, append([]string{"-p", "flyball-haproxy"}, args...)...)
	}
	t.Cleanup(func() { e.TryCompose(t, dir, "-p", "flyball-haproxy", "down", "-t", "0") })
	compose("up", "-d", "--wait")
	id := strings.TrimSpace(compose("ps", "-q", "balancer"))
	if status, err := e.Exec(t.Context(), id, "cat", "/proc/1/status"); err != nil || !strings.Contains(status, "Uid:\t99\t99") {
		t.Errorf("%v; want haproxy to run as the user 99, as in the official image:\n%s", err, status)
	}

	// The stop waits for the request that is in flight.
	web := strings.TrimSpace(compose("ps", "-q", "web"))
	answered := make(chan error)
	go func() {
		_, err := e.Exec(t.Context(), web, "/service", "get", "http://balancer/wait?ms=2000")
		answered <- err
	}()
	for established := false; !established; {
		table, err := e.Exec(t.Context(), web, "/service", "read", "/proc/net/tcp6")
		if err != nil {
			t.Fatal(err)
		}
		established = regexp.MustCompile(`:1F90 \S+ 01 `).MatchString(table)
	}
	compose("stop", "balancer")
	if err := <-answered; err != nil {
		t.Errorf("a request in flight while the balancer stops: %v", err)
	}
}
