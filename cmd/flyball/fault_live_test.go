package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/events"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

// The calls of which a change is made, as the faults name them.
const (
	createCall = "^/containers/create$"
	startCall  = "^/containers/[^/]+/start$"
	stopCall   = "^/containers/[^/]+/stop$"
	removeCall = "^/containers/[^/]+$" // DELETE
	listCall   = "^/containers/json$"
)

// atLeastOne scales by hand alone: no load ever asks for more.
const atLeastOne = `
policies: web: {
	service: "web"
	target: {driver: "compose", project: "$PROJECT"}
	enabled:            true
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", window: "5s"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 1000, scaleDown: 0}]
	evaluationInterval: "1s"
	cooldownPeriod:     "2s"
	minReplicas: 1
	maxReplicas: 5
	rollout: minReady: "1s"
}
`

// behind is a site whose daemon reaches the engine through a proxy.
func behind(t *testing.T, file, policies string) (*site, *dockertest.Proxy) {
	t.Parallel()
	e := shared.Engine(t)
	s, p := open(t, e, file, policies), e.Proxy(t)
	s.host = p.Host()
	return s, p
}

// settledAt waits until just so many replicas run and are ready, with no container of the service beside them, and stay so.
func (s *site) settledAt(n int) {
	s.Helper()
	holds := func() bool {
		p := s.policy("web")
		return p.Error == "" && p.Open == nil && p.ReadyReplicas == n && len(s.containers()) == n && len(s.awake()) == n
	}
	s.until(fmt.Sprintf("%d replicas and nothing beside them", n), holds)
	s.cycles(3)
	if !holds() {
		s.Errorf("it does not stay at %d: %v", n, s.ended())
	}
}

// awake are the ids of the project's containers that run.
func (s *site) awake() []string { return strings.Fields(s.compose("ps", "-q", "--status", "running")) }

// 1: Docker is gone before the call. The intent is on record, the raise backs off, and comes by itself.
func TestLiveFault01DockerGoneBeforeTheCall(t *testing.T) {
	s, p := behind(t, plainFile, atLeastTwo)
	p.Fault(dockertest.Fault{Method: "POST", Path: createCall, Do: dockertest.Refuse})
	s.run()
	s.untilEnded("up 1→2 failed")
	s.mentions(s.history()[0].Error, "create container "+s.project+"-web-2: no Docker engine answers at")
	s.cycles(2)
	s.backsOff()
	p.Release()
	s.until("a raise after the back-off", func() bool {
		return slices.Equal(s.ended(), []string{"up 1→2 failed", "up 1→2 succeeded"})
	})
	s.settledAt(2)
	if b := s.policy("web").Backoff; b != nil {
		t.Errorf("it backs off still: %+v", b)
	}
}

// 2: Docker is gone after the call, before the reply. What was made without anybody hearing of it is found, and is not made
// twice.
func TestLiveFault02DockerGoneBeforeTheReply(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]string{"create": createCall, "start": startCall} {
		t.Run(name, func(t *testing.T) {
			s, p := behind(t, plainFile, atLeastTwo)
			p.Fault(dockertest.Fault{Method: "POST", Path: call, Times: 1, Do: dockertest.DropReply})
			s.run()
			s.until("the end of an event", func() bool { return len(s.ended()) > 0 })
			s.cycles(1)
			if there := s.containers(); len(there) > 2 {
				t.Errorf("%d containers", len(there))
			}
			s.settledAt(2)
			if made := p.Seen("POST", createCall); made > 2 {
				t.Errorf("%d replicas were made for one", made)
			}
		})
	}
}

// 3: Docker hangs for a minute. The call has a deadline, and other services are not held up.
func TestLiveFault03DockerHangs(t *testing.T) {
	s, p := behind(t, plainFile+"  db:\n    image: $IMAGE\n",
		atLeastTwo+strings.NewReplacer("policies: web", "policies: db", `service: "web"`, `service: "db"`).Replace(atLeastTwo))
	p.Fault(dockertest.Fault{Method: "POST", Path: createCall, Times: 1, Do: dockertest.Hang})
	d := s.run()
	p.Wait(t, "POST", createCall, 2)
	s.untilEnded("up 1→2 succeeded")
	s.within(time.Minute+longest, "the end of the call that hangs", func() bool { return slices.Contains(s.ended(), "up 1→2 failed") })
	if n := d.said("msg=event", "result=failed", "did not answer in time"); n != 1 {
		t.Errorf("the deadline is told of %d times", n)
	}
	p.Release()
	s.until("both services at 2", func() bool {
		return s.policy("web").ReadyReplicas == 2 && s.policy("db").ReadyReplicas == 2
	})
	if there := s.containers(); len(there) != 4 {
		t.Errorf("%d containers, want 4", len(there))
	}
}

