package socketproxy_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/metrics/docker"
	calls "github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// seen are the calls that got to the engine.
type seen struct {
	mu  sync.Mutex
	all []dockertest.Call
}

func (s *seen) hear(c dockertest.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, c)
}

// are checks that just the calls of a driver were made, each of them.
func (s *seen) are(t *testing.T, driver string, without ...calls.Call) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range needs(driver) {
		if !slices.ContainsFunc(s.all, func(c dockertest.Call) bool { return matches(n.Call, c.Method, c.Path) }) && !slices.Contains(without, n.Call) {
			t.Errorf("%s was never called: is it needed?", n.Call)
		}
	}
	for _, c := range s.all {
		if !slices.ContainsFunc(needs(driver), func(n calls.Need) bool { return matches(n.Call, c.Method, c.Path) }) {
			t.Errorf("%s %s is not on the list", c.Method, c.Path)
		}
	}
}

// elsewhere are calls that are not made here: HEAD does, the doctor's alone, and where a container's files have no limit.
func elsewhere() []calls.Call { return []calls.Call{calls.GetPing, calls.GetVersion, calls.GetInfo} }

// Through the proxy everything works, and every call on the list is one that is made.
func TestLiveThroughHAProxy(t *testing.T) {
	t.Parallel()
	s := up(t, checkedImage)
	p, heard := s.engine.Proxy(t), new(seen)
	p.Tell(heard.hear)
	host := haproxy(t, "haproxy.cfg", p.Host())
	target := s.target(host)

	told := watch(t, p, target.Watch, s.project, "web")
	s.mustScale(target, 1, 2)
	if out, err := s.engine.Exec(t.Context(), s.project+"-web-2", "/service", "read", "/plain"); err != nil || out != "one" {
		t.Errorf("the inline config of the clone reads %q, %v", out, err)
	}
	s.write("bound/settings", failing)
	if out := s.scale(target, 2, 3); out.Result != engine.RolledBack || out.Reached != 2 || !strings.Contains(out.Log, "EXIT_AFTER") {
		t.Errorf("%s at %d: %s; its log is %q", out.Result, out.Reached, out.Error, out.Log)
	}
	s.mustScale(target, 2, 1)

	told()
	sample(t, host, strings.Fields(s.replicas()[0])[2])
	heard.are(t, "compose", elsewhere()...)
	if found := doctor(t, s.dir, host); len(found) != 1 || found[0].Result != "ok" {
		t.Errorf("the doctor says %+v", found)
	}
}

// watch has a target watch its engine through a proxy. What it answers ends that, once the target was told of the service:
// call it after all scalings, so that it does not matter which of them the engine tells of first.
func watch(t *testing.T, p *dockertest.Proxy, by func(context.Context, func(project, service string)), project, service string) (told func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	heard, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tell := sync.OnceFunc(func() { close(heard) })
		by(ctx, func(of, touched string) {
			if of == project && touched == service {
				tell()
			}
		})
	}()
	p.Wait(t, "GET", "^/events$", 1)
	return func() {
		t.Helper()
		defer func() { <-ended }()
		defer cancel()
		select {
		case <-heard:
		case <-time.After(time.Minute):
			t.Error("nothing is heard of the service")
		}
	}
}

// sample measures a container, by TCP too: then there are no files of the kernel's to be read.
func sample(t *testing.T, host, id string) {
	t.Helper()
	for _, host := range []string{host, "tcp://" + bridge(t, host)} {
		source, err := docker.New(host, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close()
		metrics := []engine.Metric{{Name: "memory", Type: "memory"}, {Name: "restarts", Type: "restarts"}}
		samples, err := source.Sample(t.Context(), metrics, engine.Service{Replicas: []engine.Replica{{ID: id, Name: "web-1"}}})
		if err != nil || len(samples) != len(metrics) {
			t.Errorf("sampled %v, %v", samples, err)
		}
	}
}

// bridge listens on TCP for a host at a socket.
func bridge(t *testing.T, host string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", strings.TrimPrefix(host, "unix://"))
			if err != nil {
				conn.Close()
				continue
			}
			go func() { io.Copy(to, conn); to.Close() }()
			go func() { io.Copy(conn, to); conn.Close() }()
		}
	}()
	return listener.Addr().String()
}

// What is not on the list does not get to the engine, whatever way it is written.
func TestLiveNothingElsePasses(t *testing.T) {
	t.Parallel()
	p, heard := shared.Engine(t).Proxy(t), new(seen)
	p.Tell(heard.hear)
	for driver, cfg := range cfgs() {
		c, err := client.NewClientWithOpts(client.WithHost(haproxy(t, cfg, p.Host())))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		to := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return c.Dialer()(ctx) }}}
		for _, call := range []string{
			"GET /", "GET /containers/web/export", "GET /containers/json/", "GET //containers/json", "GET /v1.41/../containers/json", "GET /secrets", "GET /configs", "GET /volumes",
			"GET /containers/%6ason", "GET /containers/a%2Fb/json", "GET /images/json", "GET /v1.41/v1.41/_ping", "GET /x/_ping", "GET /_ping/x",
			"POST /build", "POST /images/create", "POST /containers/prune", "POST /containers/web/kill", "POST /containers/web/restart", "POST /containers/web/update", "POST /containers/web/attach",
			"POST /_ping", "POST /containers/json", "POST /services/create", "POST /swarm/leave", "POST /plugins/x/enable", "POST /commit", "POST /networks/create",
			"PUT /containers/create", "DELETE /images/web", "DELETE /volumes/data", "DELETE /networks/web", "DELETE /services/web", "DELETE /containers/web/json", "PATCH /containers/web",
		} {
			method, path, _ := strings.Cut(call, " ")
			request, err := http.NewRequestWithContext(t.Context(), method, "http://docker"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := to.Do(request)
			if err != nil {
				t.Errorf("%s, by %s: %v", call, cfg, err)
				continue
			}
			text, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden || !strings.Contains(string(text), `"not listed in haproxy.cfg"`) {
				t.Errorf("%s of a policy for %s is answered %s: %s", call, driver, answer.Status, text)
			}
		}
	}
	if len(heard.all) > 0 {
		t.Errorf("the engine heard of %v", heard.all)
	}
}
