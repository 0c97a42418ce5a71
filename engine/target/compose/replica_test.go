package compose

import (
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// running is a replica that has been up for a while, after a change to what inspect says.
func running(number int, up time.Duration, change func(c *container.InspectResponse)) replica {
	detail := inspected(func(c *container.InspectResponse) {
		c.State.StartedAt = noon.Add(-up).Format(time.RFC3339Nano)
	})
	if change != nil {
		change(&detail)
	}
	return replica{id: string(rune('a' + number)), name: "shop-web", number: number, state: container.StateRunning, revision: "new", detail: &detail}
}

func health(status container.HealthStatus) func(c *container.InspectResponse) {
	return func(c *container.InspectResponse) {
		c.Config.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "true"}}
		c.State.Health = &container.Health{Status: status}
	}
}

func TestReady(t *testing.T) {
	state := func(s container.ContainerState) replica {
		r := running(1, time.Hour, nil)
		r.state = s
		return r
	}
	cases := map[string]struct {
		replica replica
		want    bool
	}{
		"running for minReady": {running(1, 5*time.Second, nil), true},
		"running for less":     {running(1, 4*time.Second, nil), false},
		"healthy":              {running(1, 0, health(container.Healthy)), true},
		"starting":             {running(1, time.Hour, health(container.Starting)), false},
		"unhealthy":            {running(1, time.Hour, health(container.Unhealthy)), false},
		"health not known yet": {running(1, time.Hour, func(c *container.InspectResponse) { health("")(c); c.State.Health = nil }), false},
		"health check switched off": {running(1, time.Hour, func(c *container.InspectResponse) {
			c.Config.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
		}), true},
		"between two crashes":              {running(1, 6*time.Second, func(c *container.InspectResponse) { c.RestartCount = 9 }), false},
		"settled after a crash":            {running(1, 10*time.Second, func(c *container.InspectResponse) { c.RestartCount = 9 }), true},
		"restarting":                       {state(container.StateRestarting), false},
		"restarting, and called running":   {running(1, time.Hour, func(c *container.InspectResponse) { c.State.Restarting = true }), false},
		"paused":                           {state(container.StatePaused), false},
		"inspect did not answer":           {replica{state: container.StateRunning}, false},
		"exited between list and inspect":  {running(1, time.Hour, func(c *container.InspectResponse) { c.State.Running = false }), false},
		"paused between list and inspect":  {running(1, time.Hour, func(c *container.InspectResponse) { c.State.Paused = true }), false},
		"a check inherited from the image": {running(1, time.Hour, func(c *container.InspectResponse) { c.Config.Healthcheck = &container.HealthConfig{} }), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.replica.ready(noon, 5*time.Second); got != c.want {
				t.Errorf("ready %t, want %t", got, c.want)
			}
		})
	}
}

func TestTemplate(t *testing.T) {
	with := func(r replica, change func(r *replica)) replica { change(&r); return r }
	clone := func(r *replica) { r.event = "event-1" }
	old := func(r *replica) { r.revision = "old" }
	good := running(2, time.Hour, nil)
	unready := running(1, time.Second, nil)
	cases := map[string]struct {
		replicas []replica
		want     int // 0: an error
	}{
		"ready before unready":                {[]replica{unready, good}, 2},
		"made by compose before a clone":      {[]replica{with(running(1, time.Hour, nil), clone), good}, 2},
		"a ready clone before an unready one": {[]replica{unready, with(good, clone)}, 2},
		"the newest revision, though unready": {[]replica{unready, with(good, old)}, 1},
		"no old revision":                     {[]replica{with(good, old)}, 0},
		"no paused one":                       {[]replica{with(good, func(r *replica) { r.state = container.StatePaused })}, 0},
		"none that inspect does not know":     {[]replica{with(good, func(r *replica) { r.detail = nil })}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := template(c.replicas, "new", noon, 5*time.Second)
			if got.number != c.want || (err == nil) != (c.want > 0) {
				t.Errorf("template %d, %v; want %d", got.number, err, c.want)
			}
		})
	}
}

