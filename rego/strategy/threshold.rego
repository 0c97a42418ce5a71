# METADATA
# scope: package
# title: Threshold
# description: |
#   The brief's strategy. Up by scaleUpBy when any threshold is crossed; down by scaleDownBy only when every one
#   allows it, and never on doubt; otherwise hold. The answer is raw: the guard bounds it.
# schemas:
#   - input: schema.input
package flyball.strategy.threshold

import data.flyball.lib

# METADATA
# title: Recommendation
# entrypoint: true
recommendation := {
	"action": "scale_up",
	"replicas": input.service.replicas.current + input.policy.scaleUpBy,
	"confidence": confidence,
	"priority": lib.priority(confidence, severity),
	"reasons": lib.reasons,
} if {
	count(lib.crossed_up) > 0
	share := sum([t.share | some t in lib.crossed_up])
	severity := max([t.up | some t in lib.crossed_up])
	confidence := lib.confidence(share, severity, input.history.success_rate)
} else := {
	"action": "scale_down",
	"replicas": max([0, input.service.replicas.current - input.policy.scaleDownBy]),
	"confidence": lib.confidence(share, severity, input.history.success_rate),
	"priority": "low",
	"reasons": lib.reasons,
} if {
	input.service.replicas.current > 0
	count(lib.crossed_down) > 0
	count(lib.within) == 0
	count(lib.doubtful) == 0
	share := sum([t.share | some t in lib.crossed_down])
	severity := min([t.down | some t in lib.crossed_down])
} else := {
	"action": "hold",
	"replicas": input.service.replicas.current,
	"confidence": lib.confidence_of_holding,
	"priority": "low",
	"reasons": lib.reasons,
}
