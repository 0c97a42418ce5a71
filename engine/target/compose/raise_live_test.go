package compose

import (
	"context"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const plainFile = "services:\n  web:\n    image: $IMAGE\n"

func TestLive01RaisedReplicasBelongToCompose(t *testing.T) {
	s := up(t, plainFile)
	var logs lines
	follow := exec.Command("docker", "-H", s.engine.Host(), "compose", "-p", s.project, "logs", "-f")
	follow.Dir, follow.Stdout, follow.Stderr = s.dir, &logs, &logs
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { follow.Process.Kill(); follow.Wait() }()
	s.until("logs -f shows the first replica", func() bool { return strings.Contains(logs.String(), "web-1") })

	s.scale(1, 3, engine.Succeeded, 3)
	if got := len(strings.Fields(s.compose("ps", "-q"))); got != 3 {
		t.Errorf("compose ps shows %d replicas, want 3", got)
	}
	s.mentions(s.compose("logs"), "web-1", "web-2", "web-3")
	s.mentions(s.compose("ls", "--filter", "name="+s.project), "running(3)")
	// Compose asks for what was printed since the start time, which the first lines may precede: print more.
	s.mustRun("2", "get", "http://127.0.0.1:8080/")
	s.mustRun("3", "get", "http://127.0.0.1:8080/")
	s.until("logs -f follows the new replicas", func() bool {
		return strings.Contains(logs.String(), "web-2") && strings.Contains(logs.String(), "web-3")
	})
	if v := s.observe(); v.Ready() != 3 || v.Project != s.project || v.Rollout != "" {
		t.Errorf("observed %+v, want 3 ready replicas", v)
	}
}

// lines collects what a command prints.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestLive02UpToTheSameScaleRecreatesNothing(t *testing.T) {
	s := up(t, `
services:
  web:
    image: $IMAGE
    networks: {front: {aliases: [shop]}, back: {}}
    ports: ["8080"]
    volumes: ["shared:/shared", "./:/bound", /anonymous]
    depends_on: [db]
    labels: {mine: kept}
  db: {image: $IMAGE, networks: [back]}
networks: {front: {}, back: {}}
volumes: {shared: {}}
`)
	t.Cleanup(func() { s.engine.Client().VolumeRemove(context.Background(), s.project+"_shared", true) })
	s.scale(1, 3, engine.Succeeded, 3)
	before := s.ids()
	s.compose("up", "-d", "--scale", "web=3")
	if after := s.ids(); !slices.Equal(before, after) {
		t.Errorf("compose up recreated replicas:\nbefore %v\nafter  %v", before, after)
	}
}

func TestLive06ClonesAnswerToTheirOwnNames(t *testing.T) {
	s := up(t, plainFile)
	s.scale(1, 2, engine.Succeeded, 2)
	first, second := s.mustRun("1", "lookup", s.name("1")), s.mustRun("2", "lookup", s.name("2"))
	if first == second || strings.Contains(first+second, "\n") {
		t.Fatalf("own names: replica 1 is %q, replica 2 is %q", first, second)
	}
	if got := strings.Fields(s.mustRun("1", "lookup", "web")); len(got) != 2 {
		t.Errorf("the service's name leads to %v, want both replicas", got)
	}
	id := s.containers()[s.name("1")].ID
	if got := s.mustRun("2", "lookup", docker.Short(id)); got != first {
		t.Errorf("the template's short id leads to %q, want %q", got, first)
	}
	host := s.mustRun("2", "get", "http://127.0.0.1:8080/")
	if want := docker.Short(s.containers()[s.name("2")].ID); host != want {
		t.Errorf("the clone's host name is %s, want its own short id %s", host, want)
	}
}

func TestLive07TenClonesHaveAddressesOfTheirOwn(t *testing.T) {
	s := up(t, plainFile)
	s.scale(1, 11, engine.Succeeded, 11)
	seen := map[string]string{}
	for name, c := range s.containers() {
		for _, e := range c.NetworkSettings.Networks {
			for _, address := range []string{e.MacAddress, e.IPAddress} {
				if other, found := seen[address]; found || address == "" {
					t.Errorf("%s and %s share the address %q", name, other, address)
				}
				seen[address] = name
			}
		}
	}
}

