package compose

import (
	"context"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// tail is the last lines that a container printed, at most 4 kB of them.
func (t *Target) tail(ctx context.Context, c container.InspectResponse) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	body, err := t.docker.ContainerLogs(ctx, c.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: docker.TailLines})
	if err != nil {
		return "", t.docker.Explain(docker.ReadLog, "read the log of "+docker.Short(c.ID), err)
	}
	defer body.Close()
	return docker.Tail(body, c.Config.Tty)
}
