package swarm

import (
	"cmp"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/target/docker"
)

const defaultMonitor = 5 * time.Second // what swarm takes where the service sets none

// merge lays what a service sets of a health check over its image's.
func merge(own, image *container.HealthConfig) *container.HealthConfig {
	if own == nil {
		return image
	}
	return &container.HealthConfig{
		Test:        image.Test,
		Interval:    cmp.Or(own.Interval, image.Interval),
		Timeout:     cmp.Or(own.Timeout, image.Timeout),
		StartPeriod: cmp.Or(own.StartPeriod, image.StartPeriod),
		Retries:     cmp.Or(own.Retries, image.Retries),
	}
}

// checked is the health check, or nil where it is turned off.
func checked(check *container.HealthConfig) *container.HealthConfig {
	if !docker.Checked(check) {
		return nil
	}
	return check
}

// hold is how long a new task must have run to be there to stay. With a health check, which it has then passed, that is
// the time for which swarm itself watches the new tasks of a rollout; without one it is the policy's minReady, which says
// just that of such a service and may be shorter or longer.
func (s service) hold(check *container.HealthConfig, r engine.Rollout) time.Duration {
	if check == nil {
		return r.MinReady
	}
	if u := s.Spec.UpdateConfig; u != nil && u.Monitor > 0 {
		return u.Monitor
	}
	return defaultMonitor
}
