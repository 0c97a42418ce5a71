# METADATA
# scope: package
# title: Predictive
# description: |
#   Target tracking that also looks ahead: what the seasonal forecast expects until the horizon counts like what is seen
#   now, and the higher of the two is asked for. A forecast can add replicas before they are needed, and keep them; it never
#   removes any alone. Without a forecast this is target tracking.
# schemas:
#   - input: schema.input
package flyball.strategy.predictive

import data.flyball.lib

# METADATA
# title: Recommendation
# entrypoint: true
recommendation := lib.tracking([{"target": t, "replicas": max([now, ahead]), "reason": reason(t, now, ahead)} |
	some t in input.targets
	now := lib.asked(t)
	ahead := lib.ahead(t)
])

# What is expected is the reason where it asks for more than what is there: it adds replicas, or keeps those that would go.
reason(t, now, ahead) := {
	"code": code(ahead),
	"metric": t.metric,
	"value": t.expected,
	"threshold": t.target,
	"message": sprintf("%s is expected to reach %v, target %v: asks for %v", [t.metric, t.expected, t.target, ahead]),
} if {
	ahead > now
} else := lib.tracked(t, now)

code(ahead) := "ForecastAboveTarget" if {
	ahead > input.service.replicas.current
} else := "ForecastKeeps"
