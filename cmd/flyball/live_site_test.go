package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/api"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const liveImage = "flyball-live/service"

// A machine that has a lot else to do is late: longest is for what comes soon, and slack by how much later than its time something
// may be.
const (
	longest = 2 * time.Minute
	slack   = 5 * time.Second
)

var shared dockertest.Shared

// binary is the command as users have it, built once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaries(), "flyball")
	if text, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, text)
	}
	return path, nil
})

func binaries() string {
	return filepath.Join(os.TempDir(), fmt.Sprint("flyball-live-bin-", os.Getpid()))
}

// withEngine runs the tests, and takes down what they share.
type withEngine struct{ *testing.M }

func (m withEngine) Run() int {
	defer os.RemoveAll(binaries())
	defer shared.Stop()
	return m.M.Run()
}

// site is a compose project and a folder with policies, for one daemon after the other.
type site struct {
	testing.TB
	engine  *dockertest.Engine
	host    string // where the daemon finds the engine
	binary  string
	dir     string
	project string
	folder  bool     // all policies of dir are meant, with their rules, not policies.cue alone
	env     []string // beside what all have
	running *daemon  // nil: none is meant to run
}

// open starts a project with the service web, of the given compose file, and writes the policies for it. In both $IMAGE
// is the test program's image and $PROJECT the project.
func open(tb testing.TB, e *dockertest.Engine, file, policies string) *site {
	tb.Helper()
	s := lay(tb, e, file, policies)
	tb.Cleanup(s.removeAll)
	s.compose("up", "-d", "--wait")
	return s
}

// lay writes the files of a site, and starts nothing.
func lay(tb testing.TB, e *dockertest.Engine, file, policies string) *site {
	tb.Helper()
	binary, err := binary()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "flyball-live-") // short: a socket's path is at most 107 bytes long
	if err != nil {
		tb.Fatal(err)
	}
	s := &site{TB: tb, engine: e, host: e.Host(), binary: binary, dir: dir}
	s.project = "fb" + strings.TrimPrefix(filepath.Base(dir), "flyball-live-")
	e.Build(tb, liveImage, dockertest.Program, dockertest.Plain)
	s.write("compose.yaml", file)
	s.write("policies.cue", policies)
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return s
}

func (s *site) write(name, text string) {
	s.Helper()
	text = strings.NewReplacer("$IMAGE", liveImage, "$PROJECT", s.project).Replace(text)
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *site) compose(args ...string) string {
	s.Helper()
	return s.engine.Compose(s, s.dir, append([]string{"-p", s.project}, args...)...)
}

// removeAll takes the project down without asking compose: the test may have left it in any state.
func (s *site) removeAll() {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	client := s.engine.Client()
	for _, id := range s.containers() {
		client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}
	networks, _ := client.NetworkList(ctx, network.ListOptions{Filters: s.own()})
	for _, n := range networks {
		client.NetworkRemove(ctx, n.ID)
	}
}

func (s *site) own() filters.Args {
	return filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+s.project))
}

// containers are the ids of the project's containers, stopped ones too, in the order in which they were made; none where
// no engine answers.
func (s *site) containers() []string {
	found, _ := s.engine.Client().ContainerList(context.Background(), container.ListOptions{All: true, Filters: s.own()})
	slices.SortFunc(found, func(a, b container.Summary) int { return int(a.Created - b.Created) })
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	return ids
}

// clones are the running replicas that flyball made, by the event that made them.
func (s *site) clones() map[string][]container.Summary {
	own := s.own()
	own.Add("label", "flyball.event")
	found, _ := s.engine.Client().ContainerList(context.Background(), container.ListOptions{Filters: own})
	clones := map[string][]container.Summary{}
	for _, c := range found {
		event := c.Labels["flyball.event"]
		clones[event] = append(clones[event], c)
	}
	return clones
}

// serves says that a replica of the test program has read its settings, and begun to serve.
func (s *site) serves(id string) bool {
	s.Helper()
	said, err := s.engine.Client().ContainerLogs(context.Background(), id, container.LogsOptions{ShowStdout: true})
	if err != nil {
		return false
	}
	defer said.Close()
	text, _ := io.ReadAll(said)
	return bytes.Contains(text, []byte("serving\n"))
}

// inside runs the test program's command in the first replica.
func (s *site) inside(command ...string) {
	s.Helper()
	if _, err := s.engine.Exec(context.Background(), s.project+"-web-1", append([]string{"/service"}, command...)...); err != nil {
		s.Fatal(err)
	}
}

// burn makes the first replica use all the CPU time that it may, until it is told to rest.
func (s *site) burn() {
	go s.engine.Exec(context.Background(), s.project+"-web-1", "/service", "get", "http://127.0.0.1:8080/burn?ms=120000")
}

func (s *site) rest() { s.inside("get", "http://127.0.0.1:8080/rest") }

// daemon is `flyball run`.
type daemon struct {
	*site
	cmd   *exec.Cmd
	done  chan struct{} // closed when it has ended
	mu    sync.Mutex
	text  bytes.Buffer
	heard func(text []byte) // is told what it writes to its log; nil: nobody is
}

