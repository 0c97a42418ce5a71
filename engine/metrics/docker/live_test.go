package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
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
	e.Build(tb, image, dockertest.Program, dockertest.Plain)
	var all []engine.Replica
	for i := range n {
		ctx := tb.Context()
		made, err := e.Client().ContainerCreate(ctx, &container.Config{Image: image, Env: environment}, &container.HostConfig{Resources: limits}, nil, nil, "")
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

// TestLive24OneShotCPUAsDockerSays burns one and a half cores, and compares two sweeps with the figures of docker stats for the
// seconds between them.
func TestLive24OneShotCPUAsDockerSays(t *testing.T) {
	e := live.Engine(t)
	all := run(t, e, 1, container.Resources{NanoCPUs: 15e8})
	s := source(t, e.Host())
	burning, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	for range 2 {
		go e.Exec(burning, all[0].ID, "/service", "get", "http://127.0.0.1:8080/burn?ms=180000")
	}
	cpu := both[:1]
	sweep := func() float64 {
		t.Helper()
		samples, err := s.Sample(t.Context(), cpu, engine.Service{Replicas: all})
		if err != nil {
			t.Fatal(err)
		}
		if len(samples) == 0 {
			return 0
		}
		return samples[0].Value
	}
	for sweep() < 20 { // a busy machine may not have more to give
		if burning.Err() != nil {
			t.Fatal("nothing burns")
		}
	}
	// A busy machine burns unevenly, and the ends of the two looks lie up to a second apart: the longer the looks, the less
	// that weighs.
	var ours, docker float64
	for frames := 6; frames < 60 && burning.Err() == nil; frames *= 2 {
		sweep()
		docker = dockerStats(t, e, all[0].ID, frames)
		ours = sweep() * 1.5
		if math.Abs(ours-docker) <= 0.05*docker {
			t.Logf("%.1f %% of a core, docker stats %.1f", ours, docker)
			return
		}
	}
	t.Errorf("%.1f %% of a core, docker stats says %.1f: more than 5 %% apart", ours, docker)
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
	s := source(t, e.Host())
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

// TestLive24HundredContainersTimed takes two sweeps over a hundred containers. They have no network, which is what takes
// long to make, and do nothing.
func TestLive24HundredContainersTimed(t *testing.T) {
	e := live.Engine(t)
	e.Build(t, image, dockertest.Program, dockertest.Plain)
	service := engine.Service{Replicas: make([]engine.Replica, 100)}
	for i := range service.Replicas {
		service.Replicas[i].Name = fmt.Sprint("web-", i+1)
	}
	t.Cleanup(func() {
		sweep(service.Replicas, func(_ int, r engine.Replica) error {
			return e.Client().ContainerRemove(context.Background(), r.ID, container.RemoveOptions{Force: true})
		})
	})
	begun := time.Now()
	err := sweep(service.Replicas, func(i int, r engine.Replica) error {
		made, err := e.Client().ContainerCreate(t.Context(), &container.Config{Image: image, Cmd: []string{"idle"}},
			&container.HostConfig{NetworkMode: "none"}, nil, nil, "")
		if err != nil {
			return err
		}
		service.Replicas[i].ID = made.ID
		return e.Client().ContainerStart(t.Context(), made.ID, container.StartOptions{})
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d containers started in %s", len(service.Replicas), time.Since(begun).Round(time.Millisecond))
	s := source(t, e.Host())
	for i, want := range []int{1, 2} { // memory alone, then with cpu
		begun := time.Now()
		samples, err := s.Sample(t.Context(), both, service)
		took := time.Since(begun)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]int{}
		for _, sample := range samples {
			of[sample.Replica]++
		}
		for _, r := range service.Replicas {
			if of[r.ID] != want {
				t.Errorf("sweep %d: %s gave %d samples, want %d", i+1, r.Name, of[r.ID], want)
			}
		}
		t.Logf("sweep %d over %d containers took %s", i+1, len(of), took.Round(time.Millisecond))
	}
}

// TestLiveWeigh compares the weight of a service with what its replicas were told to fill.
func TestLiveWeigh(t *testing.T) {
	e := live.Engine(t)
	all := run(t, e, 1, container.Resources{})
	all = append(all, run(t, e, 1, container.Resources{}, "ALLOCATE_MB=48")...)
	s := source(t, e.Host())
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

// BenchmarkSweep is one look at 20 containers after the other. An old engine lets each wait for its next reading, 1 s.
func BenchmarkSweep(b *testing.B) {
	e := live.Engine(b)
	service := engine.Service{Replicas: run(b, e, 20, container.Resources{})}
	s := source(b, e.Host())
	b.Run("20 containers", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Sample(b.Context(), both, service); err != nil {
				b.Fatal(err)
			}
		}
	})
}
