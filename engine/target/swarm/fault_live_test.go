package swarm

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// faulty puts a proxy before the engine that does this to every change of a service.
func (s *stack) faulty(do dockertest.Effect) *dockertest.Proxy {
	s.Helper()
	p := s.engine.Proxy(s.TB)
	p.Fault(dockertest.Fault{Method: "POST", Path: changes, Do: do})
	target, err := New(p.Host(), slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	s.target.Close()
	s.target = target
	s.Cleanup(func() { target.Close() })
	return p
}

const changes = "/services/.*/update"

func TestLiveSwarmReplyIsLost(t *testing.T) {
	s := deploy(t, plain)
	p := s.faulty(dockertest.DropReply)
	s.scale(1, 3, engine.Succeeded, 3)
	if n := p.Seen("POST", changes); n != 1 {
		t.Errorf("the swarm was called %d times", n)
	}
	s.setTo(3)
}

func TestLiveSwarmCallIsLost(t *testing.T) {
	s := deploy(t, plain)
	s.faulty(dockertest.Refuse)
	s.mentions(s.scale(1, 3, engine.Failed, 1).Error, "set service "+s.name+"_web to 3 replicas")
	s.setTo(1)
}

func TestLiveSwarmCallHangs(t *testing.T) {
	s := deploy(t, plain)
	p := s.faulty(dockertest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan engine.Outcome, 1)
	go func() { done <- s.target.Scale(ctx, s.order(1, 3)) }()
	p.Wait(t, "POST", changes, 1)
	cancel()
	start := time.Now()
	out := <-done
	if took := time.Since(start); out.Result != engine.Interrupted || took > docker.StopGrace+docker.LookDeadline+slack {
		t.Errorf("after %s: %+v, want interrupted", took, out)
	}
	p.Release()
	s.target.Close()
}

// Somebody removes the service between two calls of one look: the tasks are asked for, and there is no such service.
func TestLiveSwarmRemovedInTheMiddleOfALook(t *testing.T) {
	s := deploy(t, healthy)
	s.settings("READY_AFTER=never")
	p := s.faulty(dockertest.Pass)
	var once sync.Once
	p.Fault(dockertest.Fault{Method: "GET", Path: "/tasks$", Do: func(x *dockertest.Exchange) {
		if p.Seen("POST", changes) > 0 {
			once.Do(func() { s.engine.Docker(t, s.dir, "service", "rm", s.name+"_web") })
		}
		dockertest.Pass(x)
	}})
	s.mentions(s.scale(1, 3, engine.Failed, 0).Error, "was removed by somebody else")
}

func TestLiveSwarmForbidden(t *testing.T) {
	s := deploy(t, plain)
	s.faulty(dockertest.Answer(http.StatusForbidden, "no"))
	s.mentions(s.scale(1, 3, engine.Failed, 1).Error, "forbids POST /services/{id}/update (403)", "socket proxy")
	s.setTo(1)
}

func TestLiveSwarmWatch(t *testing.T) {
	t.Parallel()
	e := dockertest.Start(t)
	s := deployOn(t, e, plain)
	s.settled()
	var mu sync.Mutex
	heard := map[[2]string]int{}
	times := func(project, service string) int {
		mu.Lock()
		defer mu.Unlock()
		return heard[[2]string{project, service}]
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.target.Watch(ctx, func(project, service string) {
			mu.Lock()
			defer mu.Unlock()
			heard[[2]string{project, service}]++
		})
	}()
	label := 0
	change := func() bool {
		label++
		s.change("--label-add", "n="+strings.Repeat("x", label))
		return times(s.name, "web") > 0
	}
	s.until("a change is heard of", change)
	if times("", s.name+"_web") == 0 {
		t.Error("by its full name it was not touched")
	}
	id := s.observe().Replicas[0].ID
	was := times(s.name, "web")
	s.engine.Docker(t, s.dir, "kill", id)
	s.until("a task's end is heard of", func() bool { return times(s.name, "web") > was })

	e.Kill(t)
	e.Revive(t)
	s.until("the swarm is back", func() bool {
		_, err := s.target.Observe(t.Context(), s.policy())
		return err == nil
	})
	mu.Lock()
	clear(heard)
	mu.Unlock()
	s.until("a change is heard of after the engine's restart", change)
	cancel()
	select {
	case <-done:
	case <-time.After(longest):
		t.Error("Watch goes on after its end")
	}
}
