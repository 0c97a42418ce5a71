package main

import (
	"strings"
	"testing"

	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const (
	stackFile   = "version: '3.8'\nservices:\n  web:\n    image: $IMAGE\n    deploy: {update_config: {monitor: 500ms, delay: 5s}}\n"
	updateCall  = "^/services/[^/]+/update$"
	outOfSeq    = "rpc error: code = Unknown desc = update out of sequence"
	swarmDriver = `driver: "swarm"`
)

// stack is a site whose service runs on a swarm, behind a proxy.
func stack(t *testing.T) (*site, *dockertest.Proxy) {
	t.Parallel()
	e := shared.Engine(t)
	e.Swarm(t)
	s := lay(t, e, stackFile, strings.Replace(atLeastOne, `driver: "compose"`, swarmDriver, 1))
	p := e.Proxy(t)
	s.host = p.Host()
	t.Cleanup(func() { e.RemoveStack(t, s.dir, s.project) })
	s.deploy()
	return s, p
}

func (s *site) deploy() {
	s.Helper()
	s.engine.Docker(s, s.dir, "stack", "deploy", "--resolve-image", "never", "-c", "compose.yaml", s.project)
}

// ready waits until so many replicas are ready.
func (s *site) ready(n int) {
	s.Helper()
	s.until("replicas that are ready", func() bool {
		p := s.policy("web")
		return p.Error == "" && p.ReadyReplicas == n && p.CurrentReplicas == n
	})
}

// 4: somebody else changed the service since it was looked at. It is decided again on fresh state, and stays one event.
func TestLiveFault04OutOfSequenceIsDecidedAgain(t *testing.T) {
	s, p := stack(t)
	s.run()
	s.ready(1)
	p.Fault(dockertest.Fault{Method: "POST", Path: updateCall, Times: 2, Do: dockertest.Answer(500, outOfSeq)})
	s.flyball("scale", "web", "3")
	s.untilEnded("up 1→3 succeeded")
	p.Wait(t, "POST", updateCall, 3)
	s.ready(3)
}

// 6 on a swarm: a deploy takes replicas away. Once it is quiet they are put back, once.
func TestLive25SwarmDeployIsUndoneOnce(t *testing.T) {
	s, _ := stack(t)
	s.run()
	s.ready(1)
	s.flyball("scale", "web", "3")
	s.deploy()
	s.untilEnded("up 1→3 succeeded", "up 1→3 succeeded")
	if undone := s.history()[1]; undone.Actor != "flyball" || undone.Reasons[0].Code != "Drift" {
		t.Errorf("undone as %+v", undone)
	}
	s.ready(3)
}

// 8: a rollout is in progress. It is not disturbed.
func TestLiveFault08RolloutInProgressHolds(t *testing.T) {
	s, p := stack(t)
	s.run()
	s.ready(1)
	s.flyball("scale", "web", "3")
	updates := p.Seen("POST", updateCall)
	s.engine.Docker(t, s.dir, "service", "update", "--detach", "--no-resolve-image", "--force", s.project+"_web")
	s.until("the rollout is seen", func() bool { return s.policy("web").Reason == "RolloutInProgress" })
	s.mentions(s.refused("scale", "web", "2"), "web is being changed, and nothing else is begun: RolloutInProgress: ")
	if n := p.Seen("POST", updateCall); n != updates {
		t.Errorf("%d calls in the middle of the rollout", n-updates)
	}
	s.ready(3)
}
