package compose

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// The live tests carry the numbers of the list of behaviours that a scaler of compose services must have.

var shared dockertest.Shared

func TestMain(m *testing.M) {
	defer shared.Stop()
	m.Run()
}

const (
	longest = 2 * time.Minute  // for what comes soon, on a machine that has a lot else to do
	slack   = 10 * time.Second // by which such a machine may be late with what has its time
)

const (
	plainImage  = "flyball-compose/plain"
	volumeImage = "flyball-compose/volume"
)

// stack is a compose project of its own, up for the length of a test.
type stack struct {
	testing.TB
	engine  *dockertest.Engine
	target  *Target
	project string
	dir     string
	rollout engine.Rollout
	driver  string
}

// up starts a project. The file's services may use the image $IMAGE.
func up(t *testing.T, file string, args ...string) *stack {
	t.Helper()
	t.Parallel()
	return upOn(t, shared.Engine(t), file, args...)
}

func upOn(t testing.TB, e *dockertest.Engine, file string, args ...string) *stack {
	t.Helper()
	target, err := New(e.Host(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{TB: t, engine: e, target: target, driver: "compose", project: "fb" + strings.ToLower(rand.Text()[:10]), dir: t.TempDir(),
		rollout: engine.Rollout{ReadyDeadline: longest, MinReady: 300 * time.Millisecond}}
	t.Cleanup(func() { target.Close() })
	e.Build(t, plainImage, dockertest.Program, dockertest.Plain)
	s.write(file)
	t.Cleanup(s.removeAll)
	s.compose(append([]string{"up", "-d", "--wait"}, args...)...)
	return s
}

func (s *stack) write(file string) {
	s.Helper()
	file = strings.ReplaceAll(file, "$IMAGE", plainImage)
	if err := os.WriteFile(filepath.Join(s.dir, "compose.yaml"), []byte(file), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *stack) compose(args ...string) string {
	s.Helper()
	return s.engine.Compose(s.TB, s.dir, append([]string{"-p", s.project}, args...)...)
}

// removeAll takes the project down without asking compose: the test may have left it in any state.
func (s *stack) removeAll() {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	client := s.engine.Client()
	own := filters.NewArgs(filters.Arg("label", projectLabel+"="+s.project))
	containers, _ := client.ContainerList(ctx, container.ListOptions{All: true, Filters: own})
	each(len(containers), func(i int) {
		client.ContainerUnpause(ctx, containers[i].ID)
		client.ContainerRemove(ctx, containers[i].ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	})
	networks, _ := client.NetworkList(ctx, network.ListOptions{Filters: own})
	for _, n := range networks {
		client.NetworkRemove(ctx, n.ID)
	}
}

func (s *stack) policy() engine.Policy {
	return engine.Policy{Name: "web", Service: "web", Target: engine.Place{Driver: s.driver, Project: s.project}, Rollout: s.rollout}
}

func (s *stack) observe() engine.Service {
	s.Helper()
	v, err := s.target.Observe(context.Background(), s.policy())
	if err != nil {
		s.Fatal(err)
	}
	return v
}

// scale carries out an order and checks how it ended and what is there then.
func (s *stack) scale(from, to int, want engine.Result, reached int) engine.Outcome {
	s.Helper()
	out := s.target.Scale(context.Background(), engine.Order{Event: "event-1", Policy: s.policy(), From: from, To: to})
	if out.Result != want || out.Reached != reached {
		s.Fatalf("scale %d to %d: %s at %d, want %s at %d\nerror: %s\nlog: %s",
			from, to, out.Result, out.Reached, want, reached, out.Error, out.Log)
	}
	if (out.Error == "") != (want == engine.Succeeded) {
		s.Errorf("%s has the error %q", out.Result, out.Error)
	}
	return out
}

// containers are the service's, stopped ones too, by name.
func (s *stack) containers() map[string]container.InspectResponse {
	s.Helper()
	found, err := s.target.list(context.Background(), projectLabel+"="+s.project, serviceLabel+"=web")
	if err != nil {
		s.Fatal(err)
	}
	all := map[string]container.InspectResponse{}
	for _, c := range found {
		detail, err := s.engine.Client().ContainerInspect(context.Background(), c.ID)
		if err != nil {
			s.Fatal(err)
		}
		all[strings.TrimPrefix(detail.Name, "/")] = detail
	}
	return all
}

func (s *stack) ids() []string {
	s.Helper()
	var ids []string
	for _, c := range s.containers() {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}

func (s *stack) name(number string) string { return s.project + "-web-" + number }

// run runs the test program's command in a replica.
func (s *stack) run(number string, command ...string) (string, error) {
	out, err := s.engine.Exec(context.Background(), s.name(number), append([]string{"/service"}, command...)...)
	return strings.TrimSpace(out), err
}

func (s *stack) mustRun(number string, command ...string) string {
	s.Helper()
	out, err := s.run(number, command...)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

// exits has containers exit, by their ids or names, and returns at once.
func (s *stack) exits(containers ...string) {
	s.Helper()
	for _, id := range containers {
		s.engine.Exec(context.Background(), id, "/service", "get", "http://127.0.0.1:8080/exit") // its end ends the command too
	}
}

// until waits for a condition.
func (s *stack) until(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(longest); !holds(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("waited in vain: %s", what)
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
