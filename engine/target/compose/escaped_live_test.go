package compose

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// Of a daemon that has lost its lease one call may be under way, and get to the engine at any time after another daemon has
// begun to lead. These are the worst times.

const (
	stopping = "/containers/[0-9a-f]+/stop$"
	removing = "/containers/[0-9a-f]+$"
)

// formerly has another target carry out an order as far as a call, which is held. All that it asks for after that is
// refused, and it is told to stop, as one that does not lead any more. land lets the call go on, and returns once the engine
// has carried it out.
func (s *stack) formerly(from, to int, method, path string) (event engine.Event, land func()) {
	s.Helper()
	now := s.target
	p := s.proxied()
	former := s.target
	s.target = now
	held, until, landed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	p.Fault(dockertest.Fault{Method: method, Path: path, Times: 1, Do: func(x *dockertest.Exchange) {
		defer close(landed)
		p.Fault(dockertest.Fault{Do: dockertest.Refuse})
		dockertest.Late(until, func() { close(held) })(x)
	}})
	event = engine.Event{ID: "event-0", Action: engine.Between(from, to), From: from, To: to, Started: time.Now()}
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan engine.Outcome, 1)
	go func() {
		ended <- former.Scale(ctx, engine.Order{Event: event.ID, Policy: s.policy(), From: from, To: to})
	}()
	p.Wait(s.TB, method, path, 1)
	<-held
	cancel()
	if out := <-ended; out.Result != engine.Interrupted {
		s.Errorf("the former ends with %s: %s", out.Result, out.Error)
	}
	return event, func() {
		close(until)
		<-landed
	}
}

// clean wants just these replicas, and that they run.
func (s *stack) clean(numbers ...string) {
	s.Helper()
	s.expectNumbers(numbers...)
	for name, c := range s.containers() {
		if !c.State.Running {
			s.Errorf("%s is %s", name, c.State.Status)
		}
	}
}

func TestLiveEscapedCreate(t *testing.T) {
	t.Run("after the other has settled", func(t *testing.T) {
		s := up(t, plainFile)
		e, land := s.formerly(1, 2, "POST", creating)
		s.settle(e)
		land()
		s.settle(e)
		s.clean("1")
	})
	t.Run("after the other has raised", func(t *testing.T) {
		s := up(t, plainFile)
		e, land := s.formerly(1, 2, "POST", creating)
		s.settle(e)
		s.scale(1, 2, engine.Succeeded, 2)
		land()
		s.settle(e)
		s.clean("1", "2")
	})
	t.Run("under the name that the other is about to use", func(t *testing.T) {
		s := up(t, plainFile)
		e, land := s.formerly(1, 2, "POST", creating)
		s.settle(e)
		p := s.proxied()
		p.Fault(dockertest.Fault{Method: "POST", Path: creating, Times: 1, Do: func(x *dockertest.Exchange) {
			land()
			dockertest.Pass(x)
		}})
		s.scale(1, 2, engine.Succeeded, 2)
		s.settle(e)
		s.clean("1", "3")
	})
}

// A start is of a container that exists: the other removes it, or it runs and counts.
func TestLiveEscapedStart(t *testing.T) {
	t.Run("after the other has settled", func(t *testing.T) {
		s := up(t, plainFile)
		e, land := s.formerly(1, 2, "POST", starting)
		s.settle(e)
		land()
		s.clean("1")
	})
	t.Run("between a look of the other and the removal", func(t *testing.T) {
		s := up(t, plainFile)
		e, land := s.formerly(1, 2, "POST", starting)
		p := s.proxied()
		p.Fault(dockertest.Fault{Method: "DELETE", Path: removing, Times: 1, Do: func(x *dockertest.Exchange) {
			land()
			dockertest.Pass(x)
		}})
		err := s.target.Settle(s.Context(), s.policy(), e)
		if err == nil || !strings.Contains(err.Error(), "was started again by somebody else, and stays") {
			t.Errorf("error %v, want that it was started", err)
		}
		s.settle(e)
		s.clean("1", "2")
	})
	t.Run("while the other raises", func(t *testing.T) {
		s := up(t, plainFile)
		_, land := s.formerly(1, 2, "POST", starting)
		p := s.proxied()
		p.Fault(dockertest.Fault{Method: "DELETE", Path: removing, Times: 1, Do: func(x *dockertest.Exchange) {
			land()
			dockertest.Pass(x)
		}})
		s.scale(1, 2, engine.Succeeded, 2) // without a look at what the former left
		if n := len(s.ids()); n != 2 {
			t.Errorf("%d containers, want 2", n)
		}
	})
}

func TestLiveEscapedStop(t *testing.T) {
	t.Run("after the other has settled", func(t *testing.T) {
		s := up(t, plainFile, "--scale", "web=3")
		e, land := s.formerly(3, 2, "POST", stopping)
		s.settle(e)
		s.clean("1", "2", "3")
		land()
		s.settle(e)
		s.clean("1", "2")
	})
	t.Run("after the other has lowered", func(t *testing.T) {
		s := up(t, plainFile, "--scale", "web=3")
		e, land := s.formerly(3, 2, "POST", stopping)
		s.settle(e)
		s.scale(3, 2, engine.Succeeded, 2)
		land()
		s.settle(e)
		s.clean("1", "2")
	})
	t.Run("while the other raises", func(t *testing.T) {
		s := up(t, plainFile, "--scale", "web=3")
		e, land := s.formerly(3, 2, "POST", stopping)
		s.settle(e)
		p := s.proxied()
		p.Fault(dockertest.Fault{Method: "POST", Path: starting, Times: 1, Do: func(x *dockertest.Exchange) {
			land()
			dockertest.Pass(x)
		}})
		s.mentions(s.scale(3, 4, engine.RolledBack, 2).Error, "somebody else stopped or removed container "+s.name("3"))
		s.settle(e)
		s.clean("1", "2")
	})
}

// A remove is of a container that was stopped: started again, it stays.
func TestLiveEscapedRemove(t *testing.T) {
	s := up(t, plainFile, "--scale", "web=3")
	e, land := s.formerly(3, 2, "DELETE", removing)
	if err := s.engine.Client().ContainerStart(t.Context(), s.name("3"), container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	s.settle(e)
	land()
	s.settle(e)
	s.clean("1", "2", "3")
}
