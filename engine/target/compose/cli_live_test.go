package compose

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// upCLI starts a project whose replicas docker compose is to make.
func upCLI(t *testing.T, file string, args ...string) *stack {
	t.Helper()
	s := up(t, file, args...)
	s.driver = cliDriver
	return s
}

func TestLiveCLIRaisesAndLowers(t *testing.T) {
	s := upCLI(t, `
services:
  web:
    image: $IMAGE
    depends_on: [db]
    configs: [{source: plain, target: /etc/app/plain.conf}]
  db: {image: $IMAGE, scale: 2}
configs: {plain: {content: "one"}}
`)
	before := s.ids()
	s.compose("up", "-d", "--scale", "db=1") // another count than the file's, which naming the service leaves alone
	s.scale(1, 3, engine.Succeeded, 3)
	s.expectNumbers("1", "2", "3")
	if !slices.Contains(s.ids(), before[0]) {
		t.Errorf("the replica that was there, %s, is gone: %v", before[0], s.ids())
	}
	if got := s.mustRun("3", "read", "/etc/app/plain.conf"); got != "one" {
		t.Errorf("the new replica's inline config holds %q", got)
	}
	if got := len(strings.Fields(s.compose("ps", "-q", "db"))); got != 1 {
		t.Errorf("%d replicas of another service, want the 1 that was there", got)
	}
	three := s.ids()
	s.compose("up", "-d", "--no-deps", "--scale", "web=3", "web")
	if after := s.ids(); !slices.Equal(after, three) {
		t.Errorf("compose up recreated replicas:\nbefore %v\nafter  %v", three, after)
	}
	s.scale(3, 1, engine.Succeeded, 1)
	s.expectNumbers("1")
}

// The file that the service was made from, its project folder and its environment files come from compose's own labels.
func TestLiveCLIFindsTheFilesOfTheService(t *testing.T) {
	s := upCLI(t, plainFile)
	s.writeFile("override.yaml", "services: {web: {environment: {SETTINGS: '${WHERE}'}}}\n")
	s.writeFile("production.env", "WHERE=/from/the/file\n")
	s.compose("-f", "compose.yaml", "-f", "override.yaml", "--env-file", "production.env", "up", "-d", "--wait")
	s.scale(1, 2, engine.Succeeded, 2)
	if env := s.containers()[s.name("2")].Config.Env; !slices.Contains(env, "SETTINGS=/from/the/file") {
		t.Errorf("the new replica has the environment %v", env)
	}
	// What changed in the file since is for new replicas only.
	old := s.containers()[s.name("1")].ID
	s.writeFile("override.yaml", "services: {web: {environment: {SETTINGS: /changed}}}\n")
	s.scale(2, 3, engine.Succeeded, 3)
	if env := s.containers()[s.name("3")].Config.Env; !slices.Contains(env, "SETTINGS=/changed") {
		t.Errorf("the newest replica has the environment %v", env)
	}
	if s.containers()[s.name("1")].ID != old {
		t.Error("the replica that ran was recreated")
	}
}

func TestLiveCLITakesVariablesFromTheEnvironment(t *testing.T) {
	t.Setenv("FLYBALL_TEST_SECRET", "hush") // no t.Parallel with this
	s := upOn(t, shared.Engine(t), `
services: {web: {image: $IMAGE, secrets: [token]}}
secrets: {token: {environment: FLYBALL_TEST_SECRET}}
`)
	s.driver = cliDriver
	s.scale(1, 2, engine.Succeeded, 2)
	if got := s.mustRun("2", "read", "/run/secrets/token"); got != "hush" {
		t.Errorf("the new replica's secret is %q", got)
	}
}

// Where cloning refuses and names the driver, the driver must work.
func TestLiveCLIWorksWhereCloningNamesIt(t *testing.T) {
	cases := map[string]string{
		"host network":               "network_mode: host",
		"network of another service": "network_mode: 'service:other'",
		"large inline config":        "configs: [large]\nconfigs: {large: {content: '" + strings.Repeat("x", largest+1) + "'}}",
	}
	for name, file := range cases {
		t.Run(name, func(t *testing.T) {
			s := up(t, "services:\n  other: {image: $IMAGE, entrypoint: [/service, idle]}\n  web:\n    image: $IMAGE\n    entrypoint: [/service, idle]\n    "+file+"\n")
			s.mentions(s.scale(1, 2, engine.Failed, 1).Error, fallback)
			s.driver = cliDriver
			s.scale(1, 2, engine.Succeeded, 2)
		})
	}
}

