package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

// daemon is `flyball run` with a store, a socket and a log that go with the demo.
type daemon struct {
	binary   string
	policies string
	dir      string // of the store, the socket and the log
	host     string // of Docker; empty: there is none

	process *exec.Cmd
	ended   chan struct{}
}

func (d *daemon) socket() string { return filepath.Join(d.dir, "sock") }
func (d *daemon) log() string    { return filepath.Join(d.dir, "log") }

func (d *daemon) start(ctx context.Context) error {
	log, err := os.Create(d.log())
	if err != nil {
		return err
	}
	defer log.Close()
	// What the user has set up for a daemon of their own is not for this one.
	args := []string{"run", "--env-file", os.DevNull, "-p", d.policies, "--store", filepath.Join(d.dir, "flyball.db"), "--socket", d.socket()}
	if d.host != "" {
		args = append(args, "--docker-host", d.host)
	}
	// Not tied to ctx: stop ends it in order, and before the stack.
	d.process = command(context.WithoutCancel(ctx), d.binary, args...)
	d.process.Env = append(os.Environ(), "AUTOSCALING_ENABLED=true", "AUTOSCALING_DRY_RUN=false", "AUTOSCALING_LISTEN=none")
	d.process.Stdout, d.process.Stderr = log, log
	if err := d.process.Start(); err != nil {
		return fmt.Errorf("start flyball: %w", err)
	}
	d.ended = make(chan struct{})
	go func() {
		_ = d.process.Wait() // its log says why it ended
		close(d.ended)
	}()
	return nil
}

// dial waits until the daemon answers.
func (d *daemon) dial(ctx context.Context) (*api.Client, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if client, err := api.Dial(d.socket()); err == nil {
			return client, nil
		}
		select {
		case <-tick.C:
		case <-d.ended:
			return nil, errors.New("flyball ended")
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, errInterrupted
			}
			return nil, errors.New("flyball does not answer")
		}
	}
}

// stop asks the daemon to end, and kills it when it does not by the end of ctx.
func (d *daemon) stop(ctx context.Context) error {
	if err := d.process.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	select {
	case <-d.ended:
		return nil
	case <-ctx.Done():
		err := d.process.Process.Kill()
		<-d.ended
		return errors.Join(errors.New("it did not end when asked and was killed"), err)
	}
}

// tail is the end of what the daemon printed.
func (d *daemon) tail() string {
	text, err := os.ReadFile(d.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}
