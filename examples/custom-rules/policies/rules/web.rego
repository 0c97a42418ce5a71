# METADATA
# scope: package
# title: What decides for web
# description: |
#   The strategy threshold, with two things that only this shop knows. web asks api for everything: while api is busy, more of web
#   would only ask it for more. And between 7:00 and 22:00 UTC people come all at once, so two replicas stay.
# schemas:
#   - input: schema.input
package shop.web

import data.flyball.strategy.threshold

# METADATA
# title: Recommendation
# entrypoint: true
recommendation := staying(
	"ApiIsTheBottleneck",
	sprintf("api uses %v %% of its CPU: more of web would only make it more", [round(input.metrics.api_cpu.value)]),
) if {
	threshold.recommendation.action == "scale_up"
	input.metrics.api_cpu.value > 80 # not while it is unknown: a raise needs no other metric
} else := staying(
	"TwoByDay",
	sprintf("it is past %v:00 UTC: two replicas stay", [hour]),
) if {
	threshold.recommendation.action == "scale_down"
	threshold.recommendation.replicas < 2
	by_day
} else := threshold.recommendation

staying(code, message) := {
	"action": "hold",
	"replicas": input.service.replicas.current,
	"confidence": 1,
	"priority": "low",
	"reasons": array.concat([{"code": code, "message": message}], threshold.recommendation.reasons),
}

by_day if {
	hour >= 7
	hour < 22
}

# The time of the snapshot. Rules have no other clock, so that the same snapshot always gives the same answer.
hour := time.clock(time.parse_rfc3339_ns(input.at))[0]
