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
	"code": "Prewarming",
	"message": sprintf("%v replicas for %s, which is about to begin", [input.schedule.minReplicas, windows]),
} if {
	input.schedule.minReplicas
	input.schedule.prewarming
} else := {
	"replicas": input.schedule.minReplicas,
	"code": "WindowOpen",
	"message": sprintf("%v replicas during %s", [input.schedule.minReplicas, windows]),
} if {
	input.schedule.minReplicas
} else := {
	"replicas": input.policy.minReplicas,
	"code": "NoWindow",
	"message": sprintf("no window with minReplicas: %v replicas", [input.policy.minReplicas]),
}

windows := concat(", ", input.schedule.windows)
