package compose

import (
	"bytes"
	"context"
	"io"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

const (
	tailLines = "20"
	tailBytes = 4 << 10
	logBytes  = 1 << 20 // read at most: a line may be of any length
)

// tail is the last lines that a container printed, at most 4 kB of them.
func (t *Target) tail(ctx context.Context, id string) (string, error) {
	c, err := t.inspect(ctx, id)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	body, err := t.docker.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: tailLines})
	if err != nil {
		return "", t.explain("read the log of "+short(id), err)
	}
	defer body.Close()
	var text bytes.Buffer
	from := io.LimitReader(body, logBytes)
	if c.Config.Tty { // a terminal has one stream, which is not framed
		_, err = io.Copy(&text, from)
	} else {
		_, err = stdcopy.StdCopy(&text, &text, from)
	}
	if err != nil && text.Len() == 0 {
		return "", err
	}
	return last(strings.TrimSpace(text.String()), tailBytes), nil
}
