# METADATA
# scope: package
# title: Step
# description: |
#   Goes as far as the bands say: the further a metric is past a bound, the more replicas at once. Up when any metric is above
#   a band; down only when every one is below a band, and never on doubt. Of several the highest count wins.
# schemas:
#   - input: schema.input
package flyball.strategy.step

import data.flyball.lib

# METADATA
# title: Recommendation
# entrypoint: true
recommendation := {
	"action": "scale_up",
	"replicas": input.service.replicas.current + max([b.add | some b in above]),
	"confidence": confidence,
	"priority": lib.priority(confidence, severity),
	"reasons": reasons,
} if {
	count(above) > 0
	severity := max([b.up | some b in above])
	confidence := lib.confidence(sum([b.share | some b in above]), severity, input.history.success_rate)
} else := {
	"action": "scale_down",
	"replicas": max([0, input.service.replicas.current - min([b.remove | some b in below])]),
	"confidence": lib.confidence(sum([b.share | some b in below]), severity, input.history.success_rate),
	"priority": "low",
	"reasons": reasons,
} if {
	input.service.replicas.current > 0
	count(below) > 0
	count(between) == 0
	count(doubtful) == 0
	severity := min([b.down | some b in below])
} else := {
	"action": "hold",
	"replicas": input.service.replicas.current,
	"confidence": min([1, sum([b.share | some b in input.bands; b.observed])]),
	"priority": "low",
	"reasons": reasons,
}

above := [b | some b in input.bands; b.add > 0]

below := [b | some b in input.bands; b.remove > 0]

between := [b |
	some b in input.bands
	b.observed
	b.add + b.remove == 0
]

doubtful := [b |
	some b in input.bands
	not b.observed
	not b.ignored
]

ignored := [b | some b in input.bands; b.ignored]

# Those that decide come first.
reasons := [r |
	some list in [
		[reason(b) | some b in above],
		lib.doubts(doubtful),
		[reason(b) | some b in between],
		[reason(b) | some b in below],
		lib.omissions(ignored),
	]
	some r in list
]

reason(b) := {
	"code": "AboveBand",
	"metric": b.metric,
	"value": b.observed,
	"threshold": b.edge,
	"message": sprintf("%s is %v, above %v: %v more", [b.metric, b.observed, b.edge, b.add]),
} if {
	b.add > 0
} else := {
	"code": "BelowBand",
	"metric": b.metric,
	"value": b.observed,
	"threshold": b.edge,
	"message": sprintf("%s is %v, below %v: %v fewer", [b.metric, b.observed, b.edge, b.remove]),
} if {
	b.remove > 0
} else := {
	"code": "BetweenBands",
	"metric": b.metric,
	"value": b.observed,
	"message": sprintf("%s is %v, in no band", [b.metric, b.observed]),
}
