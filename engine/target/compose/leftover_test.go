package compose

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

func TestLeftover(t *testing.T) {
	rollout := engine.Rollout{ReadyDeadline: time.Minute, MinReady: 5 * time.Second}
	// failing is a clone, up for a while, whose health check failed this often in a row, every 2 s.
	failing := func(up time.Duration, streak int) replica {
		r := running(2, up, func(c *container.InspectResponse) {
			health(container.Unhealthy)(c)
			c.Config.Healthcheck.Interval = time.Second
			c.State.Health.FailingStreak = streak
			c.State.Health.Log = []*container.HealthcheckResult{{Start: noon.Add(-time.Second), End: noon}}
		})
		r.event = "event-1"
		return r
	}
	clone := func(r replica, change func(r *replica)) replica {
		r.event = "event-1"
		if change != nil {
			change(&r)
		}
		return r
	}
	starting := func(up time.Duration) replica { return running(2, up, health(container.Starting)) }
	crashing := func(c *container.InspectResponse) { c.RestartCount = 4 }

	cases := map[string]struct {
		replica replica
		want    bool
	}{
		"created, never started":           {clone(replica{state: container.StateCreated}, nil), true},
		"starting beyond its deadline":     {clone(starting(61*time.Second), nil), true},
		"starting within its deadline":     {clone(starting(59*time.Second), nil), false},
		"ready":                            {clone(running(2, time.Hour, health(container.Healthy)), nil), false},
		"not a clone":                      {starting(time.Hour), false},
		"protected":                        {clone(starting(time.Hour), func(r *replica) { r.protected = true }), false},
		"paused":                           {clone(replica{state: container.StatePaused}, nil), false},
		"stopped by somebody":              {clone(starting(time.Hour), func(r *replica) { r.state = container.StateExited }), false},
		"unhealthy from the start":         {failing(time.Hour, 1750), true},
		"healthy once, unhealthy for long": {failing(time.Hour, 1200), false},
		"healthy once, unhealthy now":      {failing(time.Hour, 3), false},
		"crashing since it was made": {clone(running(2, time.Second, crashing), func(r *replica) {
			r.created = noon.Add(-2 * time.Minute)
		}), true},
		"served for a week, has crashed once": {clone(running(2, 5*time.Second, func(c *container.InspectResponse) { c.RestartCount = 1 }), func(r *replica) {
			r.created = noon.Add(-7 * 24 * time.Hour)
		}), false},
		"served for a week, starts anew with a health check": {clone(running(2, 5*time.Second, func(c *container.InspectResponse) {
			health(container.Starting)(c)
			c.RestartCount = 1
		}), func(r *replica) { r.created = noon.Add(-7 * 24 * time.Hour) }), false},
		"crashing, made just now": {clone(running(2, time.Second, crashing), func(r *replica) {
			r.created = noon.Add(-10 * time.Second)
		}), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.replica.leftover(rollout, noon); got != c.want {
				t.Errorf("leftover %t, want %t", got, c.want)
			}
		})
	}
}

func TestLeftoversDoNotCountBesideOthers(t *testing.T) {
	left := running(2, time.Hour, health(container.Starting))
	left.event = "event-1"
	p := engine.Policy{Rollout: engine.Rollout{ReadyDeadline: time.Minute}}
	cases := map[string]struct {
		replicas []replica
		want     int
	}{
		"beside a ready one":                   {[]replica{running(1, time.Hour, nil), left}, 1},
		"beside a paused one":                  {[]replica{{id: "x", state: container.StatePaused}, left}, 1},
		"alone: new replicas are clones of it": {[]replica{left}, 1},
		"beside a stopped one":                 {[]replica{{id: "x", state: container.StateExited}, left}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := service{replicas: c.replicas}
			if got := s.view(s.current(), p, noon).Replicas; len(got) != c.want {
				t.Errorf("%d replicas count, want %d", len(got), c.want)
			}
		})
	}
}

func TestOneOrderAtATimeAService(t *testing.T) {
	target := on(t, "unix:///nowhere")
	web, db := service{project: "shop", name: "web"}, service{project: "shop", name: "db"}
	done, err := target.turn(t.Context(), web)
	if err != nil {
		t.Fatal(err)
	}
	other, err := target.turn(t.Context(), db)
	if err != nil {
		t.Errorf("another service has to wait: %v", err)
	}
	other()

	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("told to stop"))
	if _, err := target.turn(stopped, web); err == nil {
		t.Error("two orders for one service at once")
	} else if want := "service web: another order for it has not ended: told to stop"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	done()
	if done, err = target.turn(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	done()
}

func TestWhatEndsAnOrderHasATimeOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		after, cancel := docker.Outlive(ctx)
		defer cancel()
		time.Sleep(time.Hour)
		if after.Err() != nil {
			t.Fatal("it ended before the order's context did")
		}
		stop()
		began := time.Now()
		<-after.Done()
		if got := time.Since(began); got != docker.StopGrace {
			t.Errorf("it outlived the order's context by %s, want %s", got, docker.StopGrace)
		}
	})
}
