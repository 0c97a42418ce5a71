package compose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// run runs the command to its end, or until ctx ends: then it is killed, and what it started with it.
func (c *command) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, upDeadline, fmt.Errorf("it did not end within %s", upDeadline))
	defer cancel()
	var said docker.Ending
	cmd := c.target.compose(ctx, c.dir, c.args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		c.killed = true
		return context.Cause(ctx)
	}
	// Without the plugin docker complains of the first flag that it does not know.
	if missing := c.target.compose(ctx, c.dir, "compose", "version").Run(); missing != nil {
		return noCompose(errors.New("`docker compose version` fails"))
	}
	return fmt.Errorf("%w: %s", err, said.Line())
}

// compose is a docker command against the target's engine. It has flyball's own environment, because compose files take
// variables from it: whoever starts flyball gives it those that `docker compose up` was started with.
func (t *Target) compose(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+t.docker.DaemonHost(), "COMPOSE_PROGRESS=quiet", "COMPOSE_ANSI=never")
	cmd.WaitDelay = time.Second // for the output of what outlives it
	ownGroup(cmd)
	return cmd
}

func noCompose(err error) error {
	return fmt.Errorf("target.driver compose-cli needs the docker command with its compose plugin where flyball runs: %w; install them, or set target.driver: compose", err)
}
