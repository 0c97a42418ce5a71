package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const (
	pollEach = 100 * time.Millisecond // between two looks at a starting replica

	// An engine is told that a container ran out of memory, and that it has ended, by two messages that come in any order.
	lastWord = time.Second
)

// judge says of a replica that was started this long ago whether it is ready, or has failed for good.
func judge(c container.InspectResponse, up, minReady time.Duration) (ready bool, err error) {
	state := c.State
	switch {
	case state.OOMKilled:
		return false, fmt.Errorf("ran out of memory%s", limit(c.HostConfig.Memory))
	case state.Restarting:
		return false, fmt.Errorf("crashed and is restarted: exit code %d%s", state.ExitCode, because(state.Error))
	case c.RestartCount > 0: // between two crashes the state reads running, with an exit code of 0
		return false, errors.New("crashed and was restarted")
	case !state.Running:
		return false, fmt.Errorf("exited with code %d%s", state.ExitCode, because(state.Error))
	case state.Paused:
		return false, nil
	case !docker.Checked(c.Config.Healthcheck):
		return up >= minReady, nil
	case state.Health == nil:
		return false, nil
	case state.Health.Status == container.Unhealthy:
		return false, fmt.Errorf("is unhealthy: %d health checks in a row failed", state.Health.FailingStreak)
	}
	return state.Health.Status == container.Healthy, nil
}

// killed says that a container was ended by SIGKILL, as far as is known not for want of memory.
func killed(c container.InspectResponse) bool {
	const sigkill = 128 + 9
	return !c.State.Running && !c.State.OOMKilled && c.State.ExitCode == sigkill
}

func limit(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf(": its limit is %d MiB", bytes>>20)
}

func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// await returns once a started replica is ready, or with the reason why it will not be. An engine that does not answer
// may come back: it is asked until the deadline.
func (t *Target) await(ctx context.Context, id string, r engine.Rollout) error {
	started := time.Now()
	longest := cmp.Or(r.ReadyDeadline, r.MinReady+docker.Margin) // until its health check is known
	var last error
	var dead time.Time // when it was first seen killed, by nobody knows what
	for {
		c, err := t.inspect(ctx, id)
		if err == nil && killed(c) && dead.IsZero() {
			dead = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errdefs.IsNotFound(err):
			return fmt.Errorf("was removed by somebody else while it started: %w", err)
		case err == nil && killed(c) && time.Since(dead) < lastWord:
		case err == nil:
			longest = docker.Deadline(c.Config.Healthcheck, r)
			ready, err := judge(c, time.Since(started), r.MinReady)
			if ready || err != nil {
				return err
			}
		}
		last = err
		if time.Since(started) >= longest {
			return late(longest, last)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollEach):
		}
	}
}

func late(longest time.Duration, last error) error {
	if last != nil {
		return fmt.Errorf("was not seen to become ready in %s: %w", longest, last)
	}
	return fmt.Errorf("was not ready after %s; where it needs longer, raise rollout.readyDeadline", longest)
}

// evidence is the end of what a container printed and of what its last health check did, which is no part of the log. Only
// this order waits for it, so it may take longer than a look at all replicas: a busy engine that restarts the container
// over and over answers between two starts.
func (t *Target) evidence(ctx context.Context, id string) string {
	c, err := t.inspectWithin(ctx, readDeadline, id)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	tail, err := t.tail(ctx, c)
	if err != nil {
		tail = fmt.Sprintf("(no log: %v)", err)
	}
	if c.State.Health == nil || len(c.State.Health.Log) == 0 {
		return tail
	}
	probe := c.State.Health.Log[len(c.State.Health.Log)-1]
	told := fmt.Sprintf("\nhealth check, exit code %d: %s", probe.ExitCode, docker.Last(strings.TrimSpace(probe.Output), 1<<10))
	return strings.TrimPrefix(tail+told, "\n")
}
