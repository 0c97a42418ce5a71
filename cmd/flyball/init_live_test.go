package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

// An application that knows nothing of flyball: what is busy publishes a port, and ends at once when it is told to stop, with
// the requests that it has begun.
const shopFile = `
name: $PROJECT
services:
  web:
    image: flyball-live/shop
    ports: ["18080:8080"]
    cpus: 0.3
    environment: {EXIT_ON_TERM: "1"}
    healthcheck: {test: [CMD, /service, health], interval: 2s, timeout: 10s, retries: 30}
    depends_on: [db]
  worker:
    image: flyball-live/shop
    command: [idle]
    depends_on: [db]
  db:
    image: postgres:17
    command: [idle]
    volumes: ["data:/var/lib/postgresql/data"]
volumes:
  data:
`

const shopOverlay = "docker-compose.autoscale.yml"

// From a compose file to replicas that follow the load, by the README's own commands, without one request lost.
func TestLiveInit(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	s.edit("policies.cue", // to see something within a minute
		[2]string{`maxReplicas: \d+`, `maxReplicas: 3`},
		[2]string{`window: *"1m"`, `window: "5s"`},
		[2]string{`scaleUp: 70, scaleDown: 25`, `scaleUp: 40, scaleDown: 15`},
		[2]string{`evaluationInterval: *"30s"`, `evaluationInterval: "1s"`},
		[2]string{`cooldownPeriod: *"5m"`, `cooldownPeriod: "2s"`},
		[2]string{`drainDelay: "10s"`, `drainDelay: "6s"`})
	s.edit("flyball.cue", [2]string{`minAvailableMemoryMB: 512`, `minAvailableMemoryMB: 0`})
	up := []string{"-f", "docker-compose.yml", "-f", shopOverlay}
	compose := func(args ...string) string { s.Helper(); return s.compose(append(up, args...)...) }
	s.mentions(s.follows("README.md", "TestLiveInit"), "autoscaling is enabled", "autoscaling: on", "\nweb ", "\nworker ")
	if text, err := s.engine.TryCompose(t, s.dir, "-f", "docker-compose.yml", "up", "-d"); err == nil || !strings.Contains(text, "port is already allocated") {
		t.Errorf("without the overlay the application comes up: %v\n%s", err, text)
	}
	compose("up", "-d", "--wait") // which mends that, and goes on beside what is there
	s.isConfined()
	s.mentions(s.follows("cmd/flyball/README.md", "TestLiveInit"), "backed up to .flyball/before.db")

	v := &visitors{answered: map[string]int{}, replicas: map[string]int{}, dial: func(ctx context.Context) (net.Conn, error) {
		return s.engine.Dial(ctx, "tcp", "127.0.0.1:18080")
	}}
	busy, rest := context.WithCancel(t.Context())
	defer rest()
	open, closed := context.WithCancel(t.Context())
	defer closed()
	v.ask(open, 3, "GET", "/", 150*time.Millisecond)
	v.ask(open, 2, "POST", "/", 150*time.Millisecond)
	v.ask(open, 2, "GET", "/wait?ms=1500", 10*time.Millisecond)
	v.ask(open, 2, "POST", "/wait?ms=1000", 10*time.Millisecond)
	v.ask(busy, 6, "GET", "/burn?ms=200", 10*time.Millisecond)

	running := func(want int) func() bool {
		return func() bool { return len(strings.Fields(compose("ps", "-q", "web"))) == want }
	}
	s.within(5*time.Minute, "there are three replicas", running(3))
	s.until("each of them has answered", func() bool { return len(v.seen()) == 3 })
	rest()
	s.within(5*time.Minute, "there is one replica", running(1))
	s.until("the last lowering has ended", func() bool {
		var events []engine.Event // the newest first
		if err := json.Unmarshal([]byte(compose("exec", "-T", "flyball", "flyball", "history", "-o", "json")), &events); err != nil {
			t.Fatal(err)
		}
		return events[0].To == 1 && events[0].Result == engine.Succeeded
	})
	closed()
	v.all.Wait()
	t.Log(v)
	if len(v.failed) > 0 {
		t.Errorf("%d requests failed, the first of them %q\n%s", len(v.failed), v.failed[:min(5, len(v.failed))], compose("logs", "balancer"))
	}

	s.compose("down", "-v") // of what .env names
	left := s.engine.Docker(t, s.dir, "ps", "-aq", "--filter", "label=com.docker.compose.project="+s.project) +
		s.engine.Docker(t, s.dir, "network", "ls", "-q", "--filter", "label=com.docker.compose.project="+s.project) +
		s.engine.Docker(t, s.dir, "volume", "ls", "-q", "--filter", "label=com.docker.compose.project="+s.project)
	if left != "" {
		t.Errorf("docker compose down -v leaves %q behind", left)
	}
}

