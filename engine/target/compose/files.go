package compose

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine/target/docker"
)

// Compose copies configs and secrets that have no file on the host (content, environment) into a container between its
// creation and its start. Inspect does not show them: they are told from what the container wrote itself by the place
// of secrets, and by the time stamp, which compose writes in whole seconds and programs do not. What was unpacked from an
// archive has whole seconds as well, and mostly of another time. A file that is taken for one of compose's by mistake is
// copied too, which is a lesser evil than a replica without its configuration.
const (
	secretsDir = "run/secrets/"
	most       = 10_000          // changed paths to look at
	largest    = 1 << 20         // bytes of all files together
	skew       = 5 * time.Minute // between the clocks of the engine and of whoever ran compose
)

// injected is an archive, for the root folder, of the files that compose copied into the template; empty for none.
func (t *Target) injected(ctx context.Context, c container.InspectResponse) ([]byte, error) {
	if c.HostConfig.ReadonlyRootfs {
		return nil, nil // compose refuses to copy into these
	}
	diff, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	changes, err := t.docker.ContainerDiff(diff, c.ID)
	if err != nil {
		return nil, t.unread(docker.ListChanges, "look for inline configs and secrets in "+docker.Short(c.ID), err)
	}
	paths := candidates(changes, mountPoints(c))
	if len(paths) > most {
		return nil, fmt.Errorf("container %s has changed %d files of its own, too many to look for inline configs and secrets among them; have it write to a volume, or %s", docker.Short(c.ID), len(paths), fallback)
	}
	times, err := injection(c)
	if err != nil {
		return nil, err
	}

	files := make([]bool, len(paths))
	errs := make([]error, len(paths))
	each(len(paths), func(i int) {
		stat, cancel := context.WithTimeout(ctx, inspectDeadline)
		defer cancel()
		s, err := t.docker.ContainerStatPath(stat, c.ID, "/"+paths[i])
		if errdefs.IsNotFound(err) { // the container removed it meanwhile: a file of its own
			return
		}
		if err != nil {
			errs[i] = t.unread(docker.LookAtFile, "look at /"+paths[i]+" in "+docker.Short(c.ID), err)
			return
		}
		files[i] = times.copied(paths[i], s)
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t.fetch(ctx, c.ID, paths, files)
}

// unread says what to do where the files of a container can't be read. Without them a replica might lack a secret, and
// nothing tells a service that has none.
func (t *Target) unread(call docker.Call, doing string, err error) error {
	explained := t.docker.Explain(call, doing, err)
	switch {
	case errdefs.IsPermissionDenied(err):
		return fmt.Errorf("%w; a new replica must have the inline configs and secrets of the others: allow %s, %s, %s and %s, or %s",
			explained, docker.ListChanges, docker.LookAtFile, docker.ReadFile, docker.WriteFiles, fallback)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w; or %s", explained, fallback)
	}
	return explained
}

// candidates are the changed paths, without leading slash, that may be files of compose.
func candidates(changes []container.FilesystemChange, mounts []string) []string {
	parents := map[string]bool{}
	for _, change := range changes {
		if i := strings.LastIndex(change.Path, "/"); i > 0 {
			parents[change.Path[:i]] = true
		}
	}
	var paths []string
	for _, change := range changes {
		mounted := slices.ContainsFunc(mounts, func(m string) bool {
			return change.Path == m || strings.HasPrefix(change.Path, strings.TrimSuffix(m, "/")+"/")
		})
		if change.Kind != container.ChangeDelete && !parents[change.Path] && !mounted {
			paths = append(paths, strings.TrimPrefix(change.Path, "/"))
		}
	}
	return paths
}

// span is a stretch of time.
type span struct{ from, to time.Time }

// injection is when compose may have copied files into a container: before it started, or if it started more than once,
// before the last time.
func injection(c container.InspectResponse) (span, error) {
	created, err := time.Parse(time.RFC3339Nano, c.Created)
	if err != nil {
		return span{}, fmt.Errorf("creation time of %s: %w", c.Name, err)
	}
	started, err := time.Parse(time.RFC3339Nano, c.State.StartedAt)
	if err != nil {
		return span{}, fmt.Errorf("start time of %s: %w", c.Name, err)
	}
	return span{created.Add(-skew), started.Add(skew)}, nil
}

// copied says whether a changed path is a file that compose put there.
func (t span) copied(path string, s container.PathStat) bool {
	if !s.Mode.IsRegular() {
		return false
	}
	return strings.HasPrefix(path, secretsDir) || s.Mtime.Nanosecond() == 0 && s.Mtime.After(t.from) && s.Mtime.Before(t.to)
}

// mountPoints are the places in a container that are not part of its own file system.
func mountPoints(c container.InspectResponse) []string {
	var points []string
	for _, m := range c.Mounts {
		points = append(points, m.Destination)
	}
	for point := range c.HostConfig.Tmpfs {
		points = append(points, point)
	}
	return points
}

// fetch reads the chosen files of a container into one archive with full paths. The engine makes missing folders when it
// unpacks that at the root; at the file's own folder it would refuse. The time stamp is new, so that a clone of the clone
// finds them again.
func (t *Target) fetch(ctx context.Context, id string, paths []string, chosen []bool) ([]byte, error) {
	if !slices.Contains(chosen, true) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for i, path := range paths {
		if !chosen[i] {
			continue
		}
		if err := t.copyFile(ctx, w, id, path, largest-archive.Len()); err != nil {
			return nil, t.unread(docker.ReadFile, "read inline config or secret /"+path+" of "+docker.Short(id), err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

func (t *Target) copyFile(ctx context.Context, w *tar.Writer, id, path string, left int) error {
	body, _, err := t.docker.CopyFromContainer(ctx, id, "/"+path)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	r := tar.NewReader(body)
	header, err := r.Next()
	if err != nil {
		return err
	}
	if header.Size > int64(left) {
		return fmt.Errorf("it has %d bytes, and up to %d in all are copied into a new replica; mount it from a file, or %s", header.Size, largest, fallback)
	}
	err = w.WriteHeader(&tar.Header{
		Name: path, Size: header.Size, Mode: header.Mode, Uid: header.Uid, Gid: header.Gid, ModTime: time.Now(),
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}
