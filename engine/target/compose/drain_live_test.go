package compose

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const lasting = "services:\n  web:\n    image: $IMAGE\n    environment: {IGNORE_TERM: 1}\n    stop_grace_period: $GRACE\n"

func TestLiveDrainHooks(t *testing.T) {
	exec := func(command ...string) engine.Drain {
		return engine.Drain{Exec: command, Timeout: longest}
	}
	call := func(path string) engine.Drain {
		return engine.Drain{HTTP: &engine.Call{Method: http.MethodPost, Port: 8080, Path: path}, Timeout: longest}
	}
	quick := func(d engine.Drain) engine.Drain { d.Timeout = 2 * time.Second; return d }
	cases := map[string]struct {
		drain    engine.Drain
		mentions []string // empty: the replica goes
	}{
		"exec":                      {exec("/service", "drain"), nil},
		"HTTP":                      {call("/drain"), nil},
		"exec that fails":           {exec("/service", "get", "http://127.0.0.1:8080/nothing"), []string{"web-2 stays", `["/service" "get" "http://127.0.0.1:8080/nothing"] ended with exit code 1`, "404 page not found"}},
		"exec of what is not there": {exec("/nothing"), []string{"web-2 stays", "ended with exit code 12", "/nothing"}},
		"exec that takes too long":  {quick(exec("/service", "idle")), []string{"web-2 stays", "had not ended after 2s", "rollout.drain.timeout"}},
		"HTTP that fails":           {call("/nothing"), []string{"web-2 stays", "POST /nothing on port 8080", "404 Not Found", "404 page not found"}},
		"HTTP that takes too long":  {quick(call("/wait?ms=60000")), []string{"web-2 stays", "had not ended after 2s"}},
		"HTTP where nobody listens": {engine.Drain{HTTP: &engine.Call{Method: "GET", Port: 9, Path: "/"}, Timeout: longest}, []string{"web-2 stays", "connection refused", "rollout.drain.exec"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := up(t, plainFile, "--scale", "web=2")
			s.target.Dial = s.engine.Dial
			s.rollout.Drain = c.drain
			if len(c.mentions) == 0 {
				s.scale(2, 1, engine.Succeeded, 1)
				return
			}
			before := s.containers()[s.name("2")].State.StartedAt
			s.mentions(s.scale(2, 1, engine.Failed, 2).Error, c.mentions...)
			if after := s.containers()[s.name("2")].State; after.StartedAt != before || !after.Running {
				t.Errorf("the replica ran since %s, and is now %+v", before, after)
			}
		})
	}
}

func TestLiveAFailedDrainKeepsItsReplicaAlone(t *testing.T) {
	s := up(t, "services:\n  web:\n    image: $IMAGE\n    tmpfs: [/mine]\n", "--scale", "web=3")
	s.target.Dial = s.engine.Dial
	// The command reads a file that replica 3 alone has not.
	s.mustRun("2", "write", "/mine/free", "to go")
	s.rollout.Drain = engine.Drain{Exec: []string{"/service", "read", "/mine/free"}, Timeout: longest}
	s.mentions(s.scale(3, 1, engine.Partial, 2).Error, "web-3 stays", "no such file")
	s.expectNumbers("1", "3")
}

func TestLiveWhatDoesNotServeIsNotDrained(t *testing.T) {
	s := up(t, withHealth)
	s.scale(1, 3, engine.Succeeded, 3)
	s.run("2", "get", "http://127.0.0.1:8080/fail")
	s.until("replica 2 is unhealthy", func() bool {
		return s.containers()[s.name("2")].State.Health.Status == container.Unhealthy
	})
	s.rollout.Drain = engine.Drain{Exec: []string{"/service", "never"}, Timeout: longest}
	s.scale(3, 2, engine.Succeeded, 2)
	s.expectNumbers("1", "3")
	s.scale(2, 1, engine.Failed, 2)
}

func TestLiveNeverBelowWhatIsHealthy(t *testing.T) {
	s := up(t, withHealth)
	s.scale(1, 2, engine.Succeeded, 2)
	s.write(strings.Replace(withHealth, "image:", "labels: {flyball.protect: 'true'}\n    image:", 1))
	s.compose("up", "-d", "--wait", "--no-recreate", "--scale", "web=4") // the new ones are protected
	for _, number := range []string{"3", "4"} {
		s.run(number, "get", "http://127.0.0.1:8080/fail")
	}
	s.until("two are unhealthy", func() bool { return s.observe().Ready() == 2 })
	order := engine.Order{Event: "event-1", Policy: s.policy(), From: 4, To: 2}
	order.Policy.MinReplicas = 2
	out := s.target.Scale(context.Background(), order)
	if out.Result != engine.Failed || out.Reached != 4 {
		t.Errorf("%s at %d, want failed at 4", out.Result, out.Reached)
	}
	s.mentions(out.Error, "0 of 2 replicas could be removed", "web-3 has the label", "web-1 is one of the last 2 that are ready", "web-2 is one of the last 2")
	s.expectNumbers("1", "2", "3", "4")
}

func TestLiveToldToStopInTheMiddleOfALowering(t *testing.T) {
	cases := map[string]struct {
		grace string
		want  engine.Result
	}{
		"what stops in time is removed":   {"1s", engine.Succeeded},
		"what does not is finished later": {"60s", engine.Interrupted},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := up(t, strings.Replace(lasting, "$GRACE", c.grace, 1), "--scale", "web=2")
			e := engine.Event{ID: "event-1", Action: engine.ScaleDown, From: 2, To: 1, Started: time.Now()}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan engine.Outcome, 1)
			go func() { done <- s.target.Scale(ctx, engine.Order{Event: e.ID, Policy: s.policy(), From: 2, To: 1}) }()
			s.until("replica 2 is told to stop", func() bool { return len(s.told()) > 0 })
			began := time.Now()
			stop()
			out := <-done
			if took := time.Since(began); took > docker.StopGrace+docker.LookDeadline+slack {
				t.Errorf("it ended %s after it was told to", took)
			}
			if out.Result != c.want {
				t.Fatalf("%s at %d, want %s: %s", out.Result, out.Reached, c.want, out.Error)
			}
			if c.want == engine.Interrupted {
				s.mentions(out.Error, "stop "+s.name("2"), "flyball is stopping")
				err := s.target.Settle(t.Context(), s.policy(), e)
				if err == nil || !strings.Contains(err.Error(), s.name("2")+" was told to stop, and has up to 1m0s") {
					t.Errorf("settled while a replica is stopping: %v", err)
				}
				s.exits(s.name("2"))
			}
			s.until("it is settled", func() bool { return s.target.Settle(t.Context(), s.policy(), e) == nil })
			s.expectNumbers("1")
		})
	}
}
