package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const project = "flyball-quickstart" // the name in compose.yaml

// stack is the quickstart's Compose project on whatever Docker the environment names.
type stack struct {
	quickstart string // the folder with compose.yaml
	programs   string // the folder with the programs that the images hold
}

// docker runs the client and answers what it printed.
func docker(ctx context.Context, args ...string) (string, error) {
	cmd := command(ctx, "docker", args...)
	// The classic builder leaves no build cache behind, and needs no plugin.
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w\n%s", args[0], err, bytes.TrimSpace(errs.Bytes()))
	}
	return strings.TrimSpace(out.String()), nil
}

// command is a child in a process group of its own, so that an interrupt at the terminal reaches the demo alone, which
// then ends its children in order.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) } // the group: docker's plugins too
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// dockerEngine is one that answers.
type dockerEngine struct{ version, host string }

// findEngine asks the Docker that the environment or the client's context names. The error says why the stack can't run.
func findEngine(ctx context.Context) (dockerEngine, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := exec.LookPath("docker"); err != nil {
		return dockerEngine{}, errors.New("there is no docker command")
	}
	version, err := docker(ctx, "version", "--format", "{{.Server.Version}}")
	if err != nil {
		return dockerEngine{}, errors.New("no engine answers")
	}
	if _, err := docker(ctx, "compose", "version"); err != nil {
		return dockerEngine{}, errors.New("the compose plugin is not installed")
	}
	// flyball reads DOCKER_HOST but no contexts.
	host, err := docker(ctx, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
	return dockerEngine{version, host}, err
}

func (s stack) up(ctx context.Context) error {
	// A build that is cut short leaves layers without a name: it takes a second, so an interrupt waits for it.
	building, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for _, name := range []string{"web", "load"} {
		dockerfile := filepath.Join(s.quickstart, name, "Dockerfile")
		if _, err := docker(building, "build", "-q", "-t", image(name), "-f", dockerfile, s.programs); err != nil {
			return err
		}
	}
	_, err := s.compose(ctx, "up", "-d", "--no-build", "web")
	return err
}

// load starts the load, once flyball is there to answer it.
func (s stack) load(ctx context.Context) error {
	_, err := s.compose(ctx, "up", "-d", "--no-build", "--no-deps", "load")
	return err
}

// down removes everything that up made, and what flyball added to it.
func (s stack) down(ctx context.Context) error {
	_, err := s.compose(ctx, "down")
	for _, name := range []string{"web", "load"} {
		if _, missing := docker(ctx, "image", "inspect", image(name)); missing != nil {
			continue
		}
		_, failure := docker(ctx, "image", "rm", image(name))
		err = errors.Join(err, failure)
	}
	return err
}

// running says whether somebody else has the stack up: then it is not ours to take down.
func (s stack) running(ctx context.Context) (bool, error) {
	ids, err := docker(ctx, "ps", "-aq", "--filter", "label=com.docker.compose.project="+project)
	return ids != "", err
}

func (s stack) compose(ctx context.Context, args ...string) (string, error) {
	// By name: COMPOSE_PROJECT_NAME in the environment would win over the file, and this project is taken down again.
	return docker(ctx, append([]string{"compose", "-p", project, "-f", filepath.Join(s.quickstart, "compose.yaml")}, args...)...)
}

func image(service string) string { return project + "-" + service }
