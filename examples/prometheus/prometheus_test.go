// Package prometheus_test plays the example, so that it can't rot.
package prometheus_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/metrics/metricstest"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// Where compose.yaml publishes Prometheus, and web.cue finds it.
const published = "127.0.0.1:9090"

// build makes flyball and the programs of the stack in a folder.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	const module = "github.com/flyball-dev/flyball/"
	for _, program := range []string{"cmd/flyball", "examples/prometheus/web", "examples/quickstart/load"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin+"/", module+program)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", program, err, text)
		}
	}
	return bin
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	flyball := filepath.Join(build(t), "flyball")
	for _, verb := range [][]string{{"validate", "--strict"}, {"test"}} {
		cmd := exec.Command(flyball, append(verb, "-p", "policies")...)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("flyball %s: %v\n%s", verb, err, text)
		}
	}
}

func TestLiveStack(t *testing.T) {
	t.Parallel()
	program := metricstest.Program(t, "prometheus", "prometheus")
	e := dockertest.Start(t)
	e.Compose(t, ".", "version") // skips where there is no plugin
	bin := build(t)
	e.Docker(t, ".", "build", "-q", "-t", "flyball-prometheus-web", "-f", "web/Dockerfile", bin)
	e.Docker(t, ".", "build", "-q", "-t", "flyball-prometheus-load", "-f", "../quickstart/load/Dockerfile", bin)
	prometheusImage(t, e, program)
	t.Cleanup(func() { e.Compose(t, ".", "down", "--rmi", "local") })
	e.Compose(t, ".", "up", "-d", "--no-build", "--pull", "never")

	d := run(t, e, filepath.Join(bin, "flyball"))
	d.until(t, "all metrics are ok", func(c *api.Client) bool { return readable(t, c) })
	d.until(t, "one replica more", func(c *api.Client) bool { return happened(t, c, 1, 2, "ScaleUpCrossed") })
	d.until(t, "one replica again", func(c *api.Client) bool { return happened(t, c, 2, 1, "ScaleDownCrossed") })
}

// prometheusImage makes the image that compose.yaml names of Debian's Prometheus, unless the engine has it.
func prometheusImage(t *testing.T, e *dockertest.Engine, program string) {
	t.Helper()
	file, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	image := regexp.MustCompile(`prom/prometheus:\S+`).FindString(string(file))
	if _, err := e.Client().ImageInspect(context.Background(), image); err == nil {
		return
	}
	dir := t.TempDir()
	// It may be linked to libraries, which then go at the paths where it looks for them. A static one has none.
	libraries, _ := exec.Command("ldd", program).Output()
	for _, path := range append(regexp.MustCompile(`/\S+`).FindAllString(string(libraries), -1), program) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, "root", path)
		if path == program {
			to = filepath.Join(dir, "root", "bin", "prometheus")
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// Started as the image that it stands in for is.
	dockerfile := `FROM scratch
COPY root /
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
`
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	e.Docker(t, dir, "build", "-q", "-t", image, ".")
	t.Cleanup(func() { e.Docker(t, ".", "image", "rm", image) })
}

// readable says whether all metrics are ok, and fails where one is and has a value that a service under load can't have.
func readable(t *testing.T, c *api.Client) bool {
	t.Helper()
	metrics, err := c.Metrics(context.Background(), "web")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		if m.Reading.Status != engine.OK {
			return false
		}
		if *m.Reading.Value <= 0 {
			t.Errorf("%s is %g, want more than 0", m.Metric, *m.Reading.Value)
		}
	}
	return len(metrics) == 3
}

// happened says whether the service went from one number of replicas to another, for a reason that a metric gave.
func happened(t *testing.T, c *api.Client, from, to int, reason string) bool {
	t.Helper()
	events, err := c.History(context.Background(), "web", 100)
	if err != nil {
		t.Fatal(err)
	}
	given := func(r engine.Reason) bool {
		return r.Code == reason && (r.Metric == "request_rate_each" || r.Metric == "p95")
	}
	return slices.ContainsFunc(events, func(e engine.Event) bool {
		return e.From == from && e.To == to && e.Result == engine.Succeeded && slices.ContainsFunc(e.Reasons, given)
	})
}

// daemon is `flyball run` with the example's policies.
type daemon struct {
	socket string
	ended  chan struct{}
}

// run runs the daemon until the test's end. What the engine publishes is out of its reach from here, so it asks for
// Prometheus where the test passes questions on.
func run(t *testing.T, e *dockertest.Engine, flyball string) *daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "prom") // short: a socket is in there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	policies(t, filepath.Join(dir, "policies"), forward(t, e))

	var out bytes.Buffer // read once the process has ended
	d := &daemon{socket: filepath.Join(dir, "sock"), ended: make(chan struct{})}
	cmd := exec.Command(flyball, "run", "--env-file", os.DevNull, "-p", filepath.Join(dir, "policies"), "--docker-host", e.Host(),
		"--store", filepath.Join(dir, "db"), "--socket", d.socket)
	cmd.Env = append(os.Environ(), "AUTOSCALING_ENABLED=true", "AUTOSCALING_DRY_RUN=false", "AUTOSCALING_LISTEN=none")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.ended)
		if err := cmd.Wait(); err != nil {
			t.Errorf("flyball ended with %v", err)
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-d.ended
		t.Log("\n" + out.String())
	})
	return d
}

// policies lays the example's policies down, with another address of Prometheus.
func policies(t *testing.T, dir, address string) {
	t.Helper()
	policy, err := os.ReadFile("policies/web.cue")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(policy), published) != 1 {
		t.Fatalf("web.cue does not ask Prometheus at %s", published)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(policy), published, address, 1)
	if err := os.WriteFile(filepath.Join(dir, "web.cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// forward passes requests on to where the stack's Prometheus is published, and answers the address to send them to.
func forward(t *testing.T, e *dockertest.Engine) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: published})
	proxy.Transport = &http.Transport{DialContext: e.Dial}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// until asks the daemon until something holds. It is long: the load is busy for a third of the time, and begins anew.
func (d *daemon) until(t *testing.T, what string, holds func(*api.Client) bool) {
	t.Helper()
	tick, late := time.NewTicker(200*time.Millisecond), time.After(5*time.Minute)
	defer tick.Stop()
	for {
		if client, err := api.Dial(d.socket); err == nil && holds(client) {
			return
		}
		select {
		case <-tick.C:
		case <-d.ended:
			t.Fatalf("flyball ended; waited for: %s", what)
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