func TestLiveCLIRollsBackWhatDoesNotBecomeReady(t *testing.T) {
	s := upCLI(t, withHealth)
	before := s.ids()
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	out := s.scale(1, 3, engine.RolledBack, 1)
	s.mentions(out.Error, "2 of 2 new replicas", "unhealthy")
	s.mentions(out.Log, "serving", "health check, exit code 1: ")
	if after := s.ids(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestLiveCLIKeepsWhatBecameReady(t *testing.T) {
	s := upCLI(t, "services:\n  web:\n    image: $IMAGE\n    ports: ['18200-18202:8080']\n")
	out := s.target.Scale(context.Background(), engine.Order{Event: "event-1", Policy: s.policy(), From: 1, To: 5})
	if out.Result == engine.Succeeded || out.Reached > 3 {
		t.Errorf("%s at %d, want what fits into three ports at most", out.Result, out.Reached)
	}
	s.mentions(out.Error, "docker compose: exit status 1", "all ports are allocated")
	if got := len(s.containers()); got != out.Reached {
		t.Errorf("%d containers are left, want the %d that are ready", got, out.Reached)
	}
}

func TestLiveCLIComposeRefuses(t *testing.T) {
	cases := map[string]struct{ service, mentions string }{
		"container_name": {"container_name: flyball-cli-only-one", "Remove the custom name to scale the service"},
		"fixed port":     {"ports: ['18210:8080']", "port is already allocated"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := upCLI(t, "services:\n  web:\n    image: $IMAGE\n    "+c.service+"\n")
			before := s.ids()
			out := s.target.Scale(context.Background(), engine.Order{Event: "event-1", Policy: s.policy(), From: 1, To: 2})
			if out.Reached != 1 || out.Result != engine.Failed && out.Result != engine.RolledBack {
				t.Errorf("outcome %+v", out)
			}
			s.mentions(out.Error, "docker compose: exit status", c.mentions)
			if after := s.ids(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
		})
	}
}

func TestLiveCLIImageIsGone(t *testing.T) {
	s := upCLI(t, plainFile)
	s.writeFile("compose.yaml", "services:\n  web:\n    image: flyball.invalid/none\n")
	out := s.scale(1, 2, engine.Failed, 1)
	s.mentions(out.Error, "docker compose: exit status", "flyball.invalid")
}

func TestLiveCLIStoppedReplicas(t *testing.T) {
	s := upCLI(t, plainFile, "--scale", "web=3")
	client := s.engine.Client()
	for _, number := range []string{"1", "2"} {
		if err := client.ContainerStop(t.Context(), s.name(number), container.StopOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s.mentions(s.scale(1, 2, engine.Failed, 1).Error, "2 stopped replicas", "docker compose -p "+s.project+" rm web")
	s.scale(1, 4, engine.Succeeded, 4) // starts both, makes one
	s.expectNumbers("1", "2", "3", "4")

	if err := client.ContainerStop(t.Context(), s.name("2"), container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	before := s.ids()
	s.rollout = engine.Rollout{ReadyDeadline: 500 * time.Millisecond, MinReady: time.Hour}
	s.scale(3, 5, engine.RolledBack, 3)
	if after := s.ids(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
	if c := s.containers()[s.name("2")]; c.State.Running {
		t.Error("a replica that had stopped before runs, though it did not become ready")
	}
}

func TestLiveCLIInterrupted(t *testing.T) {
	for name, at := range map[string]string{
		"while compose runs":             "/containers/create$",
		"while they are to become ready": "/containers/[0-9a-f]+/start$",
	} {
		t.Run(name, func(t *testing.T) {
			s := upCLI(t, strings.Replace(withHealth, "retries: 3", "retries: 100", 1))
			before := s.ids()
			s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
			p := s.proxied()
			if strings.HasSuffix(at, "create$") {
				p.Fault(dockertest.Fault{Method: "POST", Path: at, Do: dockertest.HangReply})
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan engine.Outcome, 1)
			go func() {
				done <- s.target.Scale(ctx, engine.Order{Event: "event-1", Policy: s.policy(), From: 1, To: 3})
			}()
			p.Wait(t, "POST", at, 2)
			cancel()
			stopped := time.Now()
			out := <-done
			if out.Result != engine.Interrupted || out.Reached != 1 {
				t.Errorf("%s at %d: %s; want interrupted at 1", out.Result, out.Reached, out.Error)
			}
			if took, most := time.Since(stopped), docker.StopGrace+docker.LookDeadline; took > most+slack {
				t.Errorf("it ended %s after its context, want %s at most", took, most)
			}
			if after := s.ids(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
		})
	}
}

func TestLiveCLIDownInTheMiddle(t *testing.T) {
	s := upCLI(t, strings.Replace(withHealth, "retries: 3", "retries: 100", 1))
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	done := s.inBackground(1, 4)
	s.until("the new replicas run", func() bool { return len(s.observe().Replicas) == 4 })
	s.compose("down", "-t", "1")
	out := <-done
	if out.Result != engine.RolledBack {
		t.Errorf("%s, want rolled_back: %s", out.Result, out.Error)
	}
	s.mentions(out.Error, "somebody else")
	if left := s.ids(); len(left) != 0 {
		t.Errorf("containers left: %v", left)
	}
	s.compose("down")
}

// A user who recreates the service while its new replicas come up gets what was asked for.
func TestLiveCLIRecreatedInTheMiddle(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		left int
	}{
		"all of it":           {[]string{"--scale", "web=2"}, 2},
		"to the file's count": {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := upCLI(t, strings.Replace(withHealth, "retries: 3", "retries: 100", 1))
			s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
			done := s.inBackground(1, 2)
			s.until("the new replica runs", func() bool { return len(s.observe().Replicas) == 2 })
			s.mustRun("1", "write", "/bound/settings", "READY_AFTER=0s")
			before := s.ids()
			s.compose(append([]string{"up", "-d", "--force-recreate", "-t", "1"}, c.args...)...)
			s.mentions((<-done).Error, "somebody else")
			after := s.ids()
			if len(after) != c.left || slices.ContainsFunc(after, func(id string) bool { return slices.Contains(before, id) }) {
				t.Errorf("before %v, after %v; want %d new ones", before, after, c.left)
			}
			if v := s.observe(); v.Rollout != "" || len(v.Replicas) != c.left {
				t.Errorf("observed %+v, want %d replicas", v, c.left)
			}
		})
	}
}

// What a user adds while an order's own replicas come up stays when those are taken back.
func TestLiveCLIScaledInTheMiddle(t *testing.T) {
	s := upCLI(t, strings.Replace(withHealth, "retries: 3", "retries: 100", 1))
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	done := s.inBackground(1, 2)
	s.until("the new replica runs", func() bool { return len(s.observe().Replicas) == 2 })
	s.compose("up", "-d", "--no-recreate", "--scale", "web=4")
	s.exits(s.name("2"))
	if out := <-done; out.Result != engine.RolledBack || out.Reached != 3 {
		t.Errorf("outcome %+v, want rolled back at 3", out)
	}
	s.expectNumbers("1", "3", "4")
}

// A mistake in the compose file is told without the value that it is in.
func TestLiveCLIShowsNoValues(t *testing.T) {
	s := upCLI(t, plainFile)
	s.writeFile("compose.yaml", "services:\n  web:\n    image: $IMAGE\n    environment: {DB: 'postgres://u:hunter2${@db'}\n")
	said := s.scale(1, 2, engine.Failed, 1).Error
	s.mentions(said, "services.web.environment.DB")
	s.writeFile("compose.yaml", plainFile)
	s.writeFile(".env", "DB='hunter2\n")
	if said += s.scale(1, 2, engine.Failed, 1).Error; strings.Contains(said, "hunter2") {
		t.Errorf("a value is shown: %s", said)
	}
}

func TestLiveCLINothingIsThereToMakeThemFrom(t *testing.T) {
	s := upCLI(t, plainFile)
	before := s.ids()
	if err := os.Remove(filepath.Join(s.dir, "compose.yaml")); err != nil {
		t.Fatal(err)
	}
	s.mentions(s.scale(1, 2, engine.Failed, 1).Error, "compose file of project "+s.project, filepath.Join(s.dir, "compose.yaml"),
		"mount "+s.dir+" there under the same path")
	if after := s.ids(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

func (s *stack) writeFile(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(strings.ReplaceAll(text, "$IMAGE", plainImage)), 0o600); err != nil {
		s.Fatal(err)
	}
}

// proxied puts a proxy between the target and the engine.
func (s *stack) proxied() *dockertest.Proxy {
	s.Helper()
	p := s.engine.Proxy(s.TB)
	target, err := New(p.Host(), s.target.log)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { target.Close() })
	s.target = target
	return p
}
