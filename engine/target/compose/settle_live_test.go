package compose

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// clone makes a clone of replica 1 by hand, as an order that then died would have.
func (s *stack) clone(number int, event string) (id string) {
	s.Helper()
	p, err := plan(s.containers()[s.name("1")])
	if err != nil {
		s.Fatal(err)
	}
	name, config, host := p.create(number, event)
	first, _ := p.join(name, true)
	if id, err = s.target.create(s.Context(), name, config, host, first); err != nil {
		s.Fatal(err)
	}
	return id
}

func (s *stack) start(number string) {
	s.Helper()
	if err := s.engine.Client().ContainerStart(s.Context(), s.name(number), container.StartOptions{}); err != nil {
		s.Fatal(err)
	}
}

func (s *stack) stop(number string) {
	s.Helper()
	if err := s.engine.Client().ContainerStop(s.Context(), s.name(number), container.StopOptions{}); err != nil {
		s.Fatal(err)
	}
}

func (s *stack) settle(e engine.Event) {
	s.Helper()
	if err := s.target.Settle(s.Context(), s.policy(), e); err != nil {
		s.Error(err)
	}
}

func TestLiveSettleAfterARaise(t *testing.T) {
	s := up(t, strings.Replace(withHealth, "retries: 3", "retries: 100", 1))
	e := engine.Event{ID: "event-1", Action: engine.ScaleUp, From: 1, To: 4, Started: time.Now()}
	s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
	s.clone(2, "event-1")
	s.clone(3, "event-1")
	s.clone(4, "event-1")
	s.clone(5, "event-0") // of one before it
	s.start("3")
	s.start("4")
	s.stop("4")
	s.settle(e)
	s.expectNumbers("1", "3") // 3 may become ready yet
	s.settle(e)
	s.expectNumbers("1", "3")
}

func TestLiveSettleAfterALowering(t *testing.T) {
	s := up(t, plainFile, "--scale", "web=5")
	s.stop("3") // somebody did, before
	e := engine.Event{ID: "event-1", Action: engine.ScaleDown, From: 4, To: 2, Started: time.Now()}
	s.stop("5")
	s.settle(e)
	s.expectNumbers("1", "2", "3", "4")
	s.stop("4")
	s.stop("2")
	s.settle(e)
	s.expectNumbers("1", "3") // 2 and 4 are gone: 3 still counts for compose
	s.scale(1, 2, engine.Succeeded, 2)
}

func TestLiveSettleLeavesAStoppedServiceAlone(t *testing.T) {
	s := up(t, plainFile, "--scale", "web=3")
	e := engine.Event{ID: "event-1", Action: engine.ScaleDown, From: 3, To: 1, Started: time.Now()}
	s.compose("stop", "-t", "1")
	s.settle(e)
	s.expectNumbers("1", "2", "3")
	s.compose("start")
	s.settle(e)
	s.expectNumbers("1", "2", "3")
	s.compose("down", "-t", "1")
	s.settle(e)
}

func TestLiveSettleKeepsVolumesThatMayBeTheUsers(t *testing.T) {
	s := up(t, "services:\n  web:\n    image: $IMAGE\n    volumes: [/data]\n", "--scale", "web=2")
	s.clone(3, "event-0")
	s.start("3")
	all := s.containers()
	s.stop("2")
	s.stop("3")
	s.settle(engine.Event{ID: "event-1", Action: engine.ScaleDown, From: 3, To: 1, Started: time.Now().Add(-time.Minute)})
	s.expectNumbers("1")
	volume := func(number string) error {
		_, err := s.engine.Client().VolumeInspect(t.Context(), all[s.name(number)].Mounts[0].Name)
		return err
	}
	if err := volume("2"); err != nil {
		t.Errorf("the volume of the replica that compose made: %v", err)
	}
	if err := volume("3"); err == nil {
		t.Error("the clone's own volume is still there")
	}
}
