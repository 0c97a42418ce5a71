package socketproxy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// example is a copy of the example, so that its cfg can be changed, on an engine of its own.
type example struct {
	*testing.T
	engine *dockertest.Engine
	dir    string
}

func newExample(t *testing.T) *example {
	t.Helper()
	e := dockertest.Start(t)
	e.Compose(t, ".", "version") // skips where there is no plugin
	e.HAProxy(t, "haproxy:3.2-alpine")
	top := t.TempDir()
	x := &example{T: t, engine: e, dir: filepath.Join(top, "examples", "socket-proxy")}
	for _, file := range []string{"compose.yaml", "haproxy.cfg", "policies/web.cue", "../quickstart/web/Dockerfile"} {
		to := filepath.Join(x.dir, file)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(read(t, file)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	socket := strings.TrimPrefix(e.Host(), "unix://")
	info, err := os.Stat(socket)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skipf("the socket of the lent engine is not on this machine: %v", err)
	}
	for name, text := range map[string]string{
		// t.Setenv is not for tests side by side.
		".env": fmt.Sprintf("DOCKER_SOCKET=%s\nDOCKER_GID=%d\nFLYBALL_IMAGE=flyball-socket-proxy:latest\n", socket, info.Sys().(*syscall.Stat_t).Gid),
		// The image is checked every 30 s: so long would up --wait wait.
		"compose.override.yaml": "services: {flyball: {healthcheck: {interval: 1s, retries: 100}}}\n",
	} {
		if err := os.WriteFile(filepath.Join(x.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"make", "-C", "../..", "-s", "packed", "IMAGE=flyball-socket-proxy", "STAGE=" + filepath.Join(top, "stage")},
		{"go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(top, "bin", "quickstart") + "/", "../quickstart/web"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "DOCKER_HOST="+e.Host(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, text)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := e.TryCompose(t, x.dir, "logs")
			t.Log("\n" + text)
		}
		e.TryCompose(t, x.dir, "down", "-v", "-t", "0")
	})
	return x
}

func (x *example) compose(args ...string) string {
	x.Helper()
	return x.engine.Compose(x.T, x.dir, args...)
}

// flyball runs a verb in the container of the daemon.
func (x *example) flyball(args ...string) string {
	x.Helper()
	text, _ := x.engine.TryCompose(x.T, x.dir, append([]string{"exec", "-T", "flyball", "flyball"}, args...)...)
	return text
}

// forbid has the proxy do without the lines that end in a text; none: all are there.
func (x *example) forbid(ends string) {
	x.Helper()
	var kept string
	for line := range strings.Lines(read(x.T, "haproxy.cfg")) {
		if ends == "" || !strings.HasSuffix(line, ends+" }\n") {
			kept += line
		}
	}
	if err := os.WriteFile(filepath.Join(x.dir, "haproxy.cfg"), []byte(kept), 0o644); err != nil {
		x.Fatal(err)
	}
	x.compose("restart", "-t", "0", "proxy")
}

func (x *example) mentions(text string, parts ...string) {
	x.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			x.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func (x *example) web() int { return len(strings.Fields(x.compose("ps", "-aq", "web"))) }

func TestLiveExample(t *testing.T) {
	t.Parallel()
	x := newExample(t)
	x.compose("up", "-d", "--build", "--wait", "--quiet-pull")
	until(t, "the daemon answers", func() bool { return strings.Contains(x.flyball("status"), "web") })
	x.mentions(x.flyball("doctor"), "that the policies take are allowed")
	x.flyball("scale", "web", "3")
	if n := x.web(); n != 3 {
		t.Errorf("%d replicas, want 3", n)
	}
	x.mentions(x.flyball("history"), "succeeded", "3 replicas asked for")

	// What is missing is named, by everybody who is asked, and nothing is begun.
	x.forbid("/stop$")
	const named = "forbids POST /containers/{id}/stop (403); allow it in the socket proxy"
	until(t, "the proxy is back, and the scaling is refused", func() bool { return strings.Contains(x.flyball("scale", "web", "1"), named) })
	if n := x.web(); n != 3 {
		t.Errorf("%d replicas, want 3", n)
	}
	x.mentions(x.flyball("doctor"), "POST /containers/{id}/stop is forbidden; it is needed to stop a replica")
	x.mentions(x.flyball("history", "-o", "json"), named)
	x.mentions(x.flyball("status", "-o", "json"), named)
	x.mentions(x.flyball("status"), "scale_down from 3 to 1 failed, ")
	x.mentions(x.compose("logs", "flyball"), named)
	x.mentions(x.compose("logs", "proxy"), "/stop", " 403 ")

	x.forbid("")
	until(t, "the proxy is back, and the scaling is done", func() bool { x.flyball("scale", "web", "1"); return x.web() == 1 })
}
