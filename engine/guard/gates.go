package guard

import "fmt"

// enabled holds while the global switch or the policy is off, or it is paused: by somebody, this service or all of them, or by
// the policy's schedule.
func enabled(s situation, current int) ruling {
	scheduled := s.snapshot.Schedule
	switch p := Paused(s.state.Pauses, s.at); {
	case !s.state.Enabled:
		return ruling{current, "Disabled", "autoscaling is off; turn it on with flyball enable"}
	case !s.policy.Enabled:
		return ruling{current, "PolicyDisabled", "the policy says enabled: false"}
	case p != nil:
		return ruling{current, "Paused", describePause(*p)}
	case scheduled != nil && scheduled.Pause != "":
		return ruling{current, "PausedBySchedule", "paused by the policy's schedule: " + scheduled.Pause}
	}
	return ruling{to: current}
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
