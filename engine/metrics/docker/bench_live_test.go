package docker

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// hundred starts a hundred containers. They have no network, which is what takes long to make, and do nothing.
func hundred(tb testing.TB, e *dockertest.Engine) engine.Service {
	tb.Helper()
	e.Build(tb, image, dockertest.Program, dockertest.Plain)
	service := engine.Service{Replicas: make([]engine.Replica, 100)}
	for i := range service.Replicas {
		service.Replicas[i].Name = fmt.Sprint("web-", i+1)
	}
	var failed sync.Map
	each := func(do func(r *engine.Replica) error) {
		var wg sync.WaitGroup
		for i := range service.Replicas {
			wg.Go(func() {
				if err := do(&service.Replicas[i]); err != nil {
					failed.Store(err.Error(), true)
				}
			})
		}
		wg.Wait()
	}
	tb.Cleanup(func() {
		each(func(r *engine.Replica) error {
			return e.Client().ContainerRemove(context.Background(), r.ID, container.RemoveOptions{Force: true})
		})
	})
	each(func(r *engine.Replica) error {
		made, err := e.Client().ContainerCreate(tb.Context(), &container.Config{Image: image, Cmd: []string{"idle"}},
			&container.HostConfig{NetworkMode: "none"}, nil, nil, "")
		if err != nil {
			return err
		}
		r.ID = made.ID
		return e.Client().ContainerStart(tb.Context(), made.ID, container.StartOptions{})
	})
	failed.Range(func(err, _ any) bool { tb.Fatal(err); return false })
	return service
}

// TestLive24HundredContainersTimed takes two sweeps over a hundred containers, by each way.
func TestLive24HundredContainersTimed(t *testing.T) {
	e := live.Engine(t)
	service := hundred(t, e)
	for name, s := range map[string]*Source{"files": byFiles(t, e, service.Replicas[0]), "engine": byEngine(t, e)} {
		var begun time.Time
		for i, want := range []int{1, 2} { // memory alone, then with cpu
			time.Sleep(time.Until(begun.Add(2 * apart))) // two readings, not one
			begun = time.Now()
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
					t.Errorf("%s, sweep %d: %s gave %d samples, want %d", name, i+1, r.Name, of[r.ID], want)
				}
			}
			t.Logf("%s: sweep %d over %d containers took %s", name, i+1, len(of), took.Round(100*time.Microsecond))
		}
	}
}

// BenchmarkSweep is one look at 100 containers after the other. An old engine lets each wait for its next reading, 1 s.
func BenchmarkSweep(b *testing.B) {
	e := live.Engine(b)
	service := hundred(b, e)
	for _, by := range []struct {
		name   string
		source *Source
	}{{"cgroup files", byFiles(b, e, service.Replicas[0])}, {"Engine API", byEngine(b, e)}} {
		b.Run(by.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := by.source.Sample(b.Context(), both, service); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("docker stats --no-stream", func(b *testing.B) {
		docker, err := exec.LookPath("docker")
		if err != nil {
			b.Skip(err)
		}
		for b.Loop() {
			stats := exec.CommandContext(context.WithoutCancel(b.Context()), docker, "--host", e.Host(), "stats", "--no-stream")
			if text, err := stats.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, text)
			}
		}
	})
}