// 5: the service goes away while it is raised. The raise stops, tells how it ended, and the service stays away.
func TestLiveFault05ServiceDeleted(t *testing.T) {
	s, _ := behind(t, changeableFile, policyHead+"minReplicas: 2, rollout: readyDeadline: \"60s\"\n}\n")
	s.write("settings", "READY_AFTER=never")
	s.run()
	s.until("a new replica runs", func() bool { return len(s.clones()) == 1 })
	s.compose("down", "-t", "1")
	s.untilEnded("up 1→2 rolled_back")
	s.until("the service is missed", func() bool { return strings.Contains(s.policy("web").Error, "has no containers") })
	if there := s.containers(); len(there) != 0 {
		t.Errorf("%d containers came back", len(there))
	}
}

// 6 and behaviour 3: a plain up takes replicas away. Once it is quiet they are put back, once; whoever insists wins.
func TestLive03PlainUpIsUndoneOnce(t *testing.T) {
	s, _ := behind(t, plainFile, strings.Replace(atLeastOne, `"2s"`, `"10m"`, 1))
	s.run()
	s.cycles(1)
	s.flyball("scale", "web", "3")
	lastEnd := s.ends()
	s.compose("up", "-d")
	s.untilEnded("up 1→3 succeeded", "up 1→3 succeeded")
	undone := s.history()[1]
	if quiet := undone.Started.Sub(lastEnd()); quiet < 10*time.Second || quiet > time.Minute {
		t.Errorf("undone %s after the up; want that soon after 10 s of quiet", quiet)
	}
	if undone.Actor != "flyball" || undone.Reasons[0].Code != "Drift" {
		t.Errorf("undone as %+v", undone)
	}
	s.settledAt(3)
	s.compose("up", "-d")
	s.untilEnded("up 1→3 succeeded", "up 1→3 succeeded", "down 3→1 seen")
	s.settledAt(1)
}

// ends hears from now on of the project's containers that end: the engine forgets soon. Called, the answer is when the last one did.
func (s *site) ends() (last func() time.Time) {
	s.Helper()
	only := s.own()
	only.Add("event", string(events.ActionDie))
	ctx, cancel := context.WithCancel(context.Background())
	s.Cleanup(cancel)
	heard, errs := s.engine.Client().Events(ctx, events.ListOptions{Since: fmt.Sprint(time.Now().Unix()), Filters: only})
	ended := make(chan time.Time, 1)
	go func() {
		var at time.Time
		for {
			select {
			case e := <-heard:
				at = time.Unix(0, e.TimeNano)
			case <-errs: // that was all
				ended <- at
				return
			}
		}
	}()
	return func() time.Time {
		s.Helper()
		cancel()
		at := <-ended
		if at.IsZero() {
			s.Fatal("no container has ended")
		}
		return at
	}
}

// 7: replicas that can't start do not make it climb.
func TestLiveFault07CrashLoopStopsTheClimb(t *testing.T) {
	s, _ := behind(t, plainFile+"    restart: always\n    environment: {SETTINGS: /bound/settings}\n    volumes: [\"./:/bound\"]\n",
		policyHead+"minReplicas: 1, rollout: minReady: \"3s\"\n}\n")
	s.write("settings", "EXIT_AFTER=500ms")
	s.run()
	s.burn()
	s.untilEnded("up 1→2 rolled_back")
	s.cycles(5)
	if got := s.ended(); len(got) != 1 {
		t.Errorf("it climbs: %v", got)
	}
	s.backsOff()
	if there := s.awake(); len(there) != 1 {
		t.Errorf("%d replicas run, want the old one", len(there))
	}
	s.mentions(s.history()[0].Log, "exiting, as EXIT_AFTER asks")
}

// 9: the daemon is killed at each step of a raise. The next one closes the event truthfully, and there is one effect at most.
func TestLiveFault09KilledAtEachStepOfARaise(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  dockertest.Fault
		events []string // in the end
	}{
		"decide": {dockertest.Fault{Method: "GET", Path: listCall, Do: dockertest.Hang}, []string{"up 1→2 succeeded"}},
		"intent": {dockertest.Fault{Method: "POST", Path: createCall, Do: dockertest.Hang}, []string{"up 1→2 interrupted", "up 1→2 succeeded"}},
		"create": {dockertest.Fault{Method: "POST", Path: createCall, Do: dockertest.HangReply}, []string{"up 1→2 interrupted", "up 1→2 succeeded"}},
		"start":  {dockertest.Fault{Method: "POST", Path: startCall, Do: dockertest.HangReply}, []string{"up 1→2 interrupted"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := behind(t, plainFile, atLeastTwo)
			p.Fault(c.fault)
			d := s.run()
			p.Wait(t, c.fault.Method, c.fault.Path, 1)
			s.until("the call", func() bool { return name == "decide" || len(s.history()) == 1 })
			d.end(syscall.SIGKILL)
			p.Release()
			s.run()
			s.untilEnded(c.events...)
			s.settledAt(2)
			if made := p.Seen("POST", createCall); made > 2 {
				t.Errorf("%d replicas were made for one", made)
			}
		})
	}
	t.Run("record", func(t *testing.T) {
		s, p := behind(t, changeableFile, policyHead+"minReplicas: 2, rollout: minReady: \"1s\"\n}\n")
		s.write("settings", "READY_AFTER=2s")
		d := s.run()
		p.Wait(t, "POST", startCall, 1)
		p.Fault(dockertest.Fault{Method: "GET", Path: listCall, Do: dockertest.Hang}) // the last look, before the end is recorded
		s.until("the new replica is healthy", func() bool { return strings.Count(s.compose("ps"), "(healthy)") == 2 })
		d.end(syscall.SIGKILL)
		p.Release()
		s.run()
		s.untilEnded("up 1→2 interrupted")
		s.settledAt(2)
	})
}

