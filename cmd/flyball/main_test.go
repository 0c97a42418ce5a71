package main

import (
	"os"
	"os/exec"
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
	for late := time.After(20 * time.Second); ; {
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
