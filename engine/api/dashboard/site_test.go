package dashboard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

const (
	password = "correct horse battery"
	patience = 60 * time.Second // for anything that is waited for, on a busy machine
)

// build makes the command as users have it, with the pages that are built.
func build(t *testing.T) string {
	t.Helper()
	pages(t)
	path := filepath.Join(t.TempDir(), "flyball")
	if text, err := exec.Command("go", "build", "-o", path, "../../../cmd/flyball").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, text)
	}
	return path
}

// site is a daemon with simulated services, and people who may log in.
type site struct {
	binary string
	dir    string
	url    string // of the dashboard; the same over restarts
	cmd    *exec.Cmd
	done   chan struct{} // closed when it has ended

	mu  sync.Mutex
	log bytes.Buffer
}

// serve starts a daemon of the given policies, and of what else was laid down before. It is ended with the test.
func serve(t *testing.T, binary, policies string, before ...func(s *site)) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "flyball-web-") // short: a socket's path is at most 107 bytes long
	if err != nil {
		t.Fatal(err)
	}
	s := &site{binary: binary, dir: dir}
	if err := os.Mkdir(s.policies(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.policies(), "policies.cue"), []byte(policies), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fill := range before {
		fill(s)
	}
	t.Cleanup(func() {
		if s.done != nil {
			s.signal(t, syscall.SIGKILL)
			<-s.done
		}
		if t.Failed() {
			t.Logf("the daemon said, beside what it decided:\n%s", without("msg=decision", s.said()))
		}
		os.RemoveAll(dir)
	})
	s.start(t, "127.0.0.1:0")
	for _, role := range []string{"viewer", "operator", "admin"} {
		s.flyball(t, password, "user", "add", person(role), "--role", role)
	}
	return s
}

// person is who has a role.
func person(role string) string { return role + "@example.org" }

// start starts the daemon, and waits until it answers.
func (s *site) start(t *testing.T, listen string) {
	t.Helper()
	s.cmd = s.command("run", "--listen", listen, "--store", s.store())
	s.cmd.Stderr = s
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done, cmd := make(chan struct{}), s.cmd
	s.done = done
	go func() { defer close(done); _ = cmd.Wait() }() // how it ends is for the test to say
	until(t, "a daemon that answers", func() error {
		select {
		case <-done:
			t.Fatalf("the daemon ended: %s", s.said())
		default:
		}
		_, rest, found := strings.Cut(s.said(), "msg=listens url=")
		if !found {
			return fmt.Errorf("it does not listen: %s", s.said())
		}
		s.url, _, _ = strings.Cut(rest, "\n")
		c, err := api.Dial(s.socket())
		if err == nil {
			_, err = c.Status(t.Context())
		}
		return err
	})
}

// restart ends the daemon and starts it again: at the same address, with the same store.
func (s *site) restart(t *testing.T, between func()) {
	t.Helper()
	s.signal(t, syscall.SIGTERM)
	<-s.done
	if between != nil {
		between()
	}
	s.mu.Lock()
	s.log.Reset()
	s.mu.Unlock()
	s.start(t, strings.TrimPrefix(s.url, "http://"))
}

func (s *site) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	select {
	case <-s.done:
		return
	default:
	}
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Error(err)
	}
}

func (s *site) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.binary, append(args, "-p", filepath.Base(s.policies()))...)
	if args[0] != "validate" {
		cmd.Args = append(cmd.Args, "--socket", s.socket())
	}
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "AUTOSCALING_ENABLED=true", "AUTOSCALING_DRY_RUN=", "MIN_AVAILABLE_MEMORY_MB=0", "MAX_TOTAL_REPLICAS=40", "SCALING_WEBHOOK_URL=")
	return cmd
}

func (s *site) socket() string { return filepath.Join(s.dir, "fb.sock") }

func (s *site) policies() string { return filepath.Join(s.dir, "policies") }

func (s *site) store() string { return filepath.Join(s.dir, "fb.db") }

// flyball runs a verb with a line on its standard input.
func (s *site) flyball(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := s.command(args...)
	cmd.Stdin = strings.NewReader(input + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("flyball %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// client asks the daemon over its socket, as who runs it.
func (s *site) client(t *testing.T) *api.Client {
	t.Helper()
	c, err := api.Dial(s.socket())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// push gives a service a value of its metric, as often as it takes to be believed.
func (s *site) push(t *testing.T, service, metric string, value float64) {
	t.Helper()
	var samples []api.Pushed
	for ago := range 3 {
		samples = append(samples, api.Pushed{Metric: metric, Value: &value, At: time.Now().Add(-time.Duration(ago) * time.Second)})
	}
	if err := s.client(t).Push(t.Context(), service, samples); err != nil {
		t.Fatal(err)
	}
}

// event waits until a service was changed, and answers which event that was.
func (s *site) event(t *testing.T, service string) (id string) {
	t.Helper()
	until(t, "an event of "+service, func() error {
		events, err := s.client(t).History(t.Context(), service, 1)
		if err == nil && (len(events) == 0 || events[0].Result == "") {
			err = errors.New("there is none that has ended")
		}
		if err == nil {
			id = events[0].ID
		}
		return err
	})
	return id
}

// session logs somebody in, and answers the cookie.
func (s *site) session(t *testing.T, email string) *http.Cookie {
	t.Helper()
	body := strings.NewReader(fmt.Sprintf(`{"email": %q, "password": %q}`, email, password))
	r, err := http.Post(s.url+"/api/auth/login", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK || len(r.Cookies()) != 1 {
		t.Fatalf("the login of %s answers %s with %d cookies", email, r.Status, len(r.Cookies()))
	}
	return r.Cookies()[0]
}

func (s *site) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *site) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func without(part, text string) string {
	return strings.Join(slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool { return strings.Contains(line, part) }), "")
}

// until asks again until the answer is no error.
func until(t *testing.T, what string, holds func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
