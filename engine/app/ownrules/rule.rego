# METADATA
# scope: package
# title: What decides for SERVICE
# schemas:
#   - input: schema.input
package PACKAGE

import data.flyball.strategy.STRATEGY

# METADATA
# title: Recommendation
# description: |
#   The answer of strategy STRATEGY, except that nothing is taken away while the morning begins. Write what you need in its place.
#   input.metrics has METRICS, each with a status and, where that is ok, a value; input.at is the only clock.
# entrypoint: true
recommendation := {
	"action": "hold",
	"replicas": input.service.replicas.current,
	"confidence": 1,
	"priority": "low",
	"reasons": [{"code": "MorningBegins", "message": sprintf("it is past %v:00 UTC, so nothing is taken away", [hour])}],
} if {
	STRATEGY.recommendation.action == "scale_down"
	hour in {7, 8}
} else := STRATEGY.recommendation

hour := time.clock(time.parse_rfc3339_ns(input.at))[0]