// run starts the daemon, with autoscaling on.
func (s *site) run() *daemon {
	s.Helper()
	d := s.start()
	s.Cleanup(func() {
		d.end(syscall.SIGKILL)
		if s.Failed() {
			s.Logf("the daemon said:\n%s", d.log())
		}
	})
	return d
}

// start is run without an end: whoever calls it ends the daemon.
func (s *site) start(args ...string) *daemon {
	s.Helper()
	d := &daemon{site: s, cmd: s.command(append([]string{"run"}, args...)...), done: make(chan struct{})}
	d.cmd.Stderr = d
	if err := d.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	go func() { d.cmd.Wait(); close(d.done) }()
	s.running = d
	return d
}

func (s *site) command(args ...string) *exec.Cmd {
	policies := "policies.cue"
	if s.folder {
		policies = "."
	}
	cmd := exec.Command(s.binary, append(args, "-p", policies)...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+s.host, "COMPOSE_PROJECT_NAME=",
		"AUTOSCALING_ENABLED=true", "AUTOSCALING_LISTEN=none", "AUTOSCALING_LOG_LEVEL=debug", "MIN_AVAILABLE_MEMORY_MB=0")
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

func (d *daemon) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.heard != nil {
		d.heard(p)
	}
	return d.text.Write(p)
}

// listen has heard told what it writes from now on.
func (d *daemon) listen(heard func(text []byte)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = heard
}

func (d *daemon) log() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// said counts the lines of the log that have all parts.
func (d *daemon) said(parts ...string) int {
	n := 0
	for line := range strings.Lines(d.log()) {
		if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) }) {
			n++
		}
	}
	return n
}

// end sends a signal, and waits for the end.
func (d *daemon) end(signal os.Signal) {
	d.Helper()
	d.running = nil
	if err := d.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		d.Fatal(err)
	}
	select {
	case <-d.done:
	case <-time.After(longest):
		d.Fatalf("the daemon has not ended %s after %s", longest, signal)
	}
}

func (d *daemon) hasEnded() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// flyball runs a verb and answers what it printed.
func (s *site) flyball(args ...string) string {
	s.Helper()
	cmd := s.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		s.Fatalf("flyball %q: %v\n%s", args, err, &errs)
	}
	return string(out)
}

// refused runs a verb that ends with 1, and answers why.
func (s *site) refused(args ...string) string {
	s.Helper()
	return s.fails(exitNo, args...)
}

// fails runs a verb that ends with a code, and answers why.
func (s *site) fails(code int, args ...string) string {
	s.Helper()
	cmd := s.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != code {
		s.Fatalf("flyball %q: %v, want exit code %d\n%s", args, err, code, &errs)
	}
	return errs.String()
}

// history is the events, oldest first.
func (s *site) history() []engine.Event {
	s.Helper()
	var events []engine.Event
	if err := json.Unmarshal([]byte(s.flyball("history", "-o", "json")), &events); err != nil {
		s.Fatal(err)
	}
	slices.Reverse(events)
	return events
}

// ended is the events that have ended, written short: up 1→2 succeeded. A daemon that does not answer has none.
func (s *site) ended() []string {
	var short []string
	client, err := api.Dial(filepath.Join(s.dir, ".flyball", "flyball.sock"))
	if err != nil {
		return nil
	}
	events, _ := client.History(context.Background(), "", 100)
	for _, e := range slices.Backward(events) {
		if e.Result != "" {
			short = append(short, fmt.Sprintf("%s %d→%d %s", strings.TrimPrefix(string(e.Action), "scale_"), e.From, e.To, e.Result))
		}
	}
	return short
}

// policy is a policy's status; the zero status where no daemon answers.
func (s *site) policy(name string) api.PolicyStatus {
	client, err := api.Dial(filepath.Join(s.dir, ".flyball", "flyball.sock"))
	if err != nil {
		return api.PolicyStatus{}
	}
	status, _ := client.Status(context.Background())
	for _, p := range status.Policies {
		if p.Name == name {
			return p
		}
	}
	return api.PolicyStatus{}
}

// until waits for a condition.
func (s *site) until(what string, holds func() bool) {
	s.Helper()
	s.within(longest, what, holds)
}

func (s *site) within(limit time.Duration, what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(limit); !holds(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			if s.engine == nil {
				s.Fatalf("waited in vain: %s", what)
			}
			out, _ := s.engine.TryCompose(s, s.dir, "-p", s.project, "ps", "-a")
			s.Fatalf("waited in vain: %s; there is %v, and\n%s", what, s.ended(), out)
		}
		if s.running != nil && s.running.hasEnded() {
			s.Fatalf("waiting for %s, but the daemon has ended", what)
		}
	}
}

// untilEnded waits for exactly these events.
func (s *site) untilEnded(events ...string) {
	s.Helper()
	s.until(strings.Join(events, ", "), func() bool { return slices.Equal(s.ended(), events) })
}

// cycles waits until the policy web has been evaluated that many times more.
func (s *site) cycles(n int) {
	s.Helper()
	var last time.Time
	s.until(fmt.Sprintf("%d cycles", n), func() bool {
		if at := s.policy("web").LastEvaluation; at != nil && at.After(last) {
			last = *at
			n--
		}
		return n < 0 // the first one seen may be an old one
	})
}

func (s *site) mentions(text string, parts ...string) {
	s.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
