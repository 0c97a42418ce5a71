package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// Program is the import path of the service that live tests run: see its own documentation.
const Program = "github.com/flyball-dev/flyball/engine/target/dockertest/service"

// Plain is the Dockerfile of an image that holds nothing but the program.
const Plain = `FROM scratch
COPY service /service
ENTRYPOINT ["/service"]
`

const buildDeadline = 3 * time.Minute

// Build makes an image from a Go program, named by its import path, which the Dockerfile finds as the file "service".
// Nothing is pulled: the Dockerfile starts FROM scratch, or from an image built before.
func (e *Engine) Build(tb testing.TB, tag, program, dockerfile string) {
	tb.Helper()
	binary, err := e.compile(program)
	if err != nil {
		tb.Fatal(err)
	}
	if err := e.build(tag, dockerfile, file{name: "service", mode: 0o755, data: binary}); err != nil {
		tb.Fatalf("build image %s: %v", tag, err)
	}
}

// compile builds the program once for all images, as a static binary.
func (e *Engine) compile(program string) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := filepath.Join(e.binaries, path.Base(program))
	if binary, err := os.ReadFile(out); err == nil {
		return binary, nil
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", program, err, text)
	}
	return os.ReadFile(out)
}

// file is one that a Dockerfile finds. A name that ends in a slash is a folder's.
type file struct {
	name string
	mode int64
	data []byte
	link string // what a symbolic link points to
}

func (e *Engine) build(tag, dockerfile string, files ...file) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range append(files, file{name: "Dockerfile", mode: 0o644, data: []byte(dockerfile)}) {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), Linkname: f.link}
		if f.link != "" {
			header.Typeflag = tar.TypeSymlink
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildDeadline)
	defer cancel()
	answer, err := e.client.ImageBuild(ctx, &archive, build.ImageBuildOptions{Tags: []string{tag}, Remove: true, ForceRemove: true})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	// The engine answers 200 and reports a failed build in the stream.
	for d := json.NewDecoder(answer.Body); ; {
		var line struct{ Error string }
		switch err := d.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case line.Error != "":
			return errors.New(line.Error)
		}
	}
}

// Compose runs `docker compose` with the arguments in a folder, against this engine, and answers what it printed.
func (e *Engine) Compose(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	out, err := e.TryCompose(tb, dir, args...)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// TryCompose is Compose for a command that may end in an error.
func (e *Engine) TryCompose(tb testing.TB, dir string, args ...string) (string, error) {
	tb.Helper()
	if text, err := exec.Command("docker", "compose", "version").CombinedOutput(); err != nil {
		unavailable(tb, missing(fmt.Sprintf("`docker compose` is not installed: %v: %s", err, bytes.TrimSpace(text))))
	}
	cmd := exec.Command("docker", append([]string{"compose"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+e.host)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return string(text), fmt.Errorf("docker compose %q: %w\n%s", args, err, text)
	}
	return string(text), nil
}

// Exec runs a command in a container and answers its standard output. The error carries its standard error.
func (e *Engine) Exec(ctx context.Context, id string, command ...string) (string, error) {
	made, err := e.client.ContainerExecCreate(ctx, id, container.ExecOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return "", err
	}
	attached, err := e.client.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return "", err
	}
	defer attached.Close()
	var out, errs bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &errs, attached.Reader); err != nil {
		return "", err
	}
	ended, err := e.client.ContainerExecInspect(ctx, made.ID)
	if err != nil {
		return "", err
	}
	if ended.ExitCode != 0 {
		return out.String(), fmt.Errorf("%q in %.12s: exit code %d: %s", command, id, ended.ExitCode, bytes.TrimSpace(errs.Bytes()))
	}
	return out.String(), nil
}
