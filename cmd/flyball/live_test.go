package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/dockertest"
)

const (
	// so little CPU time that a busy machine can give it whole
	plainFile = "services:\n  web:\n    image: $IMAGE\n    cpus: 0.1\n"

	// later replicas do what the file settings says
	changeableFile = "services:\n  web:\n    image: $IMAGE\n    cpus: 0.3\n" + `
    environment: {SETTINGS: /bound/settings}
    volumes: ["./:/bound"]
    healthcheck: {test: [CMD, /service, health], interval: 300ms, timeout: 20s, retries: 100}
`
	// the load of one busy replica asks for three
	policyHead = `
policies: web: {
	service: "web"
	target: {driver: "compose", project: "$PROJECT"}
	enabled:            true
	metrics: [{name: "cpu_usage", type: "cpu", source: "system", window: "5s"}]
	thresholds: [{metric: "cpu_usage", scaleUp: 25, scaleDown: 10}]
	evaluationInterval: "1s"
	cooldownPeriod:     "2s"
	maxReplicas:        3
`
	// the first replica alone is under the minimum: a raise at once, without load
	atLeastTwo = policyHead + "minReplicas: 2, rollout: minReady: \"1s\"\n}\n"
)

// The live tests run the daemon as it is built on a real engine, each with a project of its own.
func TestLive(t *testing.T) {
	t.Parallel()
	e := shared.Engine(t)
	for name, test := range map[string]func(t *testing.T, start func(file, policies string) *site){
		"LoadScalesUpAndRestScalesDown": testLoad,
		"AServiceThatDoesNotExist":      testNoService,
		"AFixedHostPort":                testFixedPort,
		"AReplicaThatNeverBecomesReady": testNeverReady,
		"StoppedInTheMiddle":            testStopped,
		"KilledInTheMiddle":             testKilled,
		"AStoppedServiceIsLeftAlone":    testServiceStopped,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(file, policies string) *site { return open(t, e, file, policies) })
		})
	}
	t.Run("DockerKilledInTheMiddle", func(t *testing.T) {
		t.Parallel()
		testDockerKilled(t, func(file, policies string) *site { return open(t, dockertest.Start(t), file, policies) })
	})
}

func testLoad(t *testing.T, start func(file, policies string) *site) {
	s := start(plainFile, atLeastTwo)
	s.run()
	s.untilEnded("up 1→2 succeeded")
	s.burn()
	s.untilEnded("up 1→2 succeeded", "up 2→3 succeeded")
	if got := strings.Fields(s.compose("ps", "-q")); len(got) != 3 {
		t.Errorf("docker compose ps shows %v, want 3 replicas", got)
	}
	s.mentions(s.compose("ps"), s.project+"-web-1", s.project+"-web-2", s.project+"-web-3")
	s.mentions(s.flyball("status"), "cpu_usage ", "3 ", "2-3")

	s.rest()
	s.untilEnded("up 1→2 succeeded", "up 2→3 succeeded", "down 3→2 succeeded")
	events := s.history()
	for i, want := range []string{"BelowMinimum", "cpu_usage", "cpu_usage"} {
		e := events[i]
		if reason := e.Reasons[0]; reason.Code != want && reason.Metric != want {
			t.Errorf("%s %d→%d has the reasons %+v, want %s", e.Action, e.From, e.To, e.Reasons, want)
		}
		if e.Reached != e.To || e.Ended.IsZero() || e.Actor != "policy web" {
			t.Errorf("event %+v, want it to have reached what it was for", e)
		}
	}
	s.compose("down", "-t", "1")
	if left := s.containers(); len(left) != 0 {
		t.Errorf("docker compose down left %v", left)
	}
}

func testNoService(t *testing.T, start func(file, policies string) *site) {
	s := start(plainFile+"  db:\n    image: $IMAGE\n",
		atLeastTwo+strings.NewReplacer("policies: web", "policies: ghost", `"web"`, `"wbe"`).Replace(atLeastTwo))
	d := s.run()
	s.untilEnded("up 1→2 succeeded")
	s.cycles(2)
	message := "compose project " + s.project + " has no service wbe; it has: db, web"
	if n := d.said("level=ERROR", "policy=ghost", message); n != 1 {
		t.Errorf("%q was logged %d times, want once", message, n)
	}
	s.mentions(s.flyball("status"), "failing", message)
}

