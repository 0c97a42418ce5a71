package compose

import (
	"cmp"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

// leftovers are the ids of what interrupted orders left behind. Where nothing else runs there is none: of what is not
// there nothing can be cloned.
func leftovers(replicas []replica, rollout engine.Rollout, now time.Time) map[string]bool {
	left := map[string]bool{}
	others := 0
	for _, r := range replicas {
		if left[r.id] = r.leftover(rollout, now); !left[r.id] && r.counts() {
			others++
		}
	}
	if others == 0 {
		return nil
	}
	return left
}

// leftover says whether a clone is what an order that never ended left behind: one that was created and not started, which
// between two orders is nobody's, or one that had more time to become ready than it may take, and never did. A clone that
// was ready once and is not now stays: under too much load that may be all of them.
func (r replica) leftover(rollout engine.Rollout, now time.Time) bool {
	switch {
	case r.event == "":
		return false
	case r.state == container.StateCreated:
		return true
	case r.detail == nil, r.state == container.StateExited, r.protected, r.ready(now, rollout.MinReady):
		return false
	}
	return now.Sub(r.began()) > docker.Deadline(r.detail.Config.Healthcheck, rollout) && r.neverReady(rollout, now)
}

// began is when a replica first started; crashes and restarts since do not count.
func (r replica) began() time.Time {
	if r.detail.RestartCount > 0 {
		return r.created
	}
	return r.started()
}

const longestRestart = time.Minute

// neverReady says of a replica that is not ready whether it ever was, as far as Docker knows. One that crashes over and
// over has not been up, on average, for longer than it may take to become ready and Docker's longest wait between two
// starts; one that served for days and has crashed once has. A health check that has failed ever since keeps count of
// its failures: they then cover the replica's whole life, give or take a tenth and two probes.
func (r replica) neverReady(rollout engine.Rollout, now time.Time) bool {
	if n := r.detail.RestartCount; n > 0 {
		return now.Sub(r.created)/time.Duration(n) < docker.Deadline(r.detail.Config.Healthcheck, rollout)+longestRestart
	}
	health := r.detail.State.Health
	if !docker.Checked(r.detail.Config.Healthcheck) || health == nil || health.Status != container.Unhealthy {
		return true
	}
	check := r.detail.Config.Healthcheck
	var longest time.Duration
	for _, probe := range health.Log {
		longest = max(longest, probe.End.Sub(probe.Start))
	}
	each := cmp.Or(check.Interval, 30*time.Second) + longest
	life := now.Sub(r.started()) - check.StartPeriod
	return time.Duration(health.FailingStreak+2)*each >= life-life/10
}
