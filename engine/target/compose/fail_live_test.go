package compose

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// changeable is a service whose later replicas can be made to behave otherwise, with a file in its bound folder.
const changeable = `
services:
  web:
    image: $IMAGE
    environment: {SETTINGS: /bound/settings}
    volumes: ["./:/bound"]
`

const withHealth = changeable + `
    healthcheck: {test: [CMD, /service, health], interval: 300ms, timeout: 20s, retries: 3}
`

func TestLive16CrashLoopIsRolledBack(t *testing.T) {
	s := up(t, changeable+"    restart: always\n")
	before := s.ids()
	s.mustRun("1", "write", "/bound/settings", "EXIT_AFTER=50ms")
	s.rollout.MinReady = 20 * time.Second // it is seen as soon as it crashes
	out := s.scale(1, 3, engine.RolledBack, 1)
	s.mentions(out.Error, "2 of 2 new replicas", "crashed and ")
	s.mentions(out.Log, "exiting, as EXIT_AFTER asks")
	if after := s.ids(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestLive17NeverHealthyIsRolledBack(t *testing.T) {
	for name, c := range map[string]struct {
		file     string
		deadline time.Duration
		mentions string
	}{
		"health check gives up": {withHealth, longest, "unhealthy"},
		// It never gives up, and a busy machine has the time for a first probe.
		"deadline comes first": {strings.Replace(withHealth, "retries: 3", "retries: 1000", 1), 8 * time.Second, "was not ready after 8s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := up(t, c.file)
			s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
			s.rollout.ReadyDeadline = c.deadline
			out := s.scale(1, 2, engine.RolledBack, 1)
			s.mentions(out.Error, s.name("2"), c.mentions)
			s.mentions(out.Log, "serving", "health check, exit code 1: ", "not ready")
			if got := len(s.containers()); got != 1 {
				t.Errorf("%d containers are left, want 1", got)
			}
		})
	}
}

func TestLive18OutOfMemoryIsSeen(t *testing.T) {
	s := up(t, changeable+"    mem_limit: 32m\n    memswap_limit: 32m\n")
	if v := s.observe(); v.Memory != 32<<20 {
		t.Errorf("one more replica may take %d bytes, want the limit of 32 MiB", v.Memory)
	}
	s.mustRun("1", "write", "/bound/settings", "ALLOCATE_MB=200")
	s.rollout.MinReady = 20 * time.Second
	s.mentions(s.scale(1, 2, engine.RolledBack, 1).Error, "ran out of memory: its limit is 32 MiB")
}

func TestLive19TheWholeGracePeriod(t *testing.T) {
	s := up(t, "services:\n  web:\n    image: $IMAGE\n    environment: {IGNORE_TERM: 1}\n    stop_grace_period: 20s\n")
	s.scale(1, 2, engine.Succeeded, 2)
	start := time.Now()
	s.scale(2, 1, engine.Succeeded, 1)
	if took := time.Since(start); took < 20*time.Second {
		t.Errorf("a replica that ignores SIGTERM was gone after %s, want its 20s of grace", took)
	}
}

func TestLive21BrokenReplicasGoFirst(t *testing.T) {
	s := up(t, withHealth+"    stop_grace_period: 1m\n")
	s.scale(1, 5, engine.Succeeded, 5)
	s.run("2", "get", "http://127.0.0.1:8080/fail")
	s.until("replica 2 is unhealthy", func() bool {
		return s.containers()[s.name("2")].State.Health.Status == container.Unhealthy
	})
	if v := s.observe(); v.Ready() != 4 {
		t.Errorf("%d replicas are ready, want 4", v.Ready())
	}
	s.scale(5, 4, engine.Succeeded, 4)
	s.expectNumbers("1", "3", "4", "5")

	// A paused one is passed over, quickly; a stopped clone does not count, and goes.
	if err := s.engine.Client().ContainerPause(t.Context(), s.name("5")); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Client().ContainerStop(t.Context(), s.name("4"), container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if v := s.observe(); len(v.Replicas) != 3 {
		t.Errorf("%d replicas with one paused and one stopped, want 3", len(v.Replicas))
	}
	s.scale(3, 2, engine.Succeeded, 2)
	if took := time.Since(start); took >= time.Minute { // which the engine would wait for it
		t.Errorf("a paused replica held the order up for %s", took)
	}
	if err := s.engine.Client().ContainerUnpause(t.Context(), s.name("5")); err != nil {
		t.Fatal(err)
	}
	s.expectNumbers("1", "5")
}

// expectNumbers checks which replicas there are, stopped ones too.
func (s *stack) expectNumbers(want ...string) {
	s.Helper()
	var got []string
	for name := range s.containers() {
		got = append(got, strings.TrimPrefix(name, s.name("")))
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		s.Errorf("replicas %v, want %v", got, want)
	}
}

func TestLiveProtectedReplicasStay(t *testing.T) {
	s := up(t, "services:\n  web:\n    image: $IMAGE\n    labels: {flyball.protect: 'true'}\n", "--scale", "web=2")
	s.mentions(s.scale(2, 1, engine.Failed, 2).Error, "flyball.protect=true")
}

func TestLiveOrderOfAnotherCount(t *testing.T) {
	s := up(t, plainFile, "--scale", "web=3")
	s.scale(1, 2, engine.Succeeded, 3) // somebody raised it beyond: nothing to add, and nothing is removed
	s.scale(6, 5, engine.Succeeded, 3)
	s.scale(2, 4, engine.Succeeded, 4)
	s.scale(4, 4, engine.Succeeded, 4)
	s.mentions(s.scale(4, 0, engine.Failed, 4).Error, "not scaled to 0")
}

func TestLiveInterruptedOrderKeepsWhatIsReadyAlone(t *testing.T) {
	s := up(t, strings.Replace(withHealth, "retries: 3", "retries: 100", 1))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan engine.Outcome, 1)
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	go func() {
		done <- s.target.Scale(ctx, engine.Order{Event: "event-1", Policy: s.policy(), From: 1, To: 3})
	}()
	s.until("the new replicas run", func() bool { return len(s.observe().Replicas) == 3 })
	s.run("2", "get", "http://127.0.0.1:8080/recover")
	var since time.Time
	s.until("one is ready, for long enough to have been seen on a busy machine too", func() bool {
		if since.IsZero() && s.observe().Ready() == 2 {
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) > 50*pollEach
	})
	cancel()
	if out := <-done; out.Result != engine.Interrupted || out.Reached != 2 || out.Error == "" {
		t.Errorf("outcome %+v, want interrupted at 2", out)
	}
	s.expectNumbers("1", "2")
}

func TestLiveLeftoversOfACrashAreRemoved(t *testing.T) {
	s := up(t, strings.Replace(withHealth, "retries: 3", "retries: 100", 1))
	c := s.containers()[s.name("1")]
	p, err := plan(c)
	if err != nil {
		t.Fatal(err)
	}
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	for number := 2; number <= 3; number++ {
		name, config, host := p.create(number, "event-0")
		first, _ := p.join(name, true)
		if _, err := s.target.create(t.Context(), name, config, host, first); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.engine.Client().ContainerStart(t.Context(), s.name("3"), container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	if v := s.observe(); len(v.Replicas) != 2 {
		t.Errorf("%d replicas, want 2: the one that runs may become ready yet", len(v.Replicas))
	}
	s.rollout.ReadyDeadline = 8 * time.Second // in which the next one becomes ready, on a busy machine too
	s.until("the one that never became ready counts no more", func() bool { return len(s.observe().Replicas) == 1 })
	s.mustRun("1", "write", "/bound/settings", "")
	s.scale(1, 2, engine.Succeeded, 2)
	s.expectNumbers("1", "2")
	if c := s.containers()[s.name("2")]; c.Config.Labels[eventLabel] != "event-1" {
		t.Errorf("replica 2 is of %s: what was never started must go", c.Config.Labels[eventLabel])
	}
}

func TestLiveOneOrderAtATime(t *testing.T) {
	s := up(t, plainFile)
	orders := []<-chan engine.Outcome{s.inBackground(1, 3), s.inBackground(1, 3)}
	for _, done := range orders {
		if out := <-done; out.Result != engine.Succeeded || out.Reached != 3 {
			t.Errorf("%s at %d: %s; want succeeded at 3", out.Result, out.Reached, out.Error)
		}
	}
	s.expectNumbers("1", "2", "3")
}

func TestLiveEngineKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	e := dockertest.Start(t)
	s := upOn(t, e, withHealth)
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	s.rollout.ReadyDeadline = 10 * time.Second
	done := s.inBackground(1, 2)
	s.until("the new replica runs", func() bool { return len(s.observe().Replicas) == 2 })
	e.Kill(t)
	start := time.Now()
	out := <-done
	if out.Result != engine.Interrupted {
		t.Errorf("%s, want interrupted", out.Result)
	}
	s.mentions(out.Error, "no Docker engine answers at "+e.Host())
	if took := time.Since(start); took > longest {
		t.Errorf("the order took %s more, with a deadline of 10s", took)
	}
}

func (s *stack) inBackground(from, to int) <-chan engine.Outcome {
	done := make(chan engine.Outcome, 1)
	order := engine.Order{Event: "event-1", Policy: s.policy(), From: from, To: to}
	go func() { done <- s.target.Scale(context.Background(), order) }()
	return done
}
