package swarm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

func TestLiveSwarmCrashLoopIsRolledBack(t *testing.T) {
	s := deploy(t, strings.Replace(healthy, "update_config:", "restart_policy: {delay: 100ms}, update_config:", 1))
	before := s.observe().Replicas[0].ID
	s.settings("EXIT_AFTER=50ms")
	out := s.scale(1, 3, engine.RolledBack, 1)
	s.mentions(out.Error, "2 of 2 new replicas did not become ready", "failed 3 times", "non-zero exit (3)")
	s.mentions(out.Log, "exiting, as EXIT_AFTER asks")
	s.setTo(1)
	if v := s.observe(); len(v.Replicas) != 1 || v.Replicas[0].ID != before || !v.Replicas[0].Ready {
		t.Errorf("the old replica was touched: %+v", v.Replicas)
	}
}

func TestLiveSwarmNeverRestartedIsRolledBack(t *testing.T) {
	s := deploy(t, strings.Replace(healthy, "update_config:", "restart_policy: {condition: none}, update_config:", 1))
	s.settings("EXIT_AFTER=50ms")
	start := time.Now()
	s.mentions(s.scale(1, 2, engine.RolledBack, 1).Error, "failed once", "non-zero exit (3)")
	if took := time.Since(start); took > s.rollout.ReadyDeadline {
		t.Errorf("it took %s to see that nothing comes any more", took)
	}
}

func TestLiveSwarmNeverHealthyIsRolledBack(t *testing.T) {
	s := deploy(t, healthy)
	s.settings("READY_AFTER=never")
	s.rollout.ReadyDeadline = 10 * time.Second // in which a busy machine starts it
	out := s.scale(1, 2, engine.RolledBack, 1)
	s.mentions(out.Error, "replica 2 starting", "raise rollout.readyDeadline")
	s.mentions(out.Log, "serving")
	s.setTo(1)
}

// reserving is a service whose replicas each take 40 % of the node's memory, as far as the scheduler knows.
func reserving(t *testing.T) (file string, each int64) {
	t.Helper()
	info, err := shared.Engine(t).Client().Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	each = info.MemTotal * 2 / 5
	return plain + fmt.Sprintf("    deploy: {resources: {reservations: {memory: '%d'}}}\n", each), each
}

func TestLiveSwarmWithoutAPlaceIsTakenBack(t *testing.T) {
	file, each := reserving(t)
	s := deploy(t, file)
	if v := s.observe(); v.Memory != each || v.Free != each {
		t.Errorf("a replica takes %d of %d that are free; want %d of %d", v.Memory, v.Free, each, each)
	}
	s.rollout.ReadyDeadline = 20 * time.Second // which the one that has a place must hold, on a busy machine too
	out := s.scale(1, 4, engine.Partial, 2)
	s.mentions(out.Error, "2 of 3 new replicas", "waits for a node: no suitable node", "insufficient resources")
	s.setTo(2)
	s.rollout.ReadyDeadline = 5 * time.Second
	s.mentions(s.scale(2, 3, engine.RolledBack, 2).Error, "waits for a node: no suitable node")
	s.setTo(2)
	if v := s.observe(); v.Free != 1 || v.Rollout+v.NoRoom != "" {
		t.Errorf("on a full node: %+v", v)
	}

	// Somebody else raises it beyond the node: what waits does not count, and nothing climbs.
	s.change("--replicas", "3")
	s.until("a task waits", func() bool { return s.observe().NoRoom != "" })
	v := s.observe()
	s.mentions(v.NoRoom, "is set to 3 replicas, and 2 have a place", "no suitable node")
	if len(v.Replicas) != 2 || v.Rollout != "" {
		t.Errorf("%d replicas count, want 2, and the rollout is %q", len(v.Replicas), v.Rollout)
	}
	s.mentions(s.scale(2, 4, engine.Failed, 2).Error, "no suitable node")
	s.setTo(3)

	// As a raise that was interrupted it is taken back at once, but not where the number is somebody else's.
	e := engine.Event{ID: "event-0", Action: engine.ScaleUp, From: 1, To: 4, Started: time.Now()}
	s.settle(e, 3)
	e.To = 3
	s.settle(e, 2)
	if v := s.observe(); v.Rollout+v.NoRoom != "" || len(v.Replicas) != 2 {
		t.Errorf("taken back: %+v", v)
	}

	// Fewer replicas need no place.
	s.change("--replicas", "3")
	s.until("a task waits", func() bool { return s.observe().NoRoom != "" })
	s.scale(2, 1, engine.Succeeded, 1)
	s.setTo(1)
	if v := s.observe(); v.NoRoom != "" {
		t.Errorf("lowered: %+v", v)
	}
}

