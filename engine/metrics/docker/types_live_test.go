package docker

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// TestLiveThrottling holds one container at a fifth of a core, and lets another run free.
func TestLiveThrottling(t *testing.T) {
	e := live.Engine(t)
	held, free := run(t, e, 1, container.Resources{NanoCPUs: 2e8})[0], run(t, e, 1, container.Resources{})[0]
	burning := burn(t, e, held, 1)
	burn(t, e, free, 1)
	for name, s := range map[string]*Source{"files": byFiles(t, e, held), "engine": byEngine(t, e)} {
		got, last := 0.0, time.Time{}
		for got <= 50 && burning.Err() == nil {
			time.Sleep(time.Until(last.Add(2 * apart)))
			last = time.Now()
			got = sample(t, s, "throttling", held)
			if free := sample(t, s, "throttling", free); free != 0 {
				t.Errorf("%s: %v %% of the periods of a container without a limit", name, free)
			}
		}
		if got <= 50 || got > 100 {
			t.Errorf("%s: held at a fifth of a core in %v %% of the periods", name, got)
		}
		t.Logf("%s: %.1f %%", name, got)
	}
}

func address(t *testing.T, e *dockertest.Engine, r engine.Replica) string {
	t.Helper()
	found, err := e.Client().ContainerInspect(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range found.NetworkSettings.Networks {
		return n.IPAddress
	}
	t.Fatal("the container has no address")
	return ""
}

// send has one container send so many bytes and a little more to an address.
func send(t *testing.T, e *dockertest.Engine, from engine.Replica, to string, size int) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); { // the other may still be starting
		if _, err = e.Exec(t.Context(), from.ID, "/service", "get", "http://"+to+":8080/?"+strings.Repeat("x", size)); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(err)
}

// TestLiveNetwork sends known amounts from one container to another. How fast that is seen from outside bounds what is
// measured.
func TestLiveNetwork(t *testing.T) {
	e := live.Engine(t)
	all := run(t, e, 2, container.Resources{})
	to := address(t, e, all[1])
	network := []engine.Metric{{Name: "traffic", Type: "network", Source: "system"}}
	for name, s := range map[string]*Source{"engine": byEngine(t, e), "cgroup files": byFiles(t, e, all[0]), "process files": byProcesses(t, e, all[0])} {
		t.Run(name, func(t *testing.T) {
			send(t, e, all[0], to, 1) // both run, and know each other's address
			begun := time.Now()
			if first, err := s.Sample(t.Context(), network, engine.Service{Replicas: all}); err != nil || len(first) != 0 {
				t.Fatalf("the first sweep gives %+v, %v; want none", first, err)
			}
			sending, size := time.Now(), 0
			for time.Since(sending) < 2*time.Second {
				send(t, e, all[0], to, 100_000)
				size += 100_000
			}
			sent := time.Now()
			samples, err := s.Sample(t.Context(), network, engine.Service{Replicas: all})
			if err != nil || len(samples) != 2 {
				t.Fatalf("%+v, %v; want two", samples, err)
			}
			// Headers and what keeps a connection come to a few percent, and an old engine's reading may be from a moment
			// before it was asked.
			least := 0.8 * float64(size) / time.Since(begun).Seconds()
			most := 1.3 * float64(size) / sent.Sub(sending).Seconds()
			for _, one := range samples {
				if one.Value < least || one.Value > most {
					t.Errorf("%.0f bytes a second, want %.0f to %.0f", one.Value, least, most)
				}
				t.Logf("%.0f bytes a second, %.0f to %.0f", one.Value, least, most)
			}
		})
	}
}

