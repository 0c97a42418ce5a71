// Command demo plays the quickstart: it starts the stack and flyball, shows what flyball does as the load comes and goes,
// and takes everything down again, also after an interrupt. Where no Docker answers it plays the same policy against the
// simulator.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const cleanTime = time.Minute

// settings are where things lie, and how long the show lasts.
type settings struct {
	flyball    string        // the binary
	quickstart string        // the folder of the example
	programs   string        // the folder of its programs
	build      string        // the command that makes the binary and the programs; empty: they are there
	within     time.Duration // from the start of the stack to the end of the show, at most
}

func main() {
	var s settings
	flag.StringVar(&s.flyball, "flyball", "bin/flyball", "the flyball binary")
	flag.StringVar(&s.quickstart, "quickstart", "examples/quickstart", "the folder of the example")
	flag.StringVar(&s.programs, "programs", "bin/quickstart", "the folder of its programs web and load")
	flag.StringVar(&s.build, "build", "", "a command that builds these first")
	flag.DurationVar(&s.within, "within", 100*time.Second, "how long the show lasts at most; the load begins anew every 2m")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := demo(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

var errInterrupted = errors.New("interrupted")

// demo is the whole show. Whatever way it ends, it leaves nothing behind.
func demo(ctx context.Context, s settings, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "flyball-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// A second interrupt must not cut the cleaning short: it has a context of its own.
	clean := func(what string, down func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
		defer cancel()
		if failure := down(ctx); failure != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", what, failure))
		}
	}

	docker, missing := findEngine(ctx)
	if missing != nil {
		fmt.Fprintf(out, "No Docker (%v): this plays against flyball's simulator instead.\n", missing)
	} else {
		fmt.Fprintf(out, "The quickstart on Docker %s: a web service, its load, and flyball.\n", docker.version)
	}
	if err := build(ctx, s.build, out); err != nil {
		return err
	}

	began := time.Now()
	d := &daemon{binary: s.flyball, policies: filepath.Join(s.quickstart, "policies"), dir: dir, host: docker.host}
	load := func(context.Context) error { return nil } // the simulator brings its own
	if missing != nil {
		if d.policies, err = simulated(d.policies, dir); err != nil {
			return err
		}
	} else {
		stack := stack{quickstart: s.quickstart, programs: s.programs}
		if up, err := stack.running(ctx); err != nil || up {
			return errors.Join(err, fmt.Errorf("the stack %s is there already: `docker compose -p %s down` takes it down", project, project))
		}
		fmt.Fprintln(out, "Starting the stack …")
		defer clean("take the stack down", func(ctx context.Context) error {
			fmt.Fprintln(out, "Taking the stack down …")
			return stack.down(ctx)
		})
		if err := stack.up(ctx); ctx.Err() != nil {
			return errInterrupted
		} else if err != nil {
			return fmt.Errorf("start the stack: %w", err)
		}
		load = stack.load
	}

	if err := d.start(ctx); err != nil {
		return err
	}
	defer clean("stop flyball", d.stop)
	if err := load(ctx); ctx.Err() != nil {
		return errInterrupted
	} else if err != nil {
		return fmt.Errorf("start the load: %w", err)
	}

	ctx, cancel := context.WithDeadline(ctx, began.Add(s.within))
	defer cancel()
	show := newShow(out, began)
	if err := show.watch(ctx, d); errors.Is(err, errInterrupted) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w; flyball printed last:\n%s", err, d.tail())
	}
	return show.end()
}

// build runs the command that makes the programs, where there is one.
func build(ctx context.Context, line string, out io.Writer) error {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil
	}
	fmt.Fprintln(out, "Building flyball and the programs of the quickstart …")
	cmd := command(ctx, words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); ctx.Err() != nil {
		return errInterrupted
	} else if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	return nil
}

// simulated copies the policies for the simulator.
func simulated(policies, dir string) (string, error) {
	const from, to = `driver: "compose"`, `driver: "sim"`
	text, err := os.ReadFile(filepath.Join(policies, "web.cue"))
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(text), from) {
		return "", fmt.Errorf("%s/web.cue has no %s to replace for the simulator", policies, from)
	}
	copied := filepath.Join(dir, "policies")
	if err := os.Mkdir(copied, 0o700); err != nil {
		return "", err
	}
	return copied, os.WriteFile(filepath.Join(copied, "web.cue"), []byte(strings.Replace(string(text), from, to, 1)), 0o600)
}