// settle settles an interrupted event and checks what the service is set to then.
func (s *stack) settle(e engine.Event, want int) {
	s.Helper()
	if err := s.target.Settle(context.Background(), s.policy(), e); err != nil {
		s.Fatal(err)
	}
	s.setTo(want)
}

func TestLiveSwarmInterruptedRaise(t *testing.T) {
	s := deploy(t, healthy)
	s.settings("READY_AFTER=never")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan engine.Outcome, 1)
	go func() { done <- s.target.Scale(ctx, s.order(1, 3)) }()
	s.until("the new replicas start", func() bool { return len(s.observe().Replicas) == 3 })
	cancel()
	start := time.Now()
	out := <-done
	if out.Result != engine.Interrupted || out.Reached != 3 {
		t.Errorf("outcome %+v, want interrupted at 3", out)
	}
	if took := time.Since(start); took > docker.StopGrace+slack {
		t.Errorf("it took %s to be interrupted", took)
	}
	s.mentions(out.Error, "0 of 2 new replicas were ready")
	e := engine.Event{ID: "event-1", Action: engine.ScaleUp, From: 1, To: 3, Started: time.Now()}
	s.settle(e, 3) // they may come up yet
	e.Started = e.Started.Add(-time.Hour)
	s.settle(e, 1)
	s.settle(engine.Event{Action: engine.ScaleDown, From: 3, To: 1, Started: e.Started}, 1)
}

func TestLiveSwarmChangedInTheMiddle(t *testing.T) {
	s := deploy(t, healthy)
	s.settings("READY_AFTER=never")
	done := make(chan engine.Outcome, 1)
	go func() { done <- s.target.Scale(context.Background(), s.order(1, 3)) }()
	s.until("the new replicas start", func() bool { return len(s.observe().Replicas) == 3 })
	s.change("--replicas", "2")
	out := <-done
	if out.Result != engine.Failed || out.Conflict {
		t.Errorf("outcome %+v, want failed", out)
	}
	s.mentions(out.Error, "changed by somebody else meanwhile", "left as it is")
	s.setTo(2)
}

func TestLiveSwarmRemovedInTheMiddle(t *testing.T) {
	s := deploy(t, healthy)
	s.settings("READY_AFTER=never")
	done := make(chan engine.Outcome, 1)
	go func() { done <- s.target.Scale(context.Background(), s.order(1, 3)) }()
	s.until("the new replicas start", func() bool { return len(s.observe().Replicas) == 3 })
	s.engine.Docker(t, s.dir, "service", "rm", s.name+"_web")
	out := <-done
	if out.Result != engine.Failed || out.Reached != 0 {
		t.Errorf("outcome %+v, want failed at 0", out)
	}
	s.mentions(out.Error, "was removed by somebody else")

	// From now on it is gone: nothing runs, and nothing is left to tidy up.
	gone := engine.Gone("stack " + s.name + " has no services; deploy it with `docker stack deploy`")
	if _, err := s.target.Observe(t.Context(), s.policy()); !errors.Is(err, gone) {
		t.Errorf("observed: %v, want %v", err, gone)
	}
	s.mentions(s.scale(3, 2, engine.Failed, 0).Error, string(gone))
	e := engine.Event{ID: "event-1", Action: engine.ScaleUp, From: 1, To: 3, Started: time.Now()}
	if err := s.target.Settle(t.Context(), s.policy(), e); err != nil {
		t.Errorf("settle: %v", err)
	}
}