func TestLiveNoNetworkOfItsOwn(t *testing.T) {
	e := live.Engine(t)
	none := runAs(t, e, 1, container.HostConfig{NetworkMode: "none"})[0]
	host := runAs(t, e, 1, container.HostConfig{NetworkMode: "host"})[0]
	network := []engine.Metric{{Name: "traffic", Type: "network", Source: "system"}}
	for name, s := range map[string]*Source{"engine": byEngine(t, e), "process files": byProcesses(t, e, none)} {
		for range 2 {
			samples, err := s.Sample(t.Context(), network, engine.Service{Replicas: []engine.Replica{host}})
			if err == nil || !strings.Contains(err.Error(), `network mode "host"`) || len(samples) != 0 {
				t.Errorf("%s: the host's network gives %+v, %v; want an error", name, samples, err)
			}
			if got := sample(t, s, "network", none); got != 0 {
				t.Errorf("%s: no network gives %v bytes a second", name, got)
			}
		}
	}
}

func TestLiveRestarts(t *testing.T) {
	e := live.Engine(t)
	always := container.HostConfig{RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyAlways}}
	crashes, stays := runAs(t, e, 1, always, "EXIT_AFTER=100ms")[0], runAs(t, e, 1, always)[0]
	s := source(t, e.Host())
	last := 0.0
	for end := time.Now().Add(time.Minute); last < 3; time.Sleep(100 * time.Millisecond) {
		got := sample(t, s, "restarts", crashes)
		if got < last {
			t.Errorf("%v restarts after %v", got, last)
		}
		last = got
		if time.Now().After(end) {
			t.Fatalf("%v restarts within a minute, want 3", last)
		}
	}
	if got := sample(t, s, "restarts", stays); got != 0 {
		t.Errorf("%v restarts of a container that stays", got)
	}
}

// TestLivePaused pauses a container that works.
func TestLivePaused(t *testing.T) {
	e := live.Engine(t)
	r := run(t, e, 1, container.Resources{})[0]
	burning := burn(t, e, r, 1)
	four := append(slices.Clone(both), engine.Metric{Name: "traffic", Type: "network"}, engine.Metric{Name: "held", Type: "throttling"})
	all := map[string]*Source{"files": byFiles(t, e, r), "engine": byEngine(t, e)}
	sweep := func(s *Source) []engine.Sample {
		t.Helper()
		time.Sleep(2 * apart) // two readings, not one
		samples, err := s.Sample(t.Context(), four, engine.Service{Replicas: []engine.Replica{r}})
		if err != nil {
			t.Fatal(err)
		}
		return samples
	}
	works := func(name string, s *Source) {
		t.Helper()
		for len(sweep(s)) < 4 {
			if burning.Err() != nil {
				t.Fatalf("%s: nothing burns", name)
			}
		}
	}
	for name, s := range all {
		works(name, s)
	}
	if err := e.Client().ContainerPause(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	for name, s := range all {
		sweep(s) // by the engine it is seen once nothing was used between two readings
		for range 2 {
			if samples := sweep(s); len(samples) != 0 {
				t.Errorf("%s: paused, %+v; want none", name, samples)
			}
		}
	}
	if err := e.Client().ContainerUnpause(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	for name, s := range all {
		if samples := sweep(s); len(samples) == 4 {
			t.Errorf("%s: right after it %+v; want none of a time in which it was paused", name, samples)
		}
		works(name, s)
	}
}

// TestLiveUpdate lowers the limit of a container that uses a tenth of a core or more.
func TestLiveUpdate(t *testing.T) {
	e := live.Engine(t)
	r := run(t, e, 1, container.Resources{NanoCPUs: 1e9})[0]
	s := byFiles(t, e, r)
	burning := burn(t, e, r, 1)
	for sample(t, s, "cpu", r) < 10 {
		if burning.Err() != nil {
			t.Fatal("nothing burns")
		}
		time.Sleep(apart)
	}
	if _, err := e.Client().ContainerUpdate(t.Context(), r.ID, container.UpdateConfig{Resources: container.Resources{NanoCPUs: 1e8}}); err != nil {
		t.Fatal(err)
	}
	var got float64
	for begun := time.Now(); time.Since(begun) < kept/2; { // what was inspected is good for longer
		time.Sleep(2 * apart)
		if got = sample(t, s, "cpu", r); got > 80 { // of the 10 % of a core that it may use now
			return
		}
	}
	t.Errorf("%v %% of the new limit", got)
}
