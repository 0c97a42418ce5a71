// Package quickstart_test plays the example, so that it can't rot.
package quickstart_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"

	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const project = "flyball-quickstart"

var docker dockertest.Shared

func TestMain(m *testing.M) {
	defer docker.Stop()
	m.Run()
}

// build makes the programs of `make demo` in a folder.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	const module = "github.com/flyball-dev/flyball/"
	for _, program := range []string{"cmd/flyball", "examples/quickstart/web", "examples/quickstart/load", "examples/quickstart/demo"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin+"/", module+program)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", program, err, text)
		}
	}
	return bin
}

// demo is a run of the demo in an environment of its own, and with a temporary folder of its own.
type demo struct {
	*exec.Cmd
	out output
	tmp string
}

func newDemo(t *testing.T, bin string, env ...string) *demo {
	t.Helper()
	tmp, err := os.MkdirTemp("", "demo") // short: a socket is in there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	d := &demo{tmp: tmp}
	d.Cmd = exec.Command(filepath.Join(bin, "demo"), "-flyball", filepath.Join(bin, "flyball"), "-quickstart", ".", "-programs", bin)
	d.Env = append(append(os.Environ(), "TMPDIR="+tmp), env...)
	d.Stdout, d.Stderr = &d.out, &d.out
	return d
}

func TestSimulated(t *testing.T) {
	t.Parallel()
	bin := build(t)
	d := newDemo(t, bin, "PATH="+t.TempDir())
	if err := d.Run(); err != nil {
		t.Fatalf("%v\n%s", err, d.out.String())
	}
	d.shows(t, "No Docker (there is no docker command)")
	d.leavesNothing(t)
}

func TestLiveDemo(t *testing.T) {
	t.Parallel()
	e := docker.Engine(t)
	e.Compose(t, ".", "version") // skips where there is no plugin
	bin := build(t)

	t.Run("plays to its end", func(t *testing.T) {
		d := newDemo(t, bin, "DOCKER_HOST="+e.Host())
		d.Args = append(d.Args, "-within", "10m") // on a busy machine
		if err := d.Run(); err != nil {
			t.Fatalf("%v\n%s", err, d.out.String())
		}
		d.shows(t, "The quickstart on Docker")
		d.leavesNothing(t)
		leavesNothing(t, e)
	})
	t.Run("cleans up after an interrupt", func(t *testing.T) {
		d := newDemo(t, bin, "DOCKER_HOST="+e.Host())
		if err := d.Start(); err != nil {
			t.Fatal(err)
		}
		d.out.wait(t, "hold")
		if err := d.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := d.Wait(); err == nil {
			t.Errorf("an interrupted demo ends with an error; it printed\n%s", d.out.String())
		}
		d.leavesNothing(t)
		leavesNothing(t, e)
	})
}

// shows checks what somebody sees who watches to the end.
func (d *demo) shows(t *testing.T, first string) {
	t.Helper()
	text := d.out.String()
	if !strings.HasPrefix(text, first) {
		t.Errorf("the first line says what this runs on: %q", first)
	}
	for _, want := range []string{"1 → 2", "2 → 3", "3 → 2", "2 → 1", "The first new replica was ready"} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q", want)
		}
	}
	t.Log("\n" + text)
}

func (d *demo) leavesNothing(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(d.tmp)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

func leavesNothing(t *testing.T, e *dockertest.Engine) {
	t.Helper()
	ctx, client := context.Background(), e.Client()
	ours := filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+project))

	containers, err := client.ContainerList(ctx, container.ListOptions{All: true, Filters: ours})
	if err != nil || len(containers) > 0 {
		t.Errorf("containers left: %v, %v", containers, err)
	}
	networks, err := client.NetworkList(ctx, network.ListOptions{Filters: ours})
	if err != nil || len(networks) > 0 {
		t.Errorf("networks left: %v, %v", networks, err)
	}
	images, err := client.ImageList(ctx, image.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("reference", project+"-*"))})
	if err != nil || len(images) > 0 {
		t.Errorf("images left: %v, %v", images, err)
	}
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

// wait returns once the process has printed something.
func (o *output) wait(t *testing.T, text string) {
	t.Helper()
	tick, late := time.NewTicker(50*time.Millisecond), time.After(5*time.Minute)
	defer tick.Stop()
	for !strings.Contains(o.String(), text) {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%q was not printed in 5 minutes, but\n%s", text, o.String())
		}
	}
}
