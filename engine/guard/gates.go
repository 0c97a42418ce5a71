package guard

import (
	"fmt"
	"time"
)

// enabled holds while the global switch or the policy is off, or the policy is paused, by somebody or by its schedule.
func enabled(s situation, current int) ruling {
	pause := s.state.Pause
	scheduled := s.snapshot.Schedule
	switch {
	case !s.state.Enabled:
		return ruling{current, "Disabled", "autoscaling is off; turn it on with flyball enable"}
	case !s.policy.Enabled:
		return ruling{current, "PolicyDisabled", "the policy says enabled: false"}
	case scheduled != nil && scheduled.Pause != "":
		return ruling{current, "PausedBySchedule", "paused by the policy's schedule: " + scheduled.Pause}
	case pause == nil || !pause.Until.IsZero() && !s.at.Before(pause.Until):
		return ruling{to: current}
	case pause.Until.IsZero():
		return ruling{current, "Paused", fmt.Sprintf("paused by %s: %s", pause.Actor, pause.Reason)}
	}
	return ruling{current, "Paused", fmt.Sprintf("paused by %s until %s: %s", pause.Actor, pause.Until.Format(time.RFC3339), pause.Reason)}
}

// stopped holds at 0: somebody stopped the service, and there is nothing to clone.
func stopped(_ situation, current int) ruling {
	if current == 0 {
		return ruling{0, "Stopped", "the service has no running replica; start it first"}
	}
	return ruling{to: current}
}

// rollout holds while the last change has not ended, or somebody else's is going on.
func rollout(s situation, current int) ruling {
	if why := s.snapshot.Service.Rollout; why != "" {
		return ruling{current, "RolloutInProgress", why}
	}
	if e := s.state.Open; e != nil {
		return ruling{current, "RolloutInProgress", fmt.Sprintf("%d → %d, begun %s ago, has not ended", e.From, e.To, wait(s.at.Sub(e.Started)))}
	}
	return ruling{to: current}
}
