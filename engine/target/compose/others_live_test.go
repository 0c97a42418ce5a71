package compose

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// What others do with docker compose while flyball scales.

// stillStarting is a service whose later replicas don't become ready, nor fail, while a test needs them.
var stillStarting = strings.Replace(withHealth, "retries: 3", "retries: 1000", 1)

// slowly is a service that depends on web, and stops once a test has it exit.
const slowly = `
  slow:
    image: $IMAGE
    depends_on: [web]
    environment: {IGNORE_TERM: 1}
    stop_grace_period: 1m
`

func TestLive04DownInTheMiddleStaysDown(t *testing.T) {
	cases := map[string]struct {
		file   string
		raises bool // it has begun when down comes
		want   engine.Result
		reason string
	}{
		"while replicas start":                    {stillStarting, true, engine.RolledBack, "somebody else"},
		"while they start, and others stop first": {stillStarting + slowly, true, engine.RolledBack, "somebody else"},
		"before, and others have not stopped yet": {stillStarting + slowly, false, engine.Failed, "somebody is stopping containers of project"},
		"before, and a rare signal tells to stop": {stillStarting + slowly + "    stop_signal: SIGUSR1\n", false, engine.Failed, "somebody is stopping containers of project"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := up(t, c.file)
			s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
			var done <-chan engine.Outcome
			if c.raises {
				done = s.inBackground(1, 4)
				s.until("the new replicas run", func() bool { return len(s.observe().Replicas) == 4 })
			}
			down := s.composeInBackground("down")
			if !c.raises {
				s.until("slow is told to stop", func() bool { return len(s.told()) > 0 })
				done = s.inBackground(1, 4)
			}
			out := <-done
			if out.Result != c.want {
				t.Errorf("%s, want %s: %s", out.Result, c.want, out.Error)
			}
			s.mentions(out.Error, c.reason)
			s.exits(s.project + "-slow-1") // where there is one
			if err := <-down; err != nil {
				t.Error(err)
			}
			s.isDown()
			if out := <-s.inBackground(1, 2); out.Result != engine.Failed || out.Reached != 0 {
				t.Errorf("%s at %d, want failed at 0: %s", out.Result, out.Reached, out.Error)
			}
		})
	}
}

// isDown checks that one `docker compose down` was enough.
func (s *stack) isDown() {
	s.Helper()
	if left := s.ids(); len(left) != 0 {
		s.Errorf("containers left: %v", left)
	}
	own := filters.NewArgs(filters.Arg("label", projectLabel+"="+s.project))
	networks, err := s.engine.Client().NetworkList(s.Context(), network.ListOptions{Filters: own})
	if err != nil || len(networks) != 0 {
		s.Errorf("networks left: %v, %v", networks, err)
	}
	if _, err := s.target.Observe(s.Context(), s.policy()); err == nil || !strings.Contains(err.Error(), "has no containers") {
		s.Errorf("Observe of a project that is down: %v", err)
	}
}

// told is which containers of the project were told to stop.
func (s *stack) told() map[string]time.Time {
	s.Helper()
	told, err := s.target.told(s.Context(), []string{projectLabel + "=" + s.project}, noon)
	if err != nil {
		s.Fatal(err)
	}
	return told
}

func (s *stack) composeInBackground(args ...string) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := s.engine.TryCompose(s.TB, s.dir, append([]string{"-p", s.project}, args...)...)
		done <- err
	}()
	return done
}

func TestLive05AStoppedServiceIsNotRaised(t *testing.T) {
	s := up(t, plainFile)
	s.scale(1, 2, engine.Succeeded, 2)
	s.compose("stop", "-t", "1")
	if v := s.observe(); len(v.Replicas) != 0 {
		t.Errorf("a stopped service has replicas: %+v", v)
	}
	s.mentions(s.scale(2, 3, engine.Failed, 0).Error, "is stopped", "docker compose -p "+s.project+" up -d web")
	s.compose("start")
	if v := s.observe(); len(v.Replicas) != 2 {
		t.Errorf("started again it has %d replicas, want 2", len(v.Replicas))
	}
}

// A replica that takes its time to stop is no reason to put the others back.
func TestLive05AServiceThatIsBeingStoppedIsLeftAlone(t *testing.T) {
	s := up(t, strings.Replace(lasting, "$GRACE", "1m", 1))
	if why := s.observe().Rollout; why != "" {
		t.Errorf("before anybody stops it: %s", why)
	}
	stopped := s.composeInBackground("stop")
	s.until("the stop is seen", func() bool { return strings.HasPrefix(s.observe().Rollout, "somebody is stopping the service: ") })
	s.exits(s.name("1"))
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if v := s.observe(); len(v.Replicas) != 0 || v.Rollout != "" {
		t.Errorf("once it has stopped: %+v", v)
	}
}

