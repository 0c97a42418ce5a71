package compose

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"time"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// run runs the command to its end, or until ctx ends: then it is killed, and what it started with it.
func (c *command) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, upDeadline, fmt.Errorf("it did not end within %s", upDeadline))
	defer cancel()
	if err := c.target.docker.Ask(ctx); err != nil {
		return err
	}
	var said output
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
	var end docker.Ending
	end.Write([]byte(discreet(said.text)))
	return fmt.Errorf("%w: %s", err, end.Line())
}

const mostOutput = 1 << 20 // bytes; with progress turned off it is a few lines

// output keeps the beginning of what is written to it: what a value is told by may come long before its end.
type output struct{ text string }

// Write never fails.
func (o *output) Write(p []byte) (int, error) {
	o.text += string(p[:min(len(p), mostOutput-len(o.text))])
	return len(p), nil
}

// discreet is what compose said without the values that it quotes from the project's files, for they may be secrets, and
// what it said is recorded and shown. Its warnings are left out.
func discreet(said string) string {
	for _, hide := range []struct{ what, by string }{
		{`(?m)^time=".*\n?`, ""},
		// The value follows, of any number of lines.
		{`(?s)(invalid interpolation format for \S+?)\.?\s.*`, "$1; a $$ that begins no variable is written $$$$"},
		{`unterminated quoted value .*`, "unterminated quoted value"},
		{`"(\\.|[^"\\])*"` + "|`[^`]*`", `"…"`},
		{`\b(\w+)=.*`, "$1=…"},
		{`://\S*@`, "://…@"},
	} {
		said = regexp.MustCompile(hide.what).ReplaceAllString(said, hide.by)
	}
	return said
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
