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

	"github.com/docker/docker/api/types/container"
)

// Compose copies configs and secrets that have no file on the host (content, environment) into a container between its
// creation and its start. Inspect does not show them: they are told from what the container wrote itself by the place
// of secrets, and by the time stamp, which compose writes in whole seconds and programs do not.
const (
	secretsDir = "run/secrets/"
	most       = 2000    // changed paths to look at
	largest    = 1 << 20 // bytes of one file
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
		return nil, t.explain("look for inline configs and secrets in "+short(c.ID), err)
	}
	paths := candidates(changes, mountPoints(c))
	if len(paths) > most {
		t.log.Warn("too many changed files to look for inline configs in all of them", "container", c.Name, "changed", len(paths), "looked", most)
		paths = paths[:most]
	}
	created, err := time.Parse(time.RFC3339Nano, c.Created)
	if err != nil {
		return nil, fmt.Errorf("creation time of %s: %w", c.Name, err)
	}

	files := make([]bool, len(paths))
	errs := make([]error, len(paths))
	each(len(paths), func(i int) {
		stat, cancel := context.WithTimeout(ctx, inspectDeadline)
		defer cancel()
		s, err := t.docker.ContainerStatPath(stat, c.ID, "/"+paths[i])
		if err != nil {
			errs[i] = t.explain("look at /"+paths[i]+" in "+short(c.ID), err)
			return
		}
		files[i] = copied(paths[i], s, created)
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t.fetch(ctx, c.ID, paths, files)
}

// candidates are the changed paths, without leading slash, that may be files of compose: the shallow ones first.
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
	slices.SortStableFunc(paths, func(a, b string) int {
		return depth(a) - depth(b)
	})
	return paths
}

// depth sorts secrets before everything else.
func depth(path string) int {
	if strings.HasPrefix(path, secretsDir) {
		return -1
	}
	return strings.Count(path, "/")
}

// copied says whether a changed path is a file that compose put there.
func copied(path string, s container.PathStat, created time.Time) bool {
	if !s.Mode.IsRegular() {
		return false
	}
	const rounding = 2 * time.Second // of the stamp to a whole second, and then some
	return strings.HasPrefix(path, secretsDir) || s.Mtime.Nanosecond() == 0 && s.Mtime.After(created.Add(-rounding))
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
		if err := t.copyFile(ctx, w, id, path); err != nil {
			return nil, t.explain("read inline config or secret /"+path+" of "+short(id), err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

func (t *Target) copyFile(ctx context.Context, w *tar.Writer, id, path string) error {
	body, _, err := t.docker.CopyFromContainer(ctx, id, "/"+path)
	if err != nil {
		return err
	}
	defer body.Close()
	r := tar.NewReader(body)
	header, err := r.Next()
	if err != nil {
		return err
	}
	if header.Size > largest {
		return fmt.Errorf("it has %d bytes, and a file of up to %d is copied into a new replica; mount it from a file instead", header.Size, largest)
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
