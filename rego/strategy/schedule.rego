# METADATA
# scope: package
# title: Schedule
# description: |
#   Follows the policy's schedule: its minReplicas while a window holds, or is warmed up for, and else the policy's. Beside
#   another strategy, whose answer wins where it is higher, it only adds. Pauses and the bounds of windows are the guard's, and
#   hold whatever the strategy.
# schemas:
#   - input: schema.input
package flyball.strategy.schedule

import data.flyball.lib

# METADATA
# title: Recommendation
# entrypoint: true
recommendation := {
	"action": lib.action(wanted.replicas),
	"replicas": wanted.replicas,
	"confidence": 1,
	"priority": "medium",
	"reasons": [{"code": wanted.code, "message": wanted.message}],
}

wanted := {
	"replicas": input.schedule.minReplicas,
	"code": code,
	"message": sprintf(wording[code], [input.schedule.minReplicas, input.schedule.window]),
} if {
	code := {true: "Prewarming", false: "WindowOpen"}[input.schedule.prewarming]
} else := {
	"replicas": input.policy.minReplicas,
	"code": "NoWindow",
	"message": sprintf("no window with minReplicas: %v replicas", [input.policy.minReplicas]),
}

wording := {
	"Prewarming": "%v replicas for %s, which is about to begin",
	"WindowOpen": "%v replicas during %s",
}
