package swarm

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

var shared dockertest.Shared

func TestMain(m *testing.M) {
	defer shared.Stop()
	m.Run()
}

const (
	longest = 2 * time.Minute  // for what comes soon, on a machine that has a lot else to do
	slack   = 10 * time.Second // by which such a machine may be late with what has its time
)

const image = "flyball-swarm/plain:latest"

const plain = `
services:
  web:
    image: $IMAGE
`

// healthy is a service with a health check that its settings decide on.
const healthy = `
services:
  web:
    image: $IMAGE
    environment: {SETTINGS: /bound/settings}
    volumes: ["$DIR:/bound"]
    healthcheck: {test: [CMD, /service, health], interval: 300ms, timeout: 20s, retries: 100}
    deploy: {update_config: {monitor: 1s}}
`

// stack is a stack of its own, deployed for the length of a test.
type stack struct {
	testing.TB
	engine  *dockertest.Engine
	target  *Target
	name    string
	dir     string
	rollout engine.Rollout
}

// deploy deploys a stack and waits until its service web runs. The file may use the image $IMAGE and the folder $DIR.
func deploy(t *testing.T, file string) *stack {
	t.Helper()
	t.Parallel()
	s := deployOn(t, shared.Engine(t), file)
	s.settled()
	return s
}

func deployOn(t testing.TB, e *dockertest.Engine, file string) *stack {
	t.Helper()
	target, err := New(e.Host(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { target.Close() })
	s := &stack{TB: t, engine: e, target: target, name: "fb" + strings.ToLower(rand.Text()[:10]), dir: t.TempDir(),
		rollout: engine.Rollout{ReadyDeadline: longest, MinReady: 300 * time.Millisecond}}
	e.Swarm(t)
	e.Build(t, image, dockertest.Program, dockertest.Plain)
	t.Cleanup(s.remove)
	s.deploy(file)
	return s
}

// deploy is also what deploys it once more.
func (s *stack) deploy(file string) {
	s.Helper()
	file = "version: '3.8'" + strings.NewReplacer("$IMAGE", image, "$DIR", s.dir).Replace(file)
	if err := os.WriteFile(filepath.Join(s.dir, "stack.yaml"), []byte(file), 0o600); err != nil {
		s.Fatal(err)
	}
	s.engine.Docker(s.TB, s.dir, "stack", "deploy", "--resolve-image", "never", "-c", "stack.yaml", s.name)
}

// remove takes the stack down and waits until its tasks are gone, for they hold on to the test's folder.
func (s *stack) remove() {
	s.engine.RemoveStack(s.TB, s.dir, s.name)
	s.until("the stack is gone", func() bool {
		return strings.TrimSpace(s.engine.Docker(s.TB, s.dir, "ps", "-aq", "--filter", "label="+stackLabel+"="+s.name)) == ""
	})
}

func (s *stack) policy() engine.Policy {
	return engine.Policy{Name: "web", Service: "web", Target: engine.Place{Driver: "swarm", Project: s.name}, Rollout: s.rollout}
}

func (s *stack) observe() engine.Service {
	s.Helper()
	v, err := s.target.Observe(context.Background(), s.policy())
	if err != nil {
		s.Fatal(err)
	}
	return v
}

// settled waits until as many replicas are ready as the service is set to.
func (s *stack) settled() {
	s.Helper()
	s.until("all replicas are ready", func() bool { return s.observe().Ready() == s.service().replicas() })
}

func (s *stack) service() service {
	s.Helper()
	found, err := s.target.find(context.Background(), s.policy())
	if err != nil {
		s.Fatal(err)
	}
	return found
}

// change is what somebody else does to the service.
func (s *stack) change(args ...string) {
	s.Helper()
	s.engine.Docker(s.TB, s.dir, append(append([]string{"service", "update", "--detach", "--no-resolve-image"}, args...), s.name+"_web")...)
}

func (s *stack) order(from, to int) engine.Order {
	return engine.Order{Event: "event-1", Policy: s.policy(), From: from, To: to}
}

// scale carries out an order and checks how it ended, what is there then and what the service is set to.
func (s *stack) scale(from, to int, want engine.Result, reached int) engine.Outcome {
	s.Helper()
	out := s.target.Scale(context.Background(), s.order(from, to))
	if out.Result != want || out.Reached != reached {
		s.Fatalf("scale %d to %d: %s at %d, want %s at %d\nerror: %s\nlog: %s",
			from, to, out.Result, out.Reached, want, reached, out.Error, out.Log)
	}
	if (out.Error == "") != (want == engine.Succeeded) {
		s.Errorf("%s has the error %q", out.Result, out.Error)
	}
	return out
}

func (s *stack) setTo(want int) {
	s.Helper()
	if got := s.service().replicas(); got != want {
		s.Errorf("the service is set to %d replicas, want %d", got, want)
	}
}

// settings makes tasks that start from now on behave otherwise.
func (s *stack) settings(text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "settings"), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// until waits for a condition.
func (s *stack) until(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(longest); !holds(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("waited in vain: %s\n%s", what, s.engine.Docker(s.TB, s.dir, "service", "ls"))
		}
	}
}

