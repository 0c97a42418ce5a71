package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

var live dockertest.Shared

func TestMain(m *testing.M) { defer live.Stop(); m.Run() }

const image = "flyball-test/metrics"

// run starts containers of the test service.
func run(tb testing.TB, e *dockertest.Engine, n int, limits container.Resources, environment ...string) []engine.Replica {
	tb.Helper()
	return runAs(tb, e, n, container.HostConfig{Resources: limits}, environment...)
}

func runAs(tb testing.TB, e *dockertest.Engine, n int, as container.HostConfig, environment ...string) []engine.Replica {
	tb.Helper()
	e.Build(tb, image, dockertest.Program, dockertest.Plain)
	var all []engine.Replica
	for i := range n {
		ctx := tb.Context()
		made, err := e.Client().ContainerCreate(ctx, &container.Config{Image: image, Env: environment}, &as, nil, nil, "")
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			e.Client().ContainerRemove(context.WithoutCancel(ctx), made.ID, container.RemoveOptions{Force: true})
		})
		if err := e.Client().ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
			tb.Fatal(err)
		}
		all = append(all, engine.Replica{ID: made.ID, Name: fmt.Sprint("web-", i+1)})
	}
	return all
}

func source(tb testing.TB, host string) *Source {
	tb.Helper()
	s, err := New(host, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// byEngine is a source that reads nothing but the Engine API.
func byEngine(tb testing.TB, e *dockertest.Engine) *Source {
	tb.Helper()
	s := source(tb, e.Host())
	s.machine = nil
	return s
}

// byFiles is a source that reads the kernel's files of this container. Where they can't be read the test is skipped.
func byFiles(tb testing.TB, e *dockertest.Engine, r engine.Replica) *Source {
	tb.Helper()
	s := source(tb, e.Host())
	if reads := s.Reads(tb.Context(), engine.Service{Replicas: []engine.Replica{r}}); reads == engineAPI.String() {
		missing(tb, "the cgroup files of the engine's containers can't be read here")
	}
	return s
}

func missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("CI") == "true" && os.Getenv("FLYBALL_TEST_DOCKER_HOST") == "" {
		tb.Fatal(what)
	}
	tb.Skip(what)
}

// burn keeps so many cores of a container busy, until the test ends.
func burn(t *testing.T, e *dockertest.Engine, r engine.Replica, cores int) context.Context {
	t.Helper()
	burning, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(stop)
	for range cores {
		go e.Exec(burning, r.ID, "/service", "get", "http://127.0.0.1:8080/burn?ms=180000")
	}
	return burning
}

// sample takes one sample of one replica, 0 where there is none yet.
func sample(t *testing.T, s *Source, kind string, r engine.Replica) float64 {
	t.Helper()
	samples, err := s.Sample(t.Context(), []engine.Metric{{Name: kind, Type: kind, Source: "system"}}, engine.Service{Replicas: []engine.Replica{r}})
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) == 0 {
		return 0
	}
	return samples[0].Value
}

// TestLive24OneShotCPUAsDockerSays burns one and a half cores, and compares two sweeps by each way with the figures of
// docker stats for the seconds between them.
func TestLive24OneShotCPUAsDockerSays(t *testing.T) {
	e := live.Engine(t)
	r := run(t, e, 1, container.Resources{NanoCPUs: 15e8})[0]
	api, files := byEngine(t, e), byFiles(t, e, r)
	burning := burn(t, e, r, 2)
	for sample(t, api, "cpu", r) < 20 { // a busy machine may not have more to give
		if burning.Err() != nil {
			t.Fatal("nothing burns")
		}
	}
	// A busy machine burns unevenly, and the ends of the looks lie up to a second apart: the longer the looks, the less
	// that weighs.
	var ours, read, docker float64
	for frames := 6; frames < 60 && burning.Err() == nil; frames *= 2 {
		sample(t, files, "cpu", r)
		sample(t, api, "cpu", r)
		docker = dockerStats(t, e, r.ID, frames)
		read = sample(t, files, "cpu", r) * 1.5
		ours = sample(t, api, "cpu", r) * 1.5
		t.Logf("%.1f %% of a core by the engine, %.1f by the files, docker stats %.1f", ours, read, docker)
		if math.Abs(ours-docker) <= 0.05*docker && math.Abs(read-docker) <= 0.05*docker {
			return
		}
	}
	t.Errorf("%.1f %% of a core by the engine, %.1f by the files, docker stats says %.1f: more than 5 %% apart", ours, read, docker)
}

