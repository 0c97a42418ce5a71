package docker

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// byProcesses is a source that also reads traffic from the kernel's files: it sees processes and files as the engine itself
// sees them.
func byProcesses(t *testing.T, e *dockertest.Engine, r engine.Replica) *Source {
	t.Helper()
	s := byFiles(t, e, r)
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		text, _ := os.ReadFile(path) // it may have ended
		arguments := bytes.Split(text, []byte{0})
		if filepath.Base(string(arguments[0])) == "dockerd" && bytes.Contains(text, []byte(e.Host())) {
			s.machine = os.DirFS(filepath.Join(filepath.Dir(path), "root"))
			return s
		}
	}
	missing(t, "the engine's process can't be found here")
	return nil
}

// TestLiveBothWaysCount reads a busy container by the files, by the engine and by the files again: what the engine counts
// lies between.
func TestLiveBothWaysCount(t *testing.T) {
	e := live.Engine(t)
	r := run(t, e, 1, container.Resources{NanoCPUs: 5e8, Memory: 96 << 20}, "ALLOCATE_MB=48")[0]
	api, files := byEngine(t, e), byProcesses(t, e, r)
	burn(t, e, r, 1)
	fetch := func() { send(t, e, r, address(t, e, r), 1000) }
	found, err := files.settings(t.Context(), r, time.Now(), true)
	if err != nil {
		t.Fatal(err)
	}
	read := func() (reading, uint64) {
		t.Helper()
		traffic, err := fromProcess(files.machine, r.ID, found)
		if err != nil {
			t.Fatal(err)
		}
		now, err := fromFiles(files.machine, r.ID, found.parent)
		if err != nil {
			t.Fatal(err)
		}
		return now, traffic
	}
	compared := 0
	for begun := time.Now(); compared < 5; {
		if time.Since(begun) > time.Minute {
			t.Fatal("the engine answers nothing but old readings")
		}
		before, trafficBefore := read()
		fetch()
		answer, err := api.look(t.Context(), r, time.Now(), false).answer()
		if err != nil || answer == nil {
			t.Fatalf("%+v, %v", answer, err)
		}
		fetch()
		after, trafficAfter := read()
		if answer.at.read.Before(before.at.read) { // an old engine's answer may be from before it was asked
			continue
		}
		compared++
		for _, c := range []struct {
			name                string
			before, said, after uint64
		}{
			{"CPU time", before.cpu, answer.cpu, after.cpu},
			{"periods", before.periods, answer.periods, after.periods},
			{"throttled", before.throttled, answer.throttled, after.throttled},
			{"traffic", trafficBefore, answer.traffic, trafficAfter},
		} {
			if c.said < c.before || c.said > c.after {
				t.Errorf("%s is %d by the files, then %d by the engine, then %d by the files", c.name, c.before, c.said, c.after)
			}
		}
		filled, err := after.inUse()
		said, err2 := answer.inUse()
		if apart := int64(filled) - int64(said); err != nil || err2 != nil || max(apart, -apart) > 4<<20 {
			t.Errorf("memory in use: %d bytes by the files, %d by the engine, %v, %v", filled, said, err, err2)
		}
		if after.limit != answer.limit || after.online != answer.online || after.limit != 96<<20 {
			t.Errorf("limit and CPUs: %d and %v by the files, %d and %v by the engine", after.limit, after.online, answer.limit, answer.online)
		}
	}
}

// A container without a limit may use what the machine has, by both ways.
func TestLiveNoLimit(t *testing.T) {
	e := live.Engine(t)
	r := run(t, e, 1, container.Resources{})[0]
	now, err := byFiles(t, e, r).look(t.Context(), r, time.Now(), false).files()
	if err != nil {
		t.Fatal(err)
	}
	total, err := byEngine(t, e).host(t.Context())
	if err != nil || now.limit != total {
		t.Errorf("%d bytes by the files, %d by the engine, %v", now.limit, total, err)
	}
}

func TestLiveBelowAParent(t *testing.T) {
	e := live.Engine(t)
	parent := "flyball-test-" + strconv.Itoa(os.Getpid())
	t.Cleanup(func() { // the engine leaves it behind
		for _, pattern := range []string{"/sys/fs/cgroup/*/", "/sys/fs/cgroup/"} {
			left, _ := filepath.Glob(pattern + parent)
			for _, cgroup := range left {
				os.Remove(cgroup)
			}
		}
	})
	r := runAs(t, e, 1, container.HostConfig{Resources: container.Resources{CgroupParent: "/" + parent}})[0]
	s := byFiles(t, e, r)
	if got := sample(t, s, "memory", r); got <= 0 {
		t.Errorf("%v %% of memory", got)
	}
	t.Log(s.Reads(t.Context(), engine.Service{Replicas: []engine.Replica{r}}))
}

// The engine's containers are in another process namespace than the test: a process id of theirs must not be looked up in
// ours.
func TestLiveOtherProcessNamespace(t *testing.T) {
	e := live.Engine(t)
	r := run(t, e, 1, container.Resources{})[0]
	s := byFiles(t, e, r)
	found, err := s.settings(t.Context(), r, time.Now(), true)
	if err != nil || found.pid == 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	named, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", found.pid))
	if strings.Contains(string(named), r.ID) {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no engine in a process namespace of its own")
		}
		t.Skip("there is no engine in a process namespace of its own: unset FLYBALL_TEST_DOCKER_HOST")
	}
	if total, err := fromProcess(s.machine, r.ID, found); err == nil {
		t.Errorf("%d bytes of another process are taken for the container's", total)
	}
}

// TestLiveRestartedContainer: the counters of a restarted container begin anew, by either way, and what it did before is
// not taken for what it does now.
func TestLiveRestartedContainer(t *testing.T) {
	e := live.Engine(t)
	r := run(t, e, 1, container.Resources{})[0]
	burning := burn(t, e, r, 1)
	all := map[string]*Source{"files": byFiles(t, e, r), "engine": byEngine(t, e)}
	cpu := func(s *Source) []engine.Sample {
		t.Helper()
		samples, err := s.Sample(t.Context(), both[:1], engine.Service{Replicas: []engine.Replica{r}})
		if err != nil {
			t.Fatal(err)
		}
		return samples
	}
	for _, s := range all {
		for len(cpu(s)) == 0 || sample(t, s, "cpu", r) < 10 {
			if burning.Err() != nil {
				t.Fatal("nothing burns")
			}
		}
	}
	now := 0
	if err := e.Client().ContainerRestart(t.Context(), r.ID, container.StopOptions{Timeout: &now}); err != nil {
		t.Fatal(err)
	}
	for name, s := range all {
		if samples := cpu(s); len(samples) != 0 {
			t.Errorf("%s: right after a restart %+v, want none", name, samples)
		}
	}
}