func testFixedPort(t *testing.T, start func(file, policies string) *site) {
	s := start(plainFile+"    ports: ['18379:8080']\n", atLeastTwo)
	before := s.containers()
	s.run()
	s.untilEnded("up 1→2 failed")
	s.cycles(2)
	s.mentions(s.history()[0].Error, "host port 18379 is fixed", `publish a range such as "18379-18388:8080"`)
	s.backsOff()
	if after := s.containers(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
	if got := s.ended(); len(got) != 1 {
		t.Errorf("it was tried again at once: %v", got)
	}
}

// backsOff checks that status shows the back-off after one failed raise.
func (s *site) backsOff() {
	s.Helper()
	p := s.policy("web")
	failed := s.history()[0].Ended
	if p.Backoff == nil || p.Backoff.Failures != 1 || p.Backoff.Seconds > 30 || time.Since(failed).Seconds()+p.Backoff.Seconds < 30 {
		s.Errorf("back-off is %+v at %s; want 1 failure and 30 s since %s", p.Backoff, time.Now(), failed)
	}
	s.mentions(s.flyball("status"), "BackoffActive", "more after 1 failed in a row")
}

func testNeverReady(t *testing.T, start func(file, policies string) *site) {
	s := start(changeableFile, policyHead+"minReplicas: 2, rollout: readyDeadline: \"8s\"\n}\n")
	s.write("settings", "READY_AFTER=never")
	before := s.containers()
	s.run()
	s.untilEnded("up 1→2 rolled_back")
	s.cycles(2)
	e := s.history()[0]
	s.mentions(e.Error, s.project+"-web-2", "was not ready after 8s")
	s.mentions(e.Log, "serving", "health check, exit code 1", "not ready")
	s.backsOff()
	if after := s.containers(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

func testStopped(t *testing.T, start func(file, policies string) *site) {
	s := start(changeableFile, policyHead+"minReplicas: 2, rollout: readyDeadline: \"5m\"\n}\n")
	s.write("settings", "READY_AFTER=never")
	before := s.containers()
	d := s.run()
	s.until("a new replica runs", func() bool { return len(s.clones()) == 1 })
	asked := time.Now()
	d.end(syscall.SIGTERM)
	if took := time.Since(asked); took > 10*time.Second+slack || d.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("%s, %s after SIGTERM; want exit code 0 within 10 s", d.cmd.ProcessState, took)
	}
	e := s.history()[0]
	s.mentions(e.Error, s.project+"-web-2: was given up: ")
	if e.Result != engine.Interrupted || e.Reached != 1 || e.Ended.IsZero() {
		t.Errorf("%s at %d, ended %s: %s; want interrupted at 1", e.Result, e.Reached, e.Ended, e.Error)
	}
	if after := s.containers(); !slices.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

func testKilled(t *testing.T, start func(file, policies string) *site) {
	s := start(changeableFile, policyHead+"minReplicas: 2, rollout: readyDeadline: \"8s\"\n}\n")
	s.write("settings", "READY_AFTER=never")
	first := s.run()
	s.until("a new replica runs, and has read its settings", func() bool {
		return len(s.clones()) == 1 && s.serves(s.project+"-web-2")
	})
	first.end(syscall.SIGKILL)
	open := s.history()[0]
	if orphans := s.clones()[open.ID]; open.Result != "" || len(orphans) != 1 {
		t.Fatalf("%q with %d clones, want an open event with one", open.Result, len(orphans))
	}

	s.write("settings", "") // for the next one
	s.run()
	s.untilEnded("up 1→2 interrupted", "up 1→2 succeeded")
	s.mentions(s.history()[0].Error, "the daemon stopped before this ended")
	clones, there := s.clones(), s.containers()
	if len(clones[open.ID]) != 0 || len(there) != 2 {
		t.Errorf("%d clones of the interrupted event, %d containers; want 0 and 2", len(clones[open.ID]), len(there))
	}
	for _, id := range there {
		c, err := s.engine.Client().ContainerInspect(t.Context(), id)
		if err != nil || c.State.Health.Status != container.Healthy {
			t.Errorf("%s (%v) is not healthy", id, err)
		}
	}
	s.cycles(3)
	if got := s.ended(); len(got) != 2 || !slices.Equal(s.containers(), there) {
		t.Errorf("it did not settle: %v", got)
	}
}

func testServiceStopped(t *testing.T, start func(file, policies string) *site) {
	s := start(plainFile, policyHead+"minReplicas: 1, rollout: minReady: \"1s\"\n}\n")
	d := s.run()
	s.cycles(1)
	s.compose("stop", "-t", "1")
	s.until("the stop is seen", func() bool { return s.policy("web").Reason == "Stopped" })
	s.cycles(2)
	if ps := s.compose("ps", "-q"); ps != "" {
		t.Errorf("replicas run after docker compose stop: %s", ps)
	}

	s.compose("up", "-d", "--scale", "web=0")
	message := "compose project " + s.project + " has no containers"
	s.until("that nothing is there", func() bool { return strings.Contains(s.policy("web").Error, message) })
	samples := d.said("metrics can't be read", message)
	s.until("more looks", func() bool { return d.said("metrics can't be read", message) >= samples+2 })
	if there := s.containers(); len(there) != 0 {
		t.Errorf("containers were made at scale 0: %v", there)
	}

	s.compose("up", "-d")
	s.until("one replica", func() bool { p := s.policy("web"); return p.Error == "" && p.CurrentReplicas == 1 })
	if got := s.history(); len(got) != 0 {
		t.Errorf("events: %+v", got)
	}
}

func testDockerKilled(t *testing.T, start func(file, policies string) *site) {
	s := start(changeableFile+"    restart: always\n", policyHead+"minReplicas: 2, rollout: readyDeadline: \"8s\"\n}\n")
	s.write("settings", "READY_AFTER=never")
	d := s.run()
	s.until("a new replica runs", func() bool { return len(s.clones()) == 1 })
	s.engine.Kill(t)
	s.write("settings", "") // once the engine is back, which starts them anew
	gone := "no Docker engine answers at " + s.engine.Host()
	s.until("the event's end, and looks without an engine", func() bool {
		return len(s.ended()) == 1 && d.said("metrics can't be read", gone) >= 8
	})
	s.mentions(s.policy("web").Error, gone)
	if n := d.said("level=ERROR", "msg=cycle"); n != 1 {
		t.Errorf("that Docker is gone was logged %d times, want once", n)
	}

	s.engine.Revive(t)
	s.until("two replicas, ready", func() bool { p := s.policy("web"); return p.Error == "" && p.ReadyReplicas == 2 })
	s.untilEnded("up 1→2 interrupted")
	s.mentions(s.history()[0].Error, gone)

	// It acts again: a replica that somebody removes is made up for.
	if err := s.engine.Client().ContainerRemove(t.Context(), s.project+"-web-2", container.RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	s.untilEnded("up 1→2 interrupted", "up 1→2 succeeded")
}

// What does not fit the budget is cut to what does, and it says why: by the replicas of all services, and by memory.
func TestLiveBudget(t *testing.T) {
	t.Parallel()
	t.Run("replicas", func(t *testing.T) {
		s, _ := behind(t, plainFile+"  db:\n    image: $IMAGE\n",
			atLeastOne+strings.NewReplacer("policies: web", "policies: db", `service: "web"`, `service: "db"`).Replace(atLeastOne))
		s.env = []string{"MAX_TOTAL_REPLICAS=4"}
		s.run()
		s.cycles(2)
		s.flyball("scale", "web", "5")
		s.untilEnded("up 1→3 succeeded")
		s.mentions(s.refused("scale", "db", "2"), "db stays at 1: BudgetExhausted: wished for 2: 3 replicas of 4 in use by other services; --force goes beyond")
	})
	t.Run("memory", func(t *testing.T) {
		each := available(t) / 2 // what else runs here takes some, and gives some back
		s, _ := behind(t, fmt.Sprintf("%s    mem_limit: %d\n", plainFile, each<<20), atLeastOne)
		s.env = []string{fmt.Sprintf("MIN_AVAILABLE_MEMORY_MB=%d", available(t)-each*3/2)}
		s.run()
		s.cycles(1)
		s.flyball("scale", "web", "5")
		s.untilEnded("up 1→2 succeeded")
	})
	t.Run("memory of replicas without a limit", func(t *testing.T) {
		s, _ := behind(t, plainFile+"    environment: {ALLOCATE_MB: 200}\n", strings.Replace(atLeastOne, "maxReplicas: 5", "maxReplicas: 100", 1))
		s.env = []string{fmt.Sprintf("MIN_AVAILABLE_MEMORY_MB=%d", available(t)-500)}
		s.until("its memory is taken", func() bool { return s.serves(s.project + "-web-1") })
		d := s.run()
		s.until("a sample", func() bool { return s.policy("web").Metrics["cpu_usage"].Samples > 0 })
		s.command("scale", "web", "100").Run() // whether some fit depends on what else runs here
		if n := d.said("msg=decision", "BudgetExhausted", "a replica may take 20"); n == 0 {
			t.Error("it does not know what a replica takes")
		}
	})
}

// available is the memory that is available on this machine, in MB.
func available(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	var kb int
	for line := range strings.Lines(string(text)) {
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kb); n == 1 {
			return kb >> 10
		}
	}
	t.Fatal("/proc/meminfo does not say how much is available")
	return 0
}
