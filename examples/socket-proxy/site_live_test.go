package socketproxy_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/app"
	"github.com/flyball-dev/flyball/engine/target/compose"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const (
	// Of plainImage a replica is ready once it has run for minReady. Of checkedImage it is once its health check says so: on
	// a machine however slow that is never before what goes wrong in it has gone wrong.
	plainImage   = "flyball-socket-proxy/plain"
	checkedImage = "flyball-socket-proxy/checked"
	check        = "HEALTHCHECK --interval=300ms --timeout=20s --retries=100 CMD [\"/service\", \"health\"]\n"

	failing = "READY_AFTER=never\nEXIT_AFTER=0s\n" // of checkedImage, such a replica fails and is ready at no time

	// Everything that makes a clone call the engine: an inline config, a second network, files of its own. A new replica is
	// ready unless settings say otherwise.
	services = `services:
  web:
    image: $IMAGE
    environment: {SETTINGS: /bound/settings}
    volumes: [./bound:/bound]
    configs: [plain]
    networks: [default, other]
    stop_grace_period: 5s
configs: {plain: {content: one}}
networks: {other: {}}
`
	policies = `policies: web: {
	service: "$SERVICE"
	enabled: true
	target: $TARGET
	minReplicas: 1
	maxReplicas: 5
	metrics: [{name: "cpu", type: "cpu", source: "system"}, {name: "memory", type: "memory", source: "system"}]
	thresholds: [{metric: "cpu", scaleUp: 70, scaleDown: 20}]
	$ROLLOUT
}
`
)

// drain is a hook that finds what it reads in every replica, also in one that does not serve yet.
func drain() []string { return []string{"/service", "read", "/plain"} }

// site is a compose project of its own, up for the length of a test.
type site struct {
	*testing.T
	engine  *dockertest.Engine
	project string
	dir     string
}

func up(t *testing.T, image string) *site {
	t.Helper()
	e := shared.Engine(t)
	s := &site{T: t, engine: e, project: "fp" + strings.ToLower(rand.Text()[:10]), dir: t.TempDir()}
	build(t, e)
	if err := os.Mkdir(filepath.Join(s.dir, "bound"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.write("compose.yaml", strings.Replace(services, "$IMAGE", image, 1))
	s.write("policies.cue", strings.NewReplacer("$SERVICE", "web", "$TARGET", `{driver: "compose", project: "`+s.project+`"}`,
		"$ROLLOUT", fmt.Sprintf(`rollout: drain: exec: [%q, %q, %q]`, drain()[0], drain()[1], drain()[2])).Replace(policies))
	t.Cleanup(func() { e.TryCompose(t, s.dir, "-p", s.project, "down", "-t", "0") })
	e.Compose(t, s.dir, "-p", s.project, "up", "-d", "--wait")
	return s
}

func build(t *testing.T, e *dockertest.Engine) {
	t.Helper()
	e.Build(t, plainImage, dockertest.Program, dockertest.Plain)
	e.Build(t, checkedImage, dockertest.Program, dockertest.Plain+check)
}

func (s *site) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

// target is one that reaches the engine at a host.
func (s *site) target(host string) *compose.Target {
	s.Helper()
	target, err := compose.New(host, slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { target.Close() })
	return target
}

func (s *site) scale(at *compose.Target, from, to int) engine.Outcome {
	p := engine.Policy{Name: "web", Service: "web", MinReplicas: 1, Target: engine.Place{Driver: "compose", Project: s.project},
		Rollout: engine.Rollout{ReadyDeadline: 2 * time.Minute, MinReady: 100 * time.Millisecond,
			Drain: engine.Drain{Exec: drain(), Timeout: time.Minute}}}
	return at.Scale(s.Context(), engine.Order{Event: "event-1", Policy: p, From: from, To: to})
}

func (s *site) mustScale(at *compose.Target, from, to int) {
	s.Helper()
	if out := s.scale(at, from, to); out.Result != engine.Succeeded || out.Reached != to {
		s.Fatalf("%d to %d: %s at %d: %s\n%s", from, to, out.Result, out.Reached, out.Error, out.Log)
	}
}

// replicas are the states of the service's containers, stopped ones too, by number.
func (s *site) replicas() []string {
	s.Helper()
	found, err := s.engine.Client().ContainerList(context.Background(), container.ListOptions{All: true,
		Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+s.project))})
	if err != nil {
		s.Fatal(err)
	}
	var all []string
	for _, c := range found {
		all = append(all, c.Labels["com.docker.compose.container-number"]+" "+c.State+" "+c.ID)
	}
	slices.Sort(all)
	return all
}

// doctor is what the doctor says of the engine's calls, by way of a host.
func doctor(t *testing.T, policies, host string) []app.Check {
	t.Helper()
	dir := t.TempDir()
	checks := app.Doctor(t.Context(), app.Options{
		Policies: policies, Read: app.Here, Store: filepath.Join(dir, "db"), Socket: filepath.Join(dir, "sock"), Listen: "none",
		DockerHost: host, Log: slog.New(slog.DiscardHandler),
	})
	return slices.DeleteFunc(checks, func(c app.Check) bool { return c.What != "docker calls" })
}

// named checks that the doctor names just one call, as what it is.
func named(t *testing.T, n docker.Need, checks []app.Check) {
	t.Helper()
	result, why := "failed", "it is needed to "+n.For
	if n.Without != "" {
		result, why = "warning", "lost without it: "+n.Without
	}
	want := app.Check{What: "docker calls", Result: result, Detail: fmt.Sprintf("%s is forbidden; %s", n.Call, why),
		Mend: "allow it in the socket proxy or authorization plugin"}
	if len(checks) != 1 || checks[0] != want {
		t.Errorf("the doctor says %+v, want %+v", checks, want)
	}
}

// fault is what forbids a call alone.
func fault(c docker.Call) dockertest.Fault {
	method, path := c.Parts()
	path = strings.NewReplacer("{id}", "[0-9a-z]+", "{name}", ".+").Replace(path)
	return dockertest.Fault{Method: method, Path: "^" + path + "$", Tries: true, Do: dockertest.Answer(403, "not allowed")}
}