// openShop has the application's images, and the folder of its compose file after flyball init.
func openShop(t *testing.T) *site {
	e := shared.Engine(t)
	s := lay(t, e, "", "")
	t.Cleanup(s.removeAll)
	e.HAProxy(t, "haproxy:3.2-alpine")
	for _, name := range []string{"flyball-live/shop", "postgres:17"} {
		e.Docker(t, s.dir, "tag", liveImage, name)
	}
	s.packs()
	for _, name := range []string{"compose.yaml", "policies.cue"} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s.write("docker-compose.yml", shopFile)
	init := exec.Command(s.binary, "init")
	init.Dir, init.Env = s.dir, append(os.Environ(), "DOCKER_HOST="+s.host)
	text, err := init.CombinedOutput()
	if err != nil {
		t.Fatalf("flyball init: %v\n%s", err, text)
	}
	s.mentions(string(text), shopOverlay, "next:")
	return s
}

// follows runs the commands of a page that are run by a test, as who copies them, and answers what they print.
func (s *site) follows(page, test string) string {
	s.Helper()
	var script string
	for _, p := range documents(s) {
		for _, b := range p.blocks {
			if p.path == page && b.language == "sh" && b.run.verb == "run by" && strings.HasSuffix(b.run.argument, " "+test) {
				script += b.text
			}
		}
	}
	if script == "" {
		s.Fatalf("%s has nothing that %s runs", page, test)
	}
	notes := s.TempDir()
	at := scene{TB: s, dir: s.dir, notes: notes, says: strings.NewReplacer(), means: strings.NewReplacer(),
		env: append(os.Environ(), "DOCKER_HOST="+s.host, "NOTES="+notes, "BASH_ENV="+filepath.Join(notes, "prelude"))}
	text, err := at.shell(script)
	if err != nil {
		s.Fatalf("%s: %v\n%s", page, err, text)
	}
	return text
}

// packs makes the image flyball:latest, as make image does, of a binary without its dashboard.
func (s *site) packs() {
	s.Helper()
	stage := s.TempDir()
	if err := os.MkdirAll(filepath.Join(stage, "home", ".flyball"), 0o755); err != nil {
		s.Fatal(err)
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(stage, "flyball"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if text, err := build.CombinedOutput(); err != nil {
		s.Fatalf("go build: %v\n%s", err, text)
	}
	dockerfile, err := filepath.Abs("../../Dockerfile")
	if err != nil {
		s.Fatal(err)
	}
	s.engine.Docker(s, stage, "build", "-q", "-f", dockerfile, "-t", "flyball:latest", ".")
}

// edit replaces what expressions find in a file of the folder of policies, as their author would.
func (s *site) edit(name string, edits ...[2]string) {
	s.Helper()
	path := filepath.Join(s.dir, "config", "autoscaling", name)
	text, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	for _, edit := range edits {
		found := regexp.MustCompile(edit[0])
		if !found.Match(text) {
			s.Fatalf("%s has no %s:\n%s", name, edit[0], text)
		}
		text = found.ReplaceAll(text, []byte(edit[1]))
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		s.Fatal(err)
	}
}

// isConfined looks at flyball's container: healthy, and with nothing that it could do harm with but the socket.
func (s *site) isConfined() {
	s.Helper()
	id := strings.TrimSpace(s.compose("-f", "docker-compose.yml", "-f", shopOverlay, "ps", "-q", "flyball"))
	var c struct {
		State      struct{ Health struct{ Status string } }
		Config     struct{ User string }
		HostConfig struct {
			ReadonlyRootfs bool
			CapDrop        []string
			SecurityOpt    []string
		}
	}
	if err := json.Unmarshal([]byte(s.engine.Docker(s, s.dir, "inspect", "-f", "{{json .}}", id)), &c); err != nil {
		s.Fatal(err)
	}
	h := c.HostConfig
	if c.State.Health.Status != "healthy" || strings.HasPrefix(c.Config.User, "0") || c.Config.User == "" || !h.ReadonlyRootfs ||
		strings.Join(h.CapDrop, " ") != "ALL" || strings.Join(h.SecurityOpt, " ") != "no-new-privileges:true" {
		s.Errorf("flyball's container is %+v", c)
	}
}
