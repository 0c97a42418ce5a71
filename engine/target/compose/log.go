package compose

import (
	"context"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// tail is the last lines that a container printed, at most 4 kB of them.
func (t *Target) tail(ctx context.Context, id string) (string, error) {
	c, err := t.inspect(ctx, id)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	body, err := t.docker.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: docker.TailLines})
	if err != nil {
		return "", t.docker.Explain(docker.ReadLog, "read the log of "+docker.Short(id), err)
	}
	defer body.Close()
	return docker.Tail(body, c.Config.Tty)
}