func TestLive08SeveralNetworks(t *testing.T) {
	s := up(t, `
services:
  web:
    image: $IMAGE
    networks: {front: {aliases: [shop]}, back: {}}
  db: {image: $IMAGE, networks: [back]}
  edge: {image: $IMAGE, networks: [front]}
networks: {front: {}, back: {}}
`)
	s.scale(1, 2, engine.Succeeded, 2)
	networks := slices.Sorted(maps.Keys(s.containers()[s.name("2")].NetworkSettings.Networks))
	if want := []string{s.project + "_back", s.project + "_front"}; !slices.Equal(networks, want) {
		t.Errorf("the clone is in %v, want %v", networks, want)
	}
	s.mustRun("2", "get", "http://db:8080/")
	s.mustRun("2", "get", "http://edge:8080/")
	for service, alias := range map[string]string{"edge": "shop", "db": "web"} {
		out, err := s.engine.Exec(t.Context(), s.project+"-"+service+"-1", "/service", "lookup", alias)
		if err != nil || len(strings.Fields(out)) != 2 {
			t.Errorf("%s finds %q under %s (%v), want two addresses", service, out, alias, err)
		}
	}
}

func TestLive09AnonymousVolumesAreNotShared(t *testing.T) {
	shared.Engine(t).Build(t, volumeImage, dockertest.Program, dockertest.Plain+"VOLUME /data\n")
	s := up(t, "services:\n  web:\n    image: "+volumeImage+"\n    volumes: [/more]\n")
	s.compose("up", "-d", "--wait", "--force-recreate") // hands its volumes down to the new container
	s.mustRun("1", "write", "/data/mine", "x")
	s.mustRun("1", "write", "/more/mine", "x")
	s.scale(1, 2, engine.Succeeded, 2)
	for _, dir := range []string{"/data", "/more"} {
		if _, err := s.run("2", "read", dir+"/mine"); err == nil {
			t.Errorf("the clone sees what the template wrote in %s", dir)
		}
		s.mustRun("2", "write", dir+"/mine", "y")
		if got := s.mustRun("1", "read", dir+"/mine"); got != "x" {
			t.Errorf("the template's %s holds %q", dir, got)
		}
	}

	var volumes []string
	for _, m := range s.containers()[s.name("2")].Mounts {
		volumes = append(volumes, m.Name)
	}
	s.scale(2, 1, engine.Succeeded, 1)
	for _, v := range volumes {
		if _, err := s.engine.Client().VolumeInspect(t.Context(), v); err == nil {
			t.Errorf("volume %s of the removed clone is still there", v)
		}
	}
	if got := s.mustRun("1", "read", "/data/mine"); got != "x" {
		t.Errorf("the template's volume holds %q after the clone is gone", got)
	}
}

func TestLive10NamedVolumesAndBindsAreShared(t *testing.T) {
	s := up(t, `
services:
  web:
    image: $IMAGE
    volumes: ["shared:/shared", "./:/bound"]
volumes: {shared: {}}
`)
	t.Cleanup(func() { s.engine.Client().VolumeRemove(context.Background(), s.project+"_shared", true) })
	s.scale(1, 2, engine.Succeeded, 2)
	for _, dir := range []string{"/shared", "/bound"} {
		s.mustRun("1", "write", dir+"/note", "from 1")
		if got := s.mustRun("2", "read", dir+"/note"); got != "from 1" {
			t.Errorf("the clone reads %q in %s", got, dir)
		}
	}
}