func TestRevisionIsThatOfTheNewestComposeContainer(t *testing.T) {
	at := func(id, event, revision string, minute int) replica {
		return replica{id: id, event: event, revision: revision, created: noon.Add(time.Duration(minute) * time.Minute)}
	}
	cases := map[string]struct {
		replicas []replica
		want     string
	}{
		"the youngest":                         {[]replica{at("a", "", "one", 1), at("b", "", "two", 2)}, "two"},
		"a clone of before, made after":        {[]replica{at("a", "", "two", 2), at("b", "e", "one", 3)}, "two"},
		"a clone of before, listed first":      {[]replica{at("b", "e", "one", 3), at("a", "", "two", 2)}, "two"},
		"clones alone: the youngest":           {[]replica{at("a", "e", "one", 1), at("b", "e", "two", 2)}, "two"},
		"of two by compose among clones, last": {[]replica{at("a", "", "one", 1), at("b", "e", "one", 9), at("c", "", "two", 5)}, "two"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (service{replicas: c.replicas}).revision(); got != c.want {
				t.Errorf("revision %s, want %s", got, c.want)
			}
		})
	}
}

func TestRollout(t *testing.T) {
	for name, c := range map[string]struct {
		container string
		want      bool
	}{
		"temporary name":          {"aabbccddeeff_shop-web-1", true},
		"ordinary name":           {"shop-web-1", false},
		"compatibility mode":      {"shop_web_1", false},
		"thirteen digits":         {"aabbccddeeff0_web", false},
		"twelve letters, not hex": {"aabbccddeegg_web", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := service{name: "web", replicas: []replica{{name: c.container}}}
			if got := s.rollout(); (got != "") != c.want {
				t.Errorf("rollout %q, want one: %t", got, c.want)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	check := func(c container.HealthConfig) container.InspectResponse {
		return inspected(func(i *container.InspectResponse) {
			c.Test = []string{"CMD", "true"}
			i.Config.Healthcheck = &c
		})
	}
	cases := map[string]struct {
		container container.InspectResponse
		rollout   engine.Rollout
		want      time.Duration
	}{
		"written":              {check(container.HealthConfig{}), engine.Rollout{ReadyDeadline: time.Second}, time.Second},
		"no health check":      {inspected(nil), engine.Rollout{MinReady: 5 * time.Second}, 15 * time.Second},
		"Docker's defaults":    {check(container.HealthConfig{}), engine.Rollout{}, 190 * time.Second},
		"a health check's own": {check(container.HealthConfig{StartPeriod: time.Minute, Interval: 5 * time.Second, Timeout: time.Second, Retries: 2}), engine.Rollout{}, 82 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := docker.Deadline(c.container.Config.Healthcheck, c.rollout); got != c.want {
				t.Errorf("deadline %s, want %s", got, c.want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	cases := map[string]struct {
		change func(c *container.InspectResponse)
		up     time.Duration
		ready  bool
		err    string
	}{
		"running for minReady":       {nil, 5 * time.Second, true, ""},
		"running for less":           {nil, 4 * time.Second, false, ""},
		"healthy":                    {health(container.Healthy), 0, true, ""},
		"starting":                   {health(container.Starting), time.Hour, false, ""},
		"unhealthy":                  {health(container.Unhealthy), 0, false, "is unhealthy"},
		"exited":                     {func(c *container.InspectResponse) { c.State.Running, c.State.ExitCode = false, 3 }, 0, false, "exited with code 3"},
		"crashed, and running again": {func(c *container.InspectResponse) { c.RestartCount = 1 }, time.Hour, false, "crashed and was restarted"},
		"out of memory, and running again": {func(c *container.InspectResponse) {
			c.RestartCount, c.State.OOMKilled, c.HostConfig.Memory = 1, true, 64<<20
		}, 0, false, "ran out of memory: its limit is 64 MiB"},
		"paused": {func(c *container.InspectResponse) { c.State.Paused = true }, time.Hour, false, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ready, err := judge(inspected(c.change), c.up, 5*time.Second)
			if ready != c.ready || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("ready %t, error %v; want %t, %q", ready, err, c.ready, c.err)
			}
		})
	}
}
