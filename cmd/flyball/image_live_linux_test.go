package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
)

const flyballImage = "flyball-live/flyball"

// It is up at night, too, by the time of a place.
const inPrague = atLeastTwo + `
policies: web: schedule: [{from: "00:00", to: "24:00", timeZone: "Europe/Prague", minReplicas: 2}]
config: api: {listen: "0.0.0.0:5001", tlsCert: "/flyball/config/autoscaling/cert.pem", tlsKey: "/flyball/config/autoscaling/key.pem"}
`

// The image as make builds it does its work with as little as it may have: no capability, no root, nothing to write to but its
// state.
func TestLiveImage(t *testing.T) {
	t.Parallel()
	e := shared.Engine(t)
	stage := t.TempDir()
	pack := exec.Command("make", "-s", "packed", "STAGE="+stage, "IMAGE="+flyballImage, "RELEASE=v9.8.7", "VCS=false")
	pack.Dir, pack.Env = "../..", append(os.Environ(), "DOCKER_HOST="+e.Host())
	if text, err := pack.CombinedOutput(); err != nil {
		t.Fatalf("make packed: %v\n%s", err, text)
	}
	i := &imaged{site: open(t, e, plainFile, inPrague)}
	i.name = i.project + "-flyball"
	i.Cleanup(i.removeImaged)
	cert, key := newAuthority(i.site).issue(2)
	i.write("cert.pem", cert)
	i.write("key.pem", key)
	if err := errors.Join(os.Chmod(i.dir, 0o755), i.readable()); err != nil {
		t.Fatal(err)
	}
	i.holdsNothingElse()

	i.up()
	i.until("it is healthy", i.healthy)
	i.until("it has scaled", func() bool { return strings.Contains(i.in("history"), "succeeded") })
	i.until("it reads what the engine measures", func() bool { return strings.Contains(i.in("metrics", "web", "-o", "json"), `"status": "ok"`) })
	i.mentions(i.in("version"), "flyball v9.8.7 ", " linux/")
	i.mentions(strings.Join(strings.Fields(i.docker("top", i.name, "-eo", "pid,uid,args")), " "), " 65532 flyball run")
	i.in("validate")
	i.mentions(i.in("version", "--sbom"), "pkg:golang/golang.org/x/crypto/x509roots/fallback@")
	i.strangersAreNotTrusted()

	i.down()
	i.up()
	i.until("it is healthy again", i.healthy)
	i.mentions(i.in("history"), "succeeded")
	i.down()
}

// imaged is a site whose daemon runs in a container.
type imaged struct {
	*site
	name string
}

func (i *imaged) docker(args ...string) string {
	i.Helper()
	return i.engine.Docker(i, i.dir, args...)
}

// in runs a verb in the container, and answers what it printed on standard output.
func (i *imaged) in(args ...string) string {
	i.Helper()
	out, err := i.engine.Exec(context.Background(), i.name, append([]string{"flyball"}, args...)...)
	if err != nil {
		i.Fatal(err)
	}
	return out
}

func (i *imaged) up() {
	i.Helper()
	socket := strings.TrimPrefix(i.host, "unix://")
	info, err := os.Stat(socket)
	if err != nil {
		i.Fatal(err)
	}
	i.docker("run", "-d", "--name", i.name, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--group-add", fmt.Sprint(info.Sys().(*syscall.Stat_t).Gid), "-v", socket+":/var/run/docker.sock",
		"-v", i.dir+":/flyball/config/autoscaling:ro", "-v", i.name+":/flyball/.flyball", "--health-interval", "1s",
		"-e", "AUTOSCALING_ENABLED=true", "-e", "MIN_AVAILABLE_MEMORY_MB=0", flyballImage+":v9.8.7")
}

// down stops the container as an orderly end of it does, and removes it.
func (i *imaged) down() {
	i.Helper()
	i.docker("stop", "-t", "60", i.name)
	if code := i.docker("inspect", "-f", "{{.State.ExitCode}}", i.name); code != "0" {
		i.Errorf("it ended with %s\n%s", code, i.docker("logs", i.name))
	}
	i.docker("rm", i.name)
}

func (i *imaged) removeImaged() {
	if i.Failed() {
		logs, _ := exec.Command("docker", "-H", i.host, "logs", i.name).CombinedOutput()
		i.Logf("the daemon said:\n%s", logs)
	}
	ctx, client := context.Background(), i.engine.Client()
	_ = client.ContainerRemove(ctx, i.name, container.RemoveOptions{Force: true}) // it may be gone
	_ = client.VolumeRemove(ctx, i.name, true)
}

func (i *imaged) healthy() bool {
	return i.docker("inspect", "-f", "{{.State.Health.Status}}", i.name) == "healthy"
}

// readable lets user 65532 read the site.
func (i *imaged) readable() error {
	files, err := filepath.Glob(filepath.Join(i.dir, "*"))
	for _, file := range files {
		err = errors.Join(err, os.Chmod(file, 0o644))
	}
	return err
}

// strangersAreNotTrusted has the container ask its own API by TLS.
func (i *imaged) strangersAreNotTrusted() {
	i.Helper()
	_, err := i.engine.Exec(context.Background(), i.name, "flyball", "health", "--url", "https://127.0.0.1:5001")
	if err == nil || !strings.Contains(err.Error(), "unknown authority; name the file of its authority with --ca-file") {
		i.Errorf("a certificate of an authority that nobody knows: %v", err)
	}
	i.mentions(i.in("health", "--url", "https://127.0.0.1:5001", "--ca-file", "config/autoscaling/ca.pem"), "well: loop")
}

// holdsNothingElse looks at every file of the image, and at what it says of itself.
func (i *imaged) holdsNothingElse() {
	i.Helper()
	id := i.docker("create", flyballImage)
	defer i.docker("rm", "-v", id)
	archive, err := i.engine.Client().ContainerExport(context.Background(), id)
	if err != nil {
		i.Fatal(err)
	}
	defer archive.Close()
	var found []string
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			i.Fatal(err)
		}
		top, _, _ := strings.Cut(h.Name, "/")
		if !slices.Contains([]string{".dockerenv", "dev", "etc", "proc", "sys"}, top) { // those the engine adds
			found = append(found, fmt.Sprintf("%s %d:%d %o", h.Name, h.Uid, h.Gid, h.Mode&0o777))
		}
	}
	want := []string{"bin/ 0:0 755", "bin/flyball 0:0 755", "flyball/ 65532:65532 755", "flyball/.flyball/ 65532:65532 700"}
	if !slices.Equal(found, want) {
		i.Errorf("the image has %q, want %q", found, want)
	}
	var c struct {
		User, StopSignal string
		Labels           map[string]string
	}
	if err := json.Unmarshal([]byte(i.docker("image", "inspect", "-f", "{{json .Config}}", flyballImage)), &c); err != nil {
		i.Fatal(err)
	}
	if c.User != "65532:65532" || c.StopSignal != "SIGTERM" || c.Labels["org.opencontainers.image.version"] != "v9.8.7" {
		i.Errorf("the image says of itself %+v", c)
	}
}
