package flyball.strategy.step_test

import data.flyball.strategy.step

# What a policy's bands say of a metric: how many replicas to add or remove, and at which bound.
bands_of(metric, share, seen) := object.union(
	{
		"metric": metric,
		"share": share,
		"status": "ok",
		"ignored": false,
		"add": 0,
		"remove": 0,
		"up": 0,
		"down": 0,
	},
	seen,
)

hot(metric, share) := bands_of(metric, share, {"observed": 75, "add": 1, "edge": 70, "up": 0.1})

melting(metric, share) := bands_of(metric, share, {"observed": 180, "add": 3, "edge": 90, "up": 1})

content(metric, share) := bands_of(metric, share, {"observed": 50})

calm(metric, share) := bands_of(metric, share, {"observed": 20, "remove": 1, "edge": 25, "down": 0.2})

idle(metric, share) := bands_of(metric, share, {"observed": 0, "remove": 3, "edge": 5, "down": 1})

stale(metric, share) := bands_of(metric, share, {"status": "stale"})

without(metric, share) := bands_of(metric, share, {"status": "missing", "ignored": true})

world(current, bands) := {
	"service": {"replicas": {"current": current}},
	"history": {"success_rate": 1},
	"bands": bands,
}

answers(r, action, replicas) if {
	r.action == action
	r.replicas == replicas
}

test_action[name] if {
	some name, c in {
		"a bit too much": {"bands": [hot("cpu", 1)], "action": "scale_up", "replicas": 6},
		"far too much": {"bands": [melting("cpu", 1)], "action": "scale_up", "replicas": 8},
		"of several the most": {"bands": [hot("cpu", 0.5), melting("rate", 0.5)], "action": "scale_up", "replicas": 8},
		"up wins over down": {"bands": [idle("cpu", 0.5), hot("rate", 0.5)], "action": "scale_up", "replicas": 6},
		"a raise needs no other metric": {"bands": [stale("cpu", 0.5), hot("rate", 0.5)], "action": "scale_up", "replicas": 6},
		"a bit too little": {"bands": [calm("cpu", 1)], "action": "scale_down", "replicas": 4},
		"far too little": {"bands": [idle("cpu", 1)], "action": "scale_down", "replicas": 2},
		"down as far as every one allows": {"bands": [idle("cpu", 0.5), calm("rate", 0.5)], "action": "scale_down", "replicas": 4},
		"one content is enough to stay": {"bands": [idle("cpu", 0.5), content("rate", 0.5)], "action": "hold", "replicas": 5},
		"doubt forbids down": {"bands": [idle("cpu", 0.5), stale("rate", 0.5)], "action": "hold", "replicas": 5},
		"ignored does not": {"bands": [calm("cpu", 0.5), without("rate", 0.5)], "action": "scale_down", "replicas": 4},
		"all ignored": {"bands": [without("cpu", 1)], "action": "hold", "replicas": 5},
		"none read": {"bands": [stale("cpu", 1)], "action": "hold", "replicas": 5},
		"no bands": {"bands": [], "action": "hold", "replicas": 5},
	}
	answers(step.recommendation, c.action, c.replicas) with input as world(5, c.bands)
}

test_never_below_zero if {
	answers(step.recommendation, "scale_down", 0) with input as world(2, [idle("cpu", 1)])
}

test_nothing_to_take_from_zero if {
	answers(step.recommendation, "hold", 0) with input as world(0, [idle("cpu", 1)])
}

test_confidence[name] if {
	some name, c in {
		"up: the shares above a band, and the worst severity": {
			"bands": [hot("cpu", 0.5), melting("rate", 0.25), content("memory", 0.25)],
			"is": 0.875,
		},
		"down: the shares below a band, and the mildest severity": {
			"bands": [calm("cpu", 0.5), idle("rate", 0.25), without("memory", 0.25)],
			"is": 0.635,
		},
		"holding: what could be read": {
			"bands": [content("cpu", 0.75), stale("memory", 0.25)],
			"is": 0.75,
		},
	}
	step.recommendation.confidence == c.is with input as world(5, c.bands)
}

test_priority[name] if {
	some name, c in {
		"a sure raise": {"bands": [hot("cpu", 1)], "is": "high"},
		"a melting signal": {"bands": [melting("cpu", 0.1), content("rate", 0.9)], "is": "high"},
		"any other raise": {"bands": [hot("cpu", 0.5), content("rate", 0.5)], "is": "medium"},
		"down": {"bands": [idle("cpu", 1)], "is": "low"},
		"hold": {"bands": [content("cpu", 1)], "is": "low"},
	}
	step.recommendation.priority == c.is with input as world(5, c.bands)
}

test_a_reason_for_every_metric if {
	reasons := step.recommendation.reasons with input as world(5, [
		without("a", 0.2),
		calm("b", 0.2),
		content("c", 0.2),
		stale("d", 0.2),
		hot("e", 0.2),
	])
	[r.message | some r in reasons] == [
		"e is 75, above 70: 1 more",
		"d is stale, which forbids scaling down",
		"c is 50, in no band",
		"b is 20, below 25: 1 fewer",
		"a is missing, and ignored",
	]
	[r.code | some r in reasons] == ["AboveBand", "MetricStale", "BetweenBands", "BelowBand", "MetricIgnored"]
}
