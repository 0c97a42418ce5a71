package flyball.strategy.target_tracking_test

import data.flyball.strategy.target_tracking

# A target of 60, with what is seen of its metric.
target_of(metric, share, seen) := object.union(
	{
		"metric": metric,
		"target": 60,
		"tolerance": 0.1,
		"share": share,
		"status": "ok",
		"ignored": false,
		"silent": 0,
		"over": 0,
		"under": 0,
		"up": 0,
		"down": 0,
	},
	seen,
)

# load is how many replicas it would keep at the target, of the four that there are.
hot(metric, share) := target_of(metric, share, {"observed": 90, "ratio": 1.5, "load": 6, "over": 0.5, "up": 0.5})

melting(metric, share) := target_of(metric, share, {"observed": 180, "ratio": 3, "load": 12, "over": 2, "up": 1})

content(metric, share) := target_of(metric, share, {"observed": 60, "ratio": 1, "load": 4})

calm(metric, share) := target_of(metric, share, {"observed": 45, "ratio": 0.75, "load": 3, "under": 0.25, "down": 0.25})

idle(metric, share) := target_of(metric, share, {"observed": 0, "ratio": 0, "load": 0, "under": 1, "down": 1})

stale(metric, share) := target_of(metric, share, {"status": "stale"})

without(metric, share) := target_of(metric, share, {"status": "missing", "ignored": true})

world(targets) := {
	"service": {"replicas": {"current": 4, "ready": 4}},
	"history": {"success_rate": 1},
	"targets": targets,
}

answers(r, action, replicas) if {
	r.action == action
	r.replicas == replicas
}

test_action[name] if {
	some name, c in {
		"as many as the load takes": {
			"targets": [hot("cpu", 1)],
			"action": "scale_up",
			"replicas": 6,
		},
		"of several the most": {
			"targets": [hot("cpu", 0.5), melting("rate", 0.5)],
			"action": "scale_up",
			"replicas": 12,
		},
		"up wins over down": {
			"targets": [idle("cpu", 0.5), hot("rate", 0.5)],
			"action": "scale_up",
			"replicas": 6,
		},
		"a raise needs no other metric": {
			"targets": [stale("cpu", 0.5), hot("rate", 0.5)],
			"action": "scale_up",
			"replicas": 6,
		},
		"down as far as every one allows": {
			"targets": [calm("cpu", 0.5), idle("rate", 0.5)],
			"action": "scale_down",
			"replicas": 3,
		},
		"down to none, which the guard bounds": {
			"targets": [idle("cpu", 1)],
			"action": "scale_down",
			"replicas": 0,
		},
		"one content is enough to stay": {
			"targets": [calm("cpu", 0.5), content("rate", 0.5)],
			"action": "hold",
			"replicas": 4,
		},
		"doubt forbids down": {
			"targets": [calm("cpu", 0.5), stale("rate", 0.5)],
			"action": "hold",
			"replicas": 4,
		},
		"ignored does not": {
			"targets": [calm("cpu", 0.5), without("rate", 0.5)],
			"action": "scale_down",
			"replicas": 3,
		},
		"all ignored": {
			"targets": [without("cpu", 0.5), without("rate", 0.5)],
			"action": "hold",
			"replicas": 4,
		},
		"none read": {
			"targets": [stale("cpu", 1)],
			"action": "hold",
			"replicas": 4,
		},
		"no targets": {
			"targets": [],
			"action": "hold",
			"replicas": 4,
		},
	}
	answers(target_tracking.recommendation, c.action, c.replicas) with input as world(c.targets)
}

test_confidence[name] if {
	some name, c in {
		"up: the shares that agree, and the worst severity": {
			"targets": [hot("cpu", 0.5), melting("rate", 0.25), content("memory", 0.25)],
			"is": 0.875,
		},
		"down: all shares, and the mildest severity": {
			"targets": [calm("cpu", 0.5), idle("rate", 0.25), without("memory", 0.25)],
			"is": 0.65,
		},
		"holding: what could be read": {
			"targets": [content("cpu", 0.75), stale("memory", 0.25)],
			"is": 0.75,
		},
		"holding on nothing": {"targets": [stale("cpu", 1)], "is": 0},
	}
	target_tracking.recommendation.confidence == c.is with input as world(c.targets)
}

test_priority[name] if {
	some name, c in {
		"a sure raise": {"targets": [hot("cpu", 1)], "is": "high"},
		"any other raise": {
			"targets": [target_of("cpu", 0.1, {"observed": 75, "ratio": 1.25, "load": 5, "over": 0.25, "up": 0.25}), content("rate", 0.9)],
			"is": "medium",
		},
		"down": {"targets": [idle("cpu", 1)], "is": "low"},
		"hold": {"targets": [content("cpu", 1)], "is": "low"},
	}
	target_tracking.recommendation.priority == c.is with input as world(c.targets)
}

test_a_reason_for_every_metric[name] if {
	some name, c in {
		"up: the highest first": {
			"targets": [without("a", 0.2), content("b", 0.2), stale("c", 0.2), hot("d", 0.2), melting("e", 0.2)],
			"are": ["e AboveTarget", "b NearTarget", "d AboveTarget", "c MetricStale", "a MetricIgnored"],
		},
		"down: what keeps the most first": {
			"targets": [idle("a", 0.4), without("b", 0.2), calm("c", 0.4)],
			"are": ["c BelowTarget", "a BelowTarget", "b MetricIgnored"],
		},
		"hold: what is in doubt first": {
			"targets": [content("a", 0.4), without("b", 0.2), stale("c", 0.4)],
			"are": ["c MetricStale", "a NearTarget", "b MetricIgnored"],
		},
	}
	reasons := target_tracking.recommendation.reasons with input as world(c.targets)
	[sprintf("%s %s", [r.metric, r.code]) | some r in reasons] == c.are
}
