package compose

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

func TestLiveWatchHearsOfChanges(t *testing.T) {
	t.Parallel()
	e := dockertest.Start(t)
	s := upOn(t, e, plainFile+"  other: {image: $IMAGE}\n")
	var heard, others atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.target.Watch(ctx, func(project, service string) {
			if project == s.project && service == "web" {
				heard.Add(1)
				return
			}
			others.Add(1)
		})
	}()
	hears := func(what string, change func()) {
		t.Helper()
		before := heard.Load()
		change()
		s.until("hears of "+what, func() bool { return heard.Load() > before })
	}
	// It may not have subscribed yet, so the first change is made until it is heard.
	s.until("hears of a first start", func() bool {
		s.compose("restart", "-t", "0", "web")
		return heard.Load() > 0
	})
	hears("up --scale", func() { s.compose("up", "-d", "--scale", "web=3") })
	hears("stop", func() { s.compose("stop", "-t", "0", "web") })
	hears("start", func() { s.compose("start", "web") })
	e.TryCompose(t, s.dir, "-p", s.project, "run", "--rm", "other", "read", "/nothing") // a one-off
	if n := others.Load(); n != 0 {
		t.Errorf("%d other events were taken for changes of a service", n)
	}

	e.Kill(t)
	e.Revive(t)
	s.until("hears again", func() bool {
		before := heard.Load()
		s.compose("up", "-d", "--force-recreate", "-t", "0", "web")
		return heard.Load() > before
	})
	stop()
	<-done
}

// Whoever agrees with the engine on a version first must not hold up the others for ever.
func TestLiveWatchDoesNotHoldUpOthersThoughTheEngineHangs(t *testing.T) {
	s := up(t, plainFile)
	p := s.proxied()
	p.Fault(dockertest.Fault{Path: "/_ping$", Do: dockertest.Hang, Times: 1})
	go s.target.Watch(t.Context(), func(string, string) {})
	p.Wait(t, "", "/_ping$", 1)
	s.until("the service can be observed", func() bool {
		v, err := s.target.Observe(t.Context(), s.policy())
		return err == nil && len(v.Replicas) == 1
	})
}
