package flyball.lib

# METADATA
# title: The replicas that each target asks for
# description: |
#   The formula of Kubernetes' Horizontal Pod Autoscaler. A metric at ratio times its target asks for ceil(ratio · n)
#   replicas, unless the ratio lies within the tolerance. What is not known counts against a change: on the way up, replicas
#   that are not ready and ready ones that do not report are idle; on the way down those that are not ready are left out, and
#   those that do not report are at the target. Where that turns the direction round, or leads back into the tolerance, the
#   count stays.
#
#   t.load is ratio · n of the n replicas that were heard of; t.over and t.under say how far that is from the target, in these
#   two ways of counting. A value below 0 asks for none.
# related_resources:
#   - https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
asked(t) := ceil(t.load) if {
	t.over > t.tolerance
} else := ceil(max([0, t.load + t.silent])) if {
	t.under > t.tolerance
} else := input.service.replicas.current if t.load

# METADATA
# title: The replicas that the seasonal forecast of a target asks for
# description: What is to come is read like what is there. Without a forecast it is 0, which asks for nothing.
ahead(t) := ceil(max([0, t.coming])) if {
	abs(t.beyond) > t.tolerance
} else := input.service.replicas.current if {
	t.coming
} else := 0

# METADATA
# title: The reason for the replicas that a target asks for
tracked(t, n) := {
	"code": "AboveTarget",
	"metric": t.metric,
	"value": t.observed,
	"threshold": t.target,
	"message": sprintf("%s is %v, target %v: asks for %v", [t.metric, t.observed, t.target, n]),
} if {
	n > input.service.replicas.current
} else := {
	"code": "BelowTarget",
	"metric": t.metric,
	"value": t.observed,
	"threshold": t.target,
	"message": sprintf("%s is %v, target %v: asks for %v", [t.metric, t.observed, t.target, n]),
} if {
	n < input.service.replicas.current
} else := {
	"code": "WaitingForReplicas",
	"metric": t.metric,
	"value": t.observed,
	"threshold": t.target,
	"message": sprintf("%s is %v, target %v: asks for no change while %v of %v replicas are not ready, or do not report", [
		t.metric,
		t.observed,
		t.target,
		unheard,
		input.service.replicas.current,
	]),
} if {
	unheard := (input.service.replicas.current - input.service.replicas.ready) + t.silent
	unheard > 0
	round(abs(t.ratio - 1) * 1000000) > round(t.tolerance * 1000000) # 0.9 is not past a tolerance of 0.1 by an error of rounding
} else := {
	"code": "CountFits",
	"metric": t.metric,
	"value": t.observed,
	"threshold": t.target,
	"message": sprintf("%s is %v, target %v: asks for %v, as many as there are", [t.metric, t.observed, t.target, n]),
} if {
	past_tolerance(t)
} else := {
	"code": "NearTarget",
	"metric": t.metric,
	"value": t.observed,
	"threshold": t.target,
	"message": sprintf("%s is %v, target %v: asks for no change", [t.metric, t.observed, t.target]),
}

past_tolerance(t) if t.over > t.tolerance

past_tolerance(t) if t.under > t.tolerance

# METADATA
# title: Targets whose metrics are not ok, which forbids scaling down
doubtful_targets := [t |
	some t in input.targets
	not t.load
	not t.ignored
]

# METADATA
# title: Targets that are left out, because their metrics are not ok and the policy says onMissing ignore
ignored_targets := [t | some t in input.targets; t.ignored]

# METADATA
# title: A recommendation out of what each target asks for
# description: |
#   counts is a list of {target, replicas, reason}. The highest count wins; on doubt it is at least the current one.
tracking(counts) := {
	"action": "scale_up",
	"replicas": most,
	"confidence": sure,
	"priority": priority(sure, severity),
	"reasons": array.concat(leading(counts, most), unread_targets),
} if {
	most := max([c.replicas | some c in counts])
	most > input.service.replicas.current
	agreeing := [c.target | some c in counts; c.replicas > input.service.replicas.current]
	severity := max([t.up | some t in agreeing])
	sure := confidence(sum([t.share | some t in agreeing]), severity, input.history.success_rate)
} else := {
	"action": "scale_down",
	"replicas": most,
	"confidence": confidence(sum([c.target.share | some c in counts]), severity, input.history.success_rate),
	"priority": "low",
	"reasons": array.concat(leading(counts, most), unread_targets),
} if {
	most := max([c.replicas | some c in counts])
	most < input.service.replicas.current
	count(doubtful_targets) == 0
	severity := min([c.target.down | some c in counts])
} else := {
	"action": "hold",
	"replicas": input.service.replicas.current,
	"confidence": min([1, sum([c.target.share | some c in counts])]),
	"priority": "low",
	"reasons": array.concat(doubts(doubtful_targets), array.concat([c.reason | some c in counts], omissions(ignored_targets))),
}

unread_targets := array.concat(doubts(doubtful_targets), omissions(ignored_targets))

# The reasons for the highest count come first.
leading(counts, most) := array.concat(
	[c.reason | some c in counts; c.replicas == most],
	[c.reason | some c in counts; c.replicas != most],
)