func TestLive11InlineConfigsAndSecretsAreInTheClone(t *testing.T) {
	t.Setenv("FLYBALL_TEST_SECRET", "hush") // no t.Parallel with this
	s := upOn(t, shared.Engine(t), `
services:
  web:
    image: $IMAGE
    configs: [{source: plain}, {source: placed, target: /etc/app/deep/placed.conf, mode: 0440}]
    secrets: [token]
configs:
  plain: {content: "one"}
  placed: {content: "two"}
secrets:
  token: {environment: FLYBALL_TEST_SECRET}
`)
	s.mustRun("1", "write", "/cache", "what the program wrote itself")
	s.scale(1, 2, engine.Succeeded, 2)
	s.compose("stop")
	s.compose("start")
	if err := s.engine.Client().ContainerRemove(t.Context(), s.name("1"), container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	s.scale(1, 2, engine.Succeeded, 2) // a clone of the clone
	for _, number := range []string{"2", "3"} {
		for path, want := range map[string]string{"/plain": "one", "/etc/app/deep/placed.conf": "two", "/run/secrets/token": "hush"} {
			if got, err := s.run(number, "read", path); got != want {
				t.Errorf("replica %s reads %q in %s (%v), want %q", number, got, path, err, want)
			}
		}
		if _, err := s.run(number, "read", "/cache"); err == nil {
			t.Errorf("replica %s has a file that the template wrote itself", number)
		}
	}
}

func TestLive12WhatCanExistOnceIsRefused(t *testing.T) {
	cases := map[string]struct {
		service, mentions string
		fallback          bool // the other driver may help
	}{
		"fixed port":      {"ports: ['18080:8080']", "host port 18080 is fixed", false},
		"container_name":  {"container_name: flyball-only-one", "container_name", false},
		"static address":  {"networks: {net: {ipv4_address: 10.93.7.9}}", "ipv4_address", false},
		"host network":    {"network_mode: host", "network_mode: host", true},
		"another's ports": {"network_mode: 'service:other'", "network_mode: service", true},
		"mac address":     {"mac_address: 02:42:ac:11:65:43", "mac_address", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			file := "services:\n  other: {image: $IMAGE, entrypoint: [/service, idle]}\n  web:\n    image: $IMAGE\n    " + c.service +
				"\nnetworks: {net: {ipam: {config: [{subnet: 10.93.7.0/24}]}}}\n"
			s := up(t, file)
			p, before := s.proxied(), s.ids()
			out := s.scale(1, 2, engine.Failed, 1)
			s.mentions(out.Error, c.mentions)
			if strings.Contains(out.Error, fallback) != c.fallback {
				t.Errorf("it names the other driver: %t, want %t: %s", !c.fallback, c.fallback, out.Error)
			}
			if n := p.Seen("POST", creating); n != 0 {
				t.Errorf("%d containers were created", n)
			}
			if after := s.ids(); !slices.Equal(before, after) {
				t.Errorf("before %v, after %v", before, after)
			}
		})
	}
}

func TestLive13PortRange(t *testing.T) {
	s := up(t, "services:\n  web:\n    image: $IMAGE\n    ports: ['18100-18104:8080']\n")
	s.scale(1, 5, engine.Succeeded, 5)
	out := s.scale(5, 6, engine.RolledBack, 5)
	s.mentions(out.Error, "no host port is free")
	if got := len(s.containers()); got != 5 {
		t.Errorf("%d containers are left, want 5", got)
	}
	s.scale(5, 2, engine.Succeeded, 2)
	s.scale(2, 6, engine.Partial, 5) // three fit, one does not
}

func TestLive14AClonedImageDoesNotMoveWithItsTag(t *testing.T) {
	e := shared.Engine(t)
	tag := "flyball-compose/moving"
	e.Build(t, tag, dockertest.Program, dockertest.Plain+"ENV VERSION=1\n")
	s := up(t, "services:\n  web:\n    image: "+tag+"\n")
	e.Build(t, tag, dockertest.Program, dockertest.Plain+"ENV VERSION=2\n")
	s.scale(1, 2, engine.Succeeded, 2)
	all := s.containers()
	if got, want := all[s.name("2")].Image, all[s.name("1")].Image; got != want {
		t.Errorf("the clone runs image %s, want the template's %s", got, want)
	}
}

func TestLive15RemovedImageName(t *testing.T) {
	e := shared.Engine(t)
	tag := "flyball-compose/removed"
	e.Build(t, tag, dockertest.Program, dockertest.Plain+"ENV REMOVED=1\n")
	s := up(t, "services:\n  web:\n    image: "+tag+"\n")
	if _, err := e.Client().ImageRemove(t.Context(), tag, image.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	s.scale(1, 2, engine.Succeeded, 2)

	// The engine keeps an image that containers use, so the proxy says that it is gone.
	p, before := s.proxied(), s.ids()
	p.Fault(dockertest.Fault{Path: "^/images/", Do: dockertest.Answer(404, "No such image")})
	s.mentions(s.scale(2, 4, engine.Failed, 2).Error, "image "+tag+" (sha256:", "is gone from the engine; build or pull it", fallback)
	p.Release()
	p.Fault(dockertest.Fault{Method: "POST", Path: creating, Do: dockertest.Answer(404, "No such image")}) // meanwhile
	s.mentions(s.scale(2, 4, engine.Failed, 2).Error, "No such image")
	if after := s.ids(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestLiveATakenNameIsPassedOver(t *testing.T) {
	s := up(t, plainFile)
	taken, err := s.engine.Client().ContainerCreate(t.Context(), &container.Config{Image: plainImage}, nil, nil, nil, s.name("2"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.engine.Client().ContainerRemove(context.Background(), taken.ID, container.RemoveOptions{})
	s.scale(1, 3, engine.Succeeded, 3)
	s.expectNumbers("1", "3", "4")
}