// 9, the other way: whatever a killed daemon had begun to remove is removed, and no more.
func TestLiveFault09KilledAtEachStepOfALowering(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]dockertest.Fault{
		"intent": {Method: "POST", Path: stopCall, Do: dockertest.Hang},
		"stop":   {Method: "POST", Path: stopCall, Do: dockertest.HangReply},
		"remove": {Method: "DELETE", Path: removeCall, Do: dockertest.HangReply},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := behind(t, plainFile, atLeastOne)
			s.compose("up", "-d", "--scale", "web=3")
			d := s.run()
			s.cycles(1)
			p.Fault(fault)
			s.flyball("scale", "web", "2", "--no-wait")
			p.Wait(t, fault.Method, fault.Path, 1)
			left := 2
			if name == "intent" {
				left = 3
			}
			s.until("what was begun", func() bool { return len(s.awake()) == left })
			d.end(syscall.SIGKILL)
			p.Release()
			s.run()
			s.untilEnded("down 3→2 interrupted")
			s.settledAt(left)
		})
	}
}

// 10: SIGTERM in the middle of a call. It is done, or on record as not known, within 10 s.
func TestLiveFault10StoppedInTheMiddleOfACall(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]string{"create": createCall, "start": startCall} {
		t.Run(name, func(t *testing.T) {
			s, p := behind(t, plainFile, atLeastTwo)
			p.Fault(dockertest.Fault{Method: "POST", Path: call, Do: dockertest.HangReply})
			d := s.run()
			p.Wait(t, "POST", call, 1)
			s.mentions(s.refused("scale", "web", "3"), "web is being changed, and nothing else is begun: RolloutInProgress: 1 → 2, begun ")
			asked := time.Now()
			d.end(syscall.SIGTERM)
			if took := time.Since(asked); took > 10*time.Second+slack {
				t.Errorf("it took %s to stop", took)
			}
			if e := s.history()[0]; e.Result != engine.Interrupted || e.Ended.IsZero() {
				t.Errorf("on record: %q at %s: %s", e.Result, e.Ended, e.Error)
			}
			p.Release()
			s.run()
			s.settledAt(2)
		})
	}
	t.Run("stop", func(t *testing.T) {
		s, p := behind(t, plainFile, atLeastOne)
		s.compose("up", "-d", "--scale", "web=3")
		d := s.run()
		s.cycles(1)
		p.Fault(dockertest.Fault{Method: "POST", Path: stopCall, Do: dockertest.HangReply})
		s.flyball("scale", "web", "2", "--no-wait")
		p.Wait(t, "POST", stopCall, 1)
		s.until("the stop", func() bool { return len(s.awake()) == 2 })
		d.end(syscall.SIGTERM)
		if e := s.history()[0]; e.Result != engine.Interrupted || e.Reached != 2 {
			t.Errorf("on record: %q at %d: %s; want interrupted at 2", e.Result, e.Reached, e.Error)
		}
		p.Release()
		s.run()
		s.settledAt(2)
	})
}

// Behaviour 23: the daemon is killed in the middle of a raise, and Docker too. All that is left is found and finished.
func TestLive23KilledInTheMiddleAndDockerRestarted(t *testing.T) {
	t.Parallel()
	s := open(t, dockertest.Start(t), changeableFile+"    restart: always\n",
		policyHead+"minReplicas: 3, rollout: readyDeadline: \"15s\"\n}\n")
	s.write("settings", "READY_AFTER=never")
	d := s.run()
	s.until("two new replicas run", func() bool { return len(s.clones()) == 1 && len(s.containers()) == 3 })
	d.end(syscall.SIGKILL)
	s.engine.Kill(t)
	s.write("settings", "")
	s.engine.Revive(t)
	s.run()
	s.settledAt(3)
	if first := s.ended()[0]; first != "up 1→3 interrupted" {
		t.Errorf("the event of the killed daemon ended as %s", first)
	}
}