// dockerStats is what `docker stats` shows, by its own formula, over so many frames of a second: the container's share of
// all CPU time that passed, times the CPUs online. The engine's sum of all CPU time leaves out what a hypervisor stole
// (fields 1 to 7 of /proc/stat; steal is the 8th), so that on a busy host it shows more than was used: 154 % of a core for a
// container held to 150 %. What is missing of the time that passed is put back.
func dockerStats(t *testing.T, e *dockertest.Engine, id string, frames int) float64 {
	t.Helper()
	answer, err := e.Client().ContainerStats(t.Context(), id, true)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var used, counted, cpus float64
	var passed time.Duration
	for d := json.NewDecoder(answer.Body); frames > 0; {
		var s container.StatsResponse
		if err := d.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if s.PreCPUStats.SystemUsage == 0 {
			continue // the first has nothing to be compared with
		}
		used += float64(s.CPUStats.CPUUsage.TotalUsage - s.PreCPUStats.CPUUsage.TotalUsage)
		counted += float64(s.CPUStats.SystemUsage - s.PreCPUStats.SystemUsage)
		passed += s.Read.Sub(s.PreRead)
		cpus = float64(s.CPUStats.OnlineCPUs)
		frames--
	}
	shown := 100 * used / counted * cpus
	all := counted / (float64(passed) * cpus)
	t.Logf("docker stats shows %.1f %%, having counted %.1f %% of the CPU time that passed", shown, 100*all)
	return shown * all
}

func TestLive24StoppedContainerGivesNoSample(t *testing.T) {
	e := live.Engine(t)
	all := run(t, e, 2, container.Resources{Memory: 64 << 20})
	s := byEngine(t, e)
	service := engine.Service{Replicas: all}
	for _, want := range []int{2, 4} { // memory alone, then with cpu
		samples, err := s.Sample(t.Context(), both, service)
		if err != nil || len(samples) != want {
			t.Fatalf("%+v, %v; want %d samples", samples, err, want)
		}
	}
	none := 0
	if err := e.Client().ContainerStop(t.Context(), all[0].ID, container.StopOptions{Timeout: &none}); err != nil {
		t.Fatal(err)
	}
	if err := e.Client().ContainerRemove(t.Context(), all[0].ID, container.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	stopped := run(t, e, 1, container.Resources{})
	if err := e.Client().ContainerKill(t.Context(), stopped[0].ID, "KILL"); err != nil {
		t.Fatal(err)
	}
	service.Replicas = append(service.Replicas, stopped...)
	samples, err := s.Sample(t.Context(), both, service)
	if err != nil || len(samples) != 2 || samples[0].Replica != all[1].ID {
		t.Errorf("%+v, %v; want the two of the container that runs, and no zeros", samples, err)
	}
}

// TestLiveWeigh compares the weight of a service with what its replicas were told to fill.
func TestLiveWeigh(t *testing.T) {
	e := live.Engine(t)
	all := run(t, e, 1, container.Resources{})
	all = append(all, run(t, e, 1, container.Resources{}, "ALLOCATE_MB=48")...)
	send(t, e, all[1], "127.0.0.1", 0) // it is filled before it serves
	s := source(t, e.Host())           // by whichever way
	var bytes int64
	for end := time.Now().Add(30 * time.Second); ; <-time.After(50 * time.Millisecond) {
		var err error
		if bytes, err = s.Weigh(t.Context(), engine.Service{Replicas: all}); err != nil {
			t.Fatal(err)
		}
		if bytes > 48<<20 && bytes < 80<<20 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d bytes, want that of the one that fills 48 MiB", bytes)
		}
	}
	if small, err := s.Weigh(t.Context(), engine.Service{Replicas: all[:1]}); err != nil || small <= 0 || small > 24<<20 {
		t.Errorf("%d bytes, %v; want that of one that fills nothing", small, err)
	}
	t.Logf("%d bytes", bytes)
}
