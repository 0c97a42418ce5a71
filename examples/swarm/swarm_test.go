// Package swarm_test plays the example, so that it can't rot.
package swarm_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// build makes flyball and the programs of the stack in a folder.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	const module = "github.com/flyball-dev/flyball/"
	for _, program := range []string{"cmd/flyball", "examples/quickstart/web", "examples/quickstart/load"} {
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
	for _, verb := range []string{"validate", "test"} {
		cmd := exec.Command(filepath.Join(build(t), "flyball"), verb, "-p", "policies")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("flyball %s: %v\n%s", verb, err, text)
		}
	}
}

func TestLiveStack(t *testing.T) {
	t.Parallel()
	e := dockertest.Start(t)
	e.Swarm(t)
	bin := build(t)
	for _, service := range []string{"web", "load"} {
		e.Docker(t, ".", "build", "-q", "-t", "flyball-quickstart-"+service, "-f", "../quickstart/"+service+"/Dockerfile", bin)
	}
	deploy := func() { e.Docker(t, ".", "stack", "deploy", "--resolve-image", "never", "-c", "stack.yaml", "shop") }
	deploy()

	out := run(t, filepath.Join(bin, "flyball"), e.Host())
	out.wait(t, "result=succeeded from=1 to=2", "result=succeeded from=2 to=3")
	if text := e.Docker(t, ".", "service", "ps", "shop_web"); strings.Count(text, "Running") < 6 { // desired and current, of three
		t.Errorf("docker service ps shows\n%s", text)
	}

	// Whoever deploys the stack again takes the replicas away, and flyball puts them back.
	deploy()
	out.wait(t, "result=succeeded from=1 to=3")
	out.wait(t, "result=succeeded from=3 to=2", "result=succeeded from=2 to=1")
	t.Log("\n" + out.String())
}

// run runs the daemon until the test's end.
func run(t *testing.T, flyball, host string) *output {
	t.Helper()
	dir, err := os.MkdirTemp("", "swarm") // short: a socket is in there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	out := new(output)
	cmd := exec.Command(flyball, "run", "--env-file", os.DevNull, "-p", "policies", "--docker-host", host,
		"--store", filepath.Join(dir, "db"), "--socket", filepath.Join(dir, "sock"))
	cmd.Env = append(os.Environ(), "AUTOSCALING_ENABLED=true", "AUTOSCALING_DRY_RUN=false", "AUTOSCALING_LISTEN=none")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("flyball ended with %v", err)
		}
		if t.Failed() {
			t.Log("\n" + out.String())
		}
	})
	return out
}

// output collects what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait returns once the process has printed these, in this order.
func (o *output) wait(t *testing.T, texts ...string) {
	t.Helper()
	tick, late := time.NewTicker(50*time.Millisecond), time.After(8*time.Minute)
	defer tick.Stop()
	for !inOrder(o.String(), texts) {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%q was not printed", texts)
		}
	}
}

func inOrder(text string, parts []string) bool {
	for _, part := range parts {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}
