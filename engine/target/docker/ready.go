package docker

import (
	"cmp"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/flyball-dev/flyball/engine"
)

// Margin is what a deadline leaves beyond what the health check itself may take.
const Margin = 10 * time.Second

// Checked says whether there is a health check, and it is not turned off.
func Checked(check *container.HealthConfig) bool {
	return check != nil && len(check.Test) > 0 && check.Test[0] != "NONE"
}

// Deadline is how long a new replica may take to become ready: what the policy says, else what its health check needs to
// give up, start period + (interval + timeout) × retries, and a margin. The zeroes of a health check are Docker's
// defaults.
func Deadline(check *container.HealthConfig, r engine.Rollout) time.Duration {
	switch {
	case r.ReadyDeadline > 0:
		return r.ReadyDeadline
	case !Checked(check):
		return r.MinReady + Margin
	}
	interval := cmp.Or(check.Interval, 30*time.Second)
	timeout := cmp.Or(check.Timeout, 30*time.Second)
	retries := cmp.Or(check.Retries, 3)
	return check.StartPeriod + (interval+timeout)*time.Duration(retries) + Margin
}
