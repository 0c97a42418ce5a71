package dockertest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/docker/docker/api/types/swarm"
)

// Swarm makes the engine a swarm of one node, where it is not in one already.
func (e *Engine) Swarm(tb testing.TB) {
	tb.Helper()
	if err := e.swarm(); err != nil {
		tb.Fatalf("swarm init: %v", err)
	}
}

func (e *Engine) swarm() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startDeadline)
	defer cancel()
	info, err := e.client.Info(ctx)
	if err != nil {
		return err
	}
	if info.Swarm.LocalNodeState == swarm.LocalNodeStateActive {
		return nil
	}
	_, err = e.client.SwarmInit(ctx, swarm.InitRequest{ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1"})
	return err
}

// RemoveStack takes a stack of a swarm down. A network stays in use for a moment after its last task has ended.
func (e *Engine) RemoveStack(tb testing.TB, dir, name string) {
	tb.Helper()
	var text string
	var err error
	for deadline := time.Now().Add(startDeadline); time.Now().Before(deadline); <-time.After(500 * time.Millisecond) {
		if text, err = e.docker(dir, "stack", "rm", name); err == nil {
			return
		}
	}
	tb.Errorf("docker stack rm %s: %v\n%s", name, err, text)
}

// Docker runs the docker command with the arguments in a folder, against this engine, and answers what it printed.
func (e *Engine) Docker(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	if _, err := exec.LookPath("docker"); err != nil {
		unavailable(tb, missing(fmt.Sprintf("no docker command for live tests: %v", err)))
	}
	text, err := e.docker(dir, args...)
	if err != nil {
		tb.Fatalf("docker %q: %v\n%s", args, err, text)
	}
	return text
}

func (e *Engine) docker(dir string, args ...string) (string, error) {
	cmd := exec.Command("docker", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+e.host)
	text, err := cmd.CombinedOutput()
	return string(bytes.TrimSpace(text)), err
}
