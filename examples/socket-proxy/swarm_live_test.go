package socketproxy_test

import (
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
	"github.com/flyball-dev/flyball/engine/target/swarm"
)

// swarmed is a service of a swarm, there for the length of a test.
type swarmed struct {
	*testing.T
	engine *dockertest.Engine
	name   string
	dir    string // with the policy, and what is bound into the replicas
}

func deploy(t *testing.T) *swarmed {
	t.Helper()
	e := shared.Engine(t)
	e.Swarm(t)
	s := &swarmed{T: t, engine: e, name: "fp" + strings.ToLower(rand.Text()[:10]), dir: t.TempDir()}
	build(t, e)
	text := strings.NewReplacer("$SERVICE", s.name, "$TARGET", `driver: "swarm"`, "$ROLLOUT", "").Replace(policies)
	if err := os.WriteFile(filepath.Join(s.dir, "policies.cue"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Docker(t, s.dir, "service", "rm", s.name) })
	e.Docker(t, s.dir, "service", "create", "--name", s.name, "--no-resolve-image", "--stop-grace-period", "2s", "--restart-delay", "100ms", "--update-monitor", "100ms",
		"--mount", "type=bind,source="+s.dir+",target=/bound", "--env", "SETTINGS=/bound/settings", checkedImage)
	return s
}

func (s *swarmed) policy() engine.Policy {
	return engine.Policy{Name: "web", Service: s.name, MinReplicas: 1, Target: engine.Place{Driver: "swarm"},
		Rollout: engine.Rollout{ReadyDeadline: 2 * time.Minute}}
}

func (s *swarmed) target(host string) *swarm.Target {
	s.Helper()
	target, err := swarm.New(host, slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { target.Close() })
	return target
}

func (s *swarmed) scale(at *swarm.Target, from, to int) engine.Outcome {
	return at.Scale(s.Context(), engine.Order{Event: "event-1", Policy: s.policy(), From: from, To: to})
}

func TestLiveSwarmThroughHAProxy(t *testing.T) {
	t.Parallel()
	s := deploy(t)
	p, heard := s.engine.Proxy(t), new(seen)
	p.Tell(heard.hear)
	host := haproxy(t, "haproxy-swarm.cfg", p.Host())
	target := s.target(host)

	told := watch(t, p, target.Watch, "", s.name)
	if out := s.scale(target, 1, 2); out.Result != engine.Succeeded || out.Reached != 2 {
		t.Fatalf("%s at %d: %s", out.Result, out.Reached, out.Error)
	}
	service, err := target.Observe(t.Context(), s.policy())
	if err != nil {
		t.Fatal(err)
	}
	sample(t, host, service.Replicas[0].ID)
	if err := os.WriteFile(filepath.Join(s.dir, "settings"), []byte(failing), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := s.scale(target, 2, 3); out.Result != engine.RolledBack || out.Reached != 2 || !strings.Contains(out.Log, "EXIT_AFTER") {
		t.Errorf("%s at %d: %s; its log is %q", out.Result, out.Reached, out.Error, out.Log)
	}
	if out := s.scale(target, 2, 1); out.Result != engine.Succeeded || out.Reached != 1 {
		t.Errorf("%s at %d: %s", out.Result, out.Reached, out.Error)
	}
	told()
	heard.are(t, "swarm", append(elsewhere(), docker.ReadLog)...) // the task's was to be had
	if found := doctor(t, s.dir, host); len(found) != 1 || found[0].Result != "ok" {
		t.Errorf("the doctor says %+v", found)
	}
}

func TestLiveSwarmForbidden(t *testing.T) {
	t.Parallel()
	s := deploy(t)
	for _, n := range needs("swarm") {
		t.Run(string(n.Call), func(t *testing.T) {
			t.Parallel()
			p := s.engine.Proxy(t)
			p.Fault(fault(n.Call))
			named(t, n, doctor(t, s.dir, p.Host()))
			if n.Without != "" {
				return
			}
			out := s.scale(s.target(p.Host()), 1, 2)
			if out.Result != engine.Failed || !strings.Contains(out.Error, "forbids "+string(n.Call)+" (403); allow it in the socket proxy") {
				t.Errorf("%s: %s, want that %s is forbidden", out.Result, out.Error, n.Call)
			}
			if left := s.engine.Docker(t, s.dir, "service", "inspect", "-f", "{{.Spec.Mode.Replicated.Replicas}}", s.name); left != "1" {
				t.Errorf("the service is set to %s replicas", left)
			}
		})
	}
}