func TestLive05StoppedDuringAnOrder(t *testing.T) {
	t.Run("before the first is created", func(t *testing.T) {
		for _, do := range []string{"stop", "down"} {
			t.Run(do, func(t *testing.T) {
				s := up(t, plainFile)
				p := s.proxied()
				p.Fault(dockertest.Fault{Method: "GET", Path: "/containers/[0-9a-f]+/changes$", Do: dockertest.HangReply, Times: 1})
				done := s.inBackground(1, 3)
				p.Wait(t, "GET", "/containers/[0-9a-f]+/changes$", 1)
				s.compose(do, "-t", "1")
				p.Release()
				if out := <-done; out.Result != engine.Failed || out.Reached != 0 {
					t.Errorf("%s at %d, want failed at 0: %s", out.Result, out.Reached, out.Error)
				}
				if n := p.Seen("POST", creating); n != 0 {
					t.Errorf("%d containers were created", n)
				}
				if do == "down" {
					s.isDown()
				}
			})
		}
	})
	t.Run("while they start", func(t *testing.T) {
		s := up(t, stillStarting)
		s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
		done := s.inBackground(1, 3)
		s.until("the new replicas run", func() bool { return len(s.observe().Replicas) == 3 })
		s.compose("stop", "-t", "1")
		if out := <-done; out.Result != engine.RolledBack || out.Reached != 0 {
			t.Errorf("%s at %d, want rolled_back at 0: %s", out.Result, out.Reached, out.Error)
		}
		s.expectNumbers("1")
	})
}

func TestLive22NothingWhileComposeRecreates(t *testing.T) {
	s := up(t, strings.Replace(lasting, "$GRACE", "1m", 1))
	old := s.ids()
	recreated := s.composeInBackground("up", "-d", "--force-recreate")
	s.until("the recreation is seen", func() bool { return s.observe().Rollout != "" })
	s.mentions(s.scale(1, 3, engine.Failed, 1).Error, "is recreating service web")
	s.exits(old...)
	if err := <-recreated; err != nil {
		t.Fatal(err)
	}
	s.scale(1, 3, engine.Succeeded, 3)
	s.expectNumbers("1", "2", "3")
}

func TestLive22ComposeRecreatesDuringARaise(t *testing.T) {
	cases := map[string]struct {
		up   []string
		runs int
	}{
		"all of it":             {[]string{"--scale", "web=4"}, 4},
		"and goes back to one":  {nil, 1},
		"though nothing is new": {[]string{"--force-recreate", "--scale", "web=3"}, 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := up(t, stillStarting)
			s.mustRun("1", "write", "/bound/settings", "READY_AFTER=never")
			done := s.inBackground(1, 4)
			s.until("the new replicas run", func() bool { return len(s.observe().Replicas) == 4 })
			s.mustRun("1", "write", "/bound/settings", "READY_AFTER=0s")
			s.write(stillStarting + "    labels: {release: new}\n")
			s.compose(append([]string{"up", "-d", "-t", "1"}, c.up...)...)
			if out := <-done; out.Result != engine.RolledBack {
				t.Errorf("%s at %d, want rolled_back: %s", out.Result, out.Reached, out.Error)
			}
			s.released(c.runs)
		})
	}
}

func TestLive22ComposeRecreatesDuringALowering(t *testing.T) {
	file := strings.Replace(lasting, "$GRACE", "1m", 1)
	s := up(t, file, "--scale", "web=3")
	old := s.ids()
	done := s.inBackground(3, 2)
	s.until("replica 3 is told to stop", func() bool { return len(s.told()) > 0 })
	s.write(file + "    labels: {release: new}\n")
	recreated := s.composeInBackground("up", "-d", "--scale", "web=3")
	s.until("the recreation is seen", func() bool { return s.observe().Rollout != "" })
	s.exits(old...)
	if err := <-recreated; err != nil {
		t.Fatal(err)
	}
	if out := <-done; out.Result == engine.Succeeded || out.Error == "" {
		t.Errorf("%s at %d: %s; want that compose was at it", out.Result, out.Reached, out.Error)
	}
	s.released(3)
}

// released checks that so many replicas of the new file run, and that nothing else is there.
func (s *stack) released(want int) {
	s.Helper()
	all := s.containers()
	for name, c := range all {
		if c.State.Status != container.StateRunning || c.Config.Labels["release"] != "new" || !strings.HasPrefix(name, s.name("")) {
			s.Errorf("%s is %s, of release %q", name, c.State.Status, c.Config.Labels["release"])
		}
	}
	if len(all) != want {
		s.Errorf("%d replicas, want %d", len(all), want)
	}
}

// Flyball's own stops are no `docker compose down`, and what somebody stopped holds a raise up only until it has ended.
func TestLiveStopsOfOtherServices(t *testing.T) {
	s := up(t, plainFile+slowly, "--scale", "slow=2")
	slow := s.policy()
	slow.Service = "slow"
	lowered := make(chan engine.Outcome, 1)
	go func() {
		lowered <- s.target.Scale(t.Context(), engine.Order{Event: "event-2", Policy: slow, From: 2, To: 1})
	}()
	s.until("slow is told to stop", func() bool { return len(s.told()) > 0 })
	s.scale(1, 2, engine.Succeeded, 2)
	s.exits(s.project + "-slow-2")
	if out := <-lowered; out.Result != engine.Succeeded {
		t.Errorf("slow: %s: %s", out.Result, out.Error)
	}

	before := len(s.told())
	stopped := s.composeInBackground("stop", "slow")
	s.until("slow is told to stop by somebody", func() bool { return len(s.told()) > before })
	s.mentions(s.scale(2, 3, engine.Failed, 2).Error, "somebody is stopping containers of project", "slow-1 was told to stop, and has up to 1m0s")
	s.exits(s.project + "-slow-1")
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	s.scale(2, 3, engine.Succeeded, 3)
}
