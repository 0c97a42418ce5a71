package flyball.strategy.threshold_test

import data.flyball.strategy.threshold

threshold_of(metric, share, seen) := object.union(
	{
		"metric": metric,
		"comparison": "greater_than",
		"scaleUp": 70,
		"scaleDown": 20,
		"share": share,
		"status": "ok",
		"ignored": false,
		"up": 0,
		"down": 0,
	},
	seen,
)

hot(metric, share) := threshold_of(metric, share, {"observed": 84, "up": 0.2})

melting(metric, share) := threshold_of(metric, share, {"observed": 140, "up": 1})

calm(metric, share) := threshold_of(metric, share, {"observed": 10, "down": 0.5})

idle(metric, share) := threshold_of(metric, share, {"observed": 0, "down": 1})

content(metric, share) := threshold_of(metric, share, {"observed": 50})

stale(metric, share) := threshold_of(metric, share, {"status": "stale"})

abstaining(metric, share) := threshold_of(metric, share, {"comparison": "percentage_change"})

without(metric, share) := threshold_of(metric, share, {"status": "missing", "ignored": true})

world(current, success, thresholds) := {
	"policy": {"scaleUpBy": 2, "scaleDownBy": 1},
	"service": {"replicas": {"current": current}},
	"history": {"success_rate": success},
	"thresholds": thresholds,
}

answers(r, action, replicas) if {
	r.action == action
	r.replicas == replicas
}

test_action[name] if {
	some name, c in {
		"one crossed is enough to raise": {
			"thresholds": [hot("cpu", 0.5), content("memory", 0.5)],
			"action": "scale_up",
			"replicas": 5,
		},
		"up wins over down": {
			"thresholds": [calm("cpu", 0.5), hot("memory", 0.5)],
			"action": "scale_up",
			"replicas": 5,
		},
		"a raise needs no other metric": {
			"thresholds": [hot("cpu", 0.5), stale("memory", 0.5)],
			"action": "scale_up",
			"replicas": 5,
		},
		"all calm": {
			"thresholds": [calm("cpu", 0.5), idle("memory", 0.5)],
			"action": "scale_down",
			"replicas": 2,
		},
		"one content is enough to stay": {
			"thresholds": [calm("cpu", 0.5), content("memory", 0.5)],
			"action": "hold",
			"replicas": 3,
		},
		"doubt forbids down": {
			"thresholds": [calm("cpu", 0.5), stale("memory", 0.5)],
			"action": "hold",
			"replicas": 3,
		},
		"abstaining forbids down": {
			"thresholds": [calm("cpu", 0.5), abstaining("rate", 0.5)],
			"action": "hold",
			"replicas": 3,
		},
		"ignored does not": {
			"thresholds": [calm("cpu", 0.5), without("memory", 0.5)],
			"action": "scale_down",
			"replicas": 2,
		},
		"all ignored": {
			"thresholds": [without("cpu", 0.5), without("memory", 0.5)],
			"action": "hold",
			"replicas": 3,
		},
		"none read": {
			"thresholds": [stale("cpu", 1)],
			"action": "hold",
			"replicas": 3,
		},
		"no thresholds": {
			"thresholds": [],
			"action": "hold",
			"replicas": 3,
		},
	}
	answers(threshold.recommendation, c.action, c.replicas) with input as world(3, 1, c.thresholds)
}

test_never_below_zero if {
	low := object.union(world(1, 1, [calm("cpu", 1)]), {"policy": {"scaleUpBy": 1, "scaleDownBy": 3}})
	answers(threshold.recommendation, "scale_down", 0) with input as low
}

test_nothing_to_take_from_zero if {
	answers(threshold.recommendation, "hold", 0) with input as world(0, 1, [calm("cpu", 1)])
}

test_confidence[name] if {
	some name, c in {
		"up: the crossed shares and the worst severity": {
			"thresholds": [hot("cpu", 0.5), melting("rate", 0.25), content("memory", 0.25)],
			"success": 1,
			"is": 0.875,
		},
		"down: the calm shares and the mildest severity": {
			"thresholds": [calm("cpu", 0.5), idle("rate", 0.25), without("memory", 0.25)],
			"success": 1,
			"is": 0.725,
		},
		"failures lower it": {
			"thresholds": [calm("cpu", 1)],
			"success": 0.5,
			"is": 0.75,
		},
		"holding: what could be read": {
			"thresholds": [content("cpu", 0.75), stale("memory", 0.25)],
			"success": 0,
			"is": 0.75,
		},
	}
	threshold.recommendation.confidence == c.is with input as world(3, c.success, c.thresholds)
}

test_priority[name] if {
	some name, c in {
		"a sure raise": {"thresholds": [hot("cpu", 1)], "is": "high"},
		"a melting signal": {"thresholds": [melting("cpu", 0.1), content("memory", 0.9)], "is": "high"},
		"any other raise": {"thresholds": [hot("cpu", 0.5), content("memory", 0.5)], "is": "medium"},
		"down": {"thresholds": [idle("cpu", 1)], "is": "low"},
		"hold": {"thresholds": [content("cpu", 1)], "is": "low"},
	}
	threshold.recommendation.priority == c.is with input as world(3, 1, c.thresholds)
}

test_a_reason_for_every_metric if {
	reasons := threshold.recommendation.reasons with input as world(3, 1, [
		content("memory", 0.25),
		stale("rate", 0.25),
		hot("cpu", 0.5),
	])
	[r.metric | some r in reasons] == ["cpu", "rate", "memory"]
}
