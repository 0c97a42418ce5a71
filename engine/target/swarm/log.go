package swarm

import (
	"context"
	"fmt"
	"io"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/swarm"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// evidence is the end of what a task printed.
func (t *Target) evidence(ctx context.Context, task swarm.Task) string {
	at := task.Status.ContainerStatus
	if at == nil || at.ContainerID == "" {
		return "" // it never came to a container
	}
	log, err := t.tail(ctx, task, docker.ReadTaskLog, func(ctx context.Context, o container.LogsOptions) (io.ReadCloser, error) {
		return t.docker.TaskLogs(ctx, task.ID, o)
	})
	if err == nil && log != "" {
		return log
	}
	// A node whose log driver can't be read from afar has it only in the container, if that is here.
	local, err2 := t.tail(ctx, task, docker.ReadLog, func(ctx context.Context, o container.LogsOptions) (io.ReadCloser, error) {
		return t.docker.ContainerLogs(ctx, at.ContainerID, o)
	})
	switch {
	case err2 == nil:
		return local
	case err != nil:
		return fmt.Sprintf("(no log: %v)", err)
	}
	return ""
}

func (t *Target) tail(ctx context.Context, task swarm.Task, call docker.Call, open func(context.Context, container.LogsOptions) (io.ReadCloser, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, logDeadline)
	defer cancel()
	body, err := open(ctx, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: docker.TailLines})
	if err != nil {
		return "", t.explain(call, "read the log of task "+docker.Short(task.ID), err)
	}
	defer body.Close()
	spec := task.Spec.ContainerSpec
	return docker.Tail(body, spec != nil && spec.TTY)
}
