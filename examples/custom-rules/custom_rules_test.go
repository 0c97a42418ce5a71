// Package customrules_test plays the example, so that it can't rot.
package customrules_test

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

// The rule is held to its tests and its scenario, also after `flyball init --rules` has laid the library beside it.
func TestRule(t *testing.T) {
	t.Parallel()
	flyball := filepath.Join(build(t), "flyball")
	policies := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(policies, os.DirFS("policies")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"validate", "--strict", "policies"}, {"test", "policies"},
		{"init", "--rules", policies}, {"validate", "--strict", policies}, {"test", policies},
	} {
		text, err := exec.Command(flyball, args...).CombinedOutput()
		if err != nil {
			t.Errorf("flyball %s: %v\n%s", args, err, text)
		}
		if args[0] == "test" && !strings.Contains(string(text), "rules covered: 100.0 %") {
			t.Errorf("flyball %s covers too little\n%s", args, text)
		}
		if args[0] == "init" && strings.Contains(string(text), "web.rego") {
			t.Errorf("init wrote the rule anew\n%s", text)
		}
	}
}

func TestLiveStack(t *testing.T) {
	t.Parallel()
	e := dockertest.Start(t)
	e.Compose(t, ".", "version") // skips where there is no plugin
	bin := build(t)
	var images []string
	for service, program := range map[string]string{"web": "web", "api": "web", "web-load": "load", "api-load": "load"} {
		image := "flyball-custom-rules-" + service
		e.Docker(t, ".", "build", "-q", "-t", image, "-f", "../quickstart/"+program+"/Dockerfile", bin)
		images = append(images, image)
	}
	t.Cleanup(func() { // down --rmi removes them side by side, and stumbles where two are one image
		e.Compose(t, ".", "down")
		e.Docker(t, ".", append([]string{"image", "rm"}, images...)...)
	})
	e.Compose(t, ".", "up", "-d", "--no-build", "--pull", "never")

	out := run(t, filepath.Join(bin, "flyball"), e.Host())
	// Which of the two is busy first, and at how many replicas of web, is for the machine to say. By day web does not go back to 1.
	out.wait(t, "reason=ApiIsTheBottleneck")
	out.wait(t, "action=scale_up from=1 to=2 reason=ScaleUpCrossed", "result=succeeded from=1 to=2", "result=succeeded from=2 to=3",
		"result=succeeded from=3 to=2")
	t.Log("\n" + out.String())
}

// run runs the daemon until the test's end.
func run(t *testing.T, flyball, host string) *output {
	t.Helper()
	dir, err := os.MkdirTemp("", "rules") // short: a socket is in there
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

// wait returns once the process has printed these, in this order. It is long: the load is busy for a minute, and begins anew.
func (o *output) wait(t *testing.T, texts ...string) {
	t.Helper()
	tick, late := time.NewTicker(50*time.Millisecond), time.After(7*time.Minute)
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
