package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The first signal asks flyball to end. A second one ends it, also where it does not listen: here it reads standard
// input, which nobody closes.
func TestSecondSignalEndsIt(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "eval", "--snapshot", "-")
	cmd.Args[0] = "flyball" // which TestMain heeds
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(longest); ; {
		select {
		case <-ended:
			return
		case <-late:
			t.Fatal("it goes on")
		case <-tick.C:
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
}

// A daemon that is told to stop while it still reads its policies has nothing to say.
func TestToldToStopBeforeItHasBegun(t *testing.T) {
	dir := t.TempDir()
	policy := "policies: web: {service: \"web\", target: driver: \"sim\", minReplicas: 1, maxReplicas: 2, strategy: \"schedule\"}\n"
	if err := os.WriteFile(filepath.Join(dir, "web.cue"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var errs bytes.Buffer
	args := []string{"run", "-p", dir, "--store", filepath.Join(dir, "db"), "--socket", filepath.Join(dir, "sock")}
	if code := execute(ctx, args, nil, io.Discard, &errs); code != exitFine || errs.Len() > 0 {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}