func TestLiveSwarmMaxReplicasPerNode(t *testing.T) {
	s := deploy(t, plain+"    deploy: {placement: {max_replicas_per_node: 2}}\n")
	s.mentions(s.scale(1, 3, engine.Partial, 2).Error, "may have 2 replicas", "3 were asked for")
	s.setTo(2)
	s.mentions(s.scale(2, 3, engine.Failed, 2).Error, "max_replicas_per_node")
	s.setTo(2)
}

func TestLiveSwarmTheWholeGracePeriod(t *testing.T) {
	s := deploy(t, plain+"    environment: {IGNORE_TERM: 1}\n    stop_grace_period: 3s\n    deploy: {replicas: 2}\n")
	start := time.Now()
	s.scale(2, 1, engine.Succeeded, 1)
	if took := time.Since(start); took < 3*time.Second {
		t.Errorf("a replica that ignores SIGTERM was gone after %s, want its 3s of grace", took)
	}
}

func TestLiveSwarmProtectedReplicasStay(t *testing.T) {
	s := deploy(t, plain+"    labels: {flyball.protect: 'true'}\n    deploy: {replicas: 2}\n")
	s.mentions(s.scale(2, 1, engine.Failed, 2).Error, "flyball.protect=true")
	s.setTo(2)
}

// The client of Docker would add a tag to the image, which makes the swarm replace every task.
func TestLiveSwarmTheDefinitionStaysAsItIs(t *testing.T) {
	s := deploy(t, plain)
	name, _, _ := strings.Cut(image, ":")
	p := s.policy()
	p.Target.Project, p.Service = "", s.name+"_api"
	spec := fmt.Sprintf(`{"Name":%q,"Labels":{%q:%q},"TaskTemplate":{"ContainerSpec":{"Image":%q}},"Mode":{"Replicated":{"Replicas":1}}}`,
		p.Service, stackLabel, s.name, name)
	if _, err := s.target.post(t.Context(), "/services/create", []byte(spec)); err != nil {
		t.Fatal(err)
	}
	first := func() (v engine.Service) {
		s.until("its replica runs", func() bool {
			var err error
			v, err = s.target.Observe(t.Context(), p)
			return err == nil && v.Ready() > 0
		})
		return v
	}
	was := first()
	out := s.target.Scale(t.Context(), engine.Order{Policy: p, From: 1, To: 2, Version: was.Version})
	if out.Result != engine.Succeeded {
		t.Fatalf("%+v", out)
	}
	now := first()
	if now.Rollout != "" || now.Replicas[0].ID != was.Replicas[0].ID {
		t.Errorf("its replicas are being replaced: %+v, then %+v", was, now)
	}
	found, err := s.target.find(t.Context(), p)
	if err != nil || found.Spec.TaskTemplate.ContainerSpec.Image != name || found.UpdateStatus != nil {
		t.Errorf("image %q, update %+v: %v", found.Spec.TaskTemplate.ContainerSpec.Image, found.UpdateStatus, err)
	}
}

func TestLiveSwarmNoManager(t *testing.T) {
	t.Parallel()
	e := dockertest.Start(t)
	target, err := New(e.Host(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	p := engine.Policy{Name: "web", Service: "web"}
	_, err = target.Observe(t.Context(), p)
	if err == nil || !strings.Contains(err.Error(), "docker swarm init") || !strings.Contains(err.Error(), "DOCKER_HOST") {
		t.Errorf("Observe: %v", err)
	}
	out := target.Scale(t.Context(), engine.Order{Policy: p, From: 1, To: 2})
	if out.Result != engine.Failed || !strings.Contains(out.Error, "docker swarm init") {
		t.Errorf("Scale: %+v", out)
	}
}