func (s *stack) mentions(text string, parts ...string) {
	s.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func TestLive25SwarmScales(t *testing.T) {
	s := deploy(t, plain)
	v := s.observe()
	if v.Name != "web" || v.Project != s.name || v.Version == "" || v.Rollout != "" || v.Free <= 0 || len(v.Replicas) != 1 {
		t.Fatalf("observed %+v", v)
	}
	r := v.Replicas[0]
	if _, err := s.engine.Client().ContainerInspect(t.Context(), r.ID); err != nil || r.Name != s.name+"_web.1" || r.Number != 1 || !r.Ready || time.Since(r.Started) > longest {
		t.Errorf("replica %+v: %v", r, err)
	}
	s.scale(1, 3, engine.Succeeded, 3)
	if v := s.observe(); v.Ready() != 3 || v.Version == s.order(1, 2).Version {
		t.Errorf("raised to 3: %+v", v)
	}
	s.scale(1, 3, engine.Succeeded, 3) // nothing to do
	s.scale(2, 1, engine.Succeeded, 1)
	s.setTo(1)
	if left := s.engine.Docker(t, s.dir, "ps", "-q", "--filter", "label="+stackLabel+"="+s.name); len(strings.Fields(left)) != 1 {
		t.Errorf("lowered to 1, and these run:\n%s", left)
	}
	s.scale(1, 1, engine.Succeeded, 1)
	s.mentions(s.scale(1, 0, engine.Failed, 1).Error, "not scaled to 0")
}

func TestLive25SwarmConflictingUpdate(t *testing.T) {
	s := deploy(t, plain)
	seen := s.observe()
	s.change("--label-add", "by=somebody")
	s.settled()
	order := s.order(1, 3)
	order.Version = seen.Version
	out := s.target.Scale(t.Context(), order)
	if out.Result != engine.Failed || !out.Conflict || out.Reached != 1 {
		t.Fatalf("an order for an old version: %+v", out)
	}
	s.mentions(out.Error, "changed by somebody else", seen.Version)
	s.setTo(1)

	order.Version = s.observe().Version
	if out := s.target.Scale(t.Context(), order); out.Result != engine.Succeeded || out.Reached != 3 {
		t.Fatalf("decided again: %+v", out)
	}
	if by := s.service().Spec.Labels["by"]; by != "somebody" {
		t.Errorf("the label that somebody added is %q now", by)
	}
}

// The other's change comes after the last look, so that it is the swarm which refuses.
func TestLive25SwarmOutOfSequence(t *testing.T) {
	s := deploy(t, plain)
	found := s.service()
	_, raw, err := s.target.inspect(t.Context(), found.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.change("--label-add", "by=somebody")
	spec, err := with(raw, 3)
	if err != nil {
		t.Fatal(err)
	}
	known, err := s.target.post(t.Context(), "/services/"+found.ID+"/update?version="+found.version(), spec)
	if !known || err == nil || !strings.Contains(err.Error(), "update out of sequence") {
		t.Fatalf("known %t: %v", known, err)
	}
	if now := s.service(); now.replicas() != 1 || now.Spec.Labels["by"] != "somebody" {
		t.Errorf("the other's change was lost: %d replicas, labels %v", now.replicas(), now.Spec.Labels)
	}
	if _, err := s.target.set(t.Context(), found, 3); err == nil || !strings.Contains(err.Error(), errConflict.Error()) {
		t.Errorf("set for an old version: %v", err)
	}
}

func TestLive25SwarmGlobalRefused(t *testing.T) {
	s := deploy(t, plain+"  everywhere:\n    image: $IMAGE\n    deploy: {mode: global}\n")
	p := s.policy()
	p.Service = "everywhere"
	if _, err := s.target.Observe(t.Context(), p); err == nil || !strings.Contains(err.Error(), "is global") {
		t.Errorf("Observe: %v", err)
	}
	out := s.target.Scale(t.Context(), engine.Order{Policy: p, From: 1, To: 2})
	if out.Result != engine.Failed || !strings.Contains(out.Error, "is global") {
		t.Errorf("Scale: %+v", out)
	}
	s.engine.Docker(t, s.dir, "service", "create", "--detach", "--no-resolve-image", "--mode", "replicated-job",
		"--label", stackLabel+"="+s.name, "--restart-condition", "none", "--name", s.name+"_job", image, "lookup", "localhost")
	p.Service = "job"
	if _, err := s.target.Observe(t.Context(), p); err == nil || !strings.Contains(err.Error(), "is a job") {
		t.Errorf("Observe of a job: %v", err)
	}
}

func TestLive25SwarmBlockedDuringRollout(t *testing.T) {
	s := deploy(t, plain+"    environment: {IGNORE_TERM: 1}\n    stop_grace_period: 8s\n    deploy: {replicas: 2}\n")
	s.change("--env-add", "X=1")
	s.until("the rollout is seen", func() bool { return s.observe().Rollout != "" })
	s.mentions(s.observe().Rollout, "is updating service "+s.name+"_web")
	out := s.target.Scale(t.Context(), s.order(1, 5))
	if out.Result != engine.Failed {
		t.Errorf("%s, want failed", out.Result)
	}
	s.mentions(out.Error, "is updating service")
	s.setTo(2)
	s.until("the rollout has ended", func() bool { return s.observe().Rollout == "" })

	// Paused: its new tasks fail.
	s.change("--update-monitor", "30s", "--env-add", "EXIT_AFTER=10ms", "--stop-grace-period", "0s")
	s.until("the rollout is paused", func() bool { return strings.Contains(s.observe().Rollout, "is paused") })
	s.mentions(s.observe().Rollout, "docker service rollback "+s.name+"_web")
	out = s.target.Scale(t.Context(), s.order(1, 5))
	s.mentions(out.Error, "is paused")
	s.setTo(2)
}

func TestLive25SwarmStackDeployResets(t *testing.T) {
	s := deploy(t, plain)
	s.scale(1, 3, engine.Succeeded, 3)
	was := s.observe()
	s.deploy(plain)
	s.until("the stack is reset", func() bool { return len(s.observe().Replicas) == 1 })
	if v := s.observe(); v.Rollout != "" || v.Version == was.Version {
		t.Errorf("after the reset: %+v, version before %s", v, was.Version)
	}
	s.scale(1, 3, engine.Succeeded, 3)
}
