package flyball.lib_test

import data.flyball.lib

# What a metric at a target of 60 asks for is made of these two ways to count what is not known.
over(load, replicas) := max([0, rounded((load / replicas) - 1)]) if replicas > 0

over(_, 0) := 0

under(load, replicas) := max([0, rounded(1 - (load / replicas))]) if replicas > 0

under(_, 0) := 0

rounded(x) := round(x * 1000000) / 1000000

# A metric at a target of 60 with a tolerance of 0.1: current replicas of which some are ready, and some of these silent.
at(ratio, current, ready, silent) := {
	"service": {"replicas": {"current": current, "ready": ready}},
	"targets": [{
		"metric": "cpu_usage",
		"target": 60,
		"tolerance": 0.1,
		"status": "ok",
		"ignored": false,
		"observed": 60 * ratio,
		"ratio": ratio,
		"load": ratio * (ready - silent),
		"silent": silent,
		"over": over(ratio * (ready - silent), current),
		"under": under((ratio * (ready - silent)) + silent, ready),
	}],
}

test_asked[name] if {
	some name, c in {
		"half as much again": {"world": at(1.5, 4, 4, 0), "is": 6},
		"rounded up": {"world": at(1.3, 4, 4, 0), "is": 6},
		"half": {"world": at(0.5, 4, 4, 0), "is": 2},
		"a bit more than half": {"world": at(0.51, 4, 4, 0), "is": 3},
		"nothing going on": {"world": at(0, 4, 4, 0), "is": 0},
		"less than nothing": {"world": at(-2, 4, 4, 0), "is": 0},
		"at the target": {"world": at(1, 4, 4, 0), "is": 4},
		"at the end of the tolerance": {"world": at(1.1, 40, 40, 0), "is": 40},
		"past it": {"world": at(1.11, 40, 40, 0), "is": 45},
		"at its other end": {"world": at(0.9, 40, 40, 0), "is": 40},
		"past that": {"world": at(0.89, 40, 40, 0), "is": 36},
		"up: not ready are idle": {"world": at(1.5, 6, 5, 0), "is": 8},
		"up: not ready bring it into the tolerance": {"world": at(1.5, 6, 4, 0), "is": 6},
		"up: not ready would turn it round": {"world": at(1.5, 9, 4, 0), "is": 9},
		"up: silent are idle": {"world": at(2, 4, 4, 1), "is": 6},
		"up: silent would turn it round": {"world": at(1.2, 4, 4, 2), "is": 4},
		"down: not ready are left out": {"world": at(0.5, 6, 4, 0), "is": 2},
		"down: silent are at the target": {"world": at(0.5, 4, 4, 1), "is": 3},
		"down: silent bring it into the tolerance": {"world": at(0.8, 4, 4, 3), "is": 4},
		"one replica stays one": {"world": at(0.5, 1, 1, 0), "is": 1},
		"none stay none": {"world": at(3, 0, 0, 0), "is": 0},
		"none, and less than nothing": {"world": at(-3, 0, 0, 0), "is": 0},
	}
	lib.asked(c.world.targets[0]) == c.is with input as c.world
}

test_nothing_is_asked_without_a_value if {
	not lib.asked({"tolerance": 0.1, "silent": 0, "over": 0, "under": 0}) with input as {"service": {"replicas": {"current": 3, "ready": 3}}}
}

test_ahead[name] if {
	some name, c in {
		"no forecast": {"target": {}, "is": 0},
		"more": {"target": {"coming": 5.2, "beyond": 0.3}, "is": 6},
		"about as much": {"target": {"coming": 4.4, "beyond": 0.1}, "is": 4},
		"a bit less": {"target": {"coming": 3.6, "beyond": -0.1}, "is": 4},
		"less": {"target": {"coming": 2.1, "beyond": -0.475}, "is": 3},
		"nothing": {"target": {"coming": 0, "beyond": -1}, "is": 0},
		"less than nothing": {"target": {"coming": -0.5, "beyond": -1.125}, "is": 0},
	}
	target := object.union({"tolerance": 0.1}, c.target)
	lib.ahead(target) == c.is with input as {"service": {"replicas": {"current": 4}}}
}

test_reason_of_a_target[name] if {
	some name, c in {
		"more": {
			"world": at(1.5, 4, 4, 0),
			"code": "AboveTarget",
			"message": "cpu_usage is 90, target 60: asks for 6",
		},
		"fewer": {
			"world": at(0.5, 4, 4, 0),
			"code": "BelowTarget",
			"message": "cpu_usage is 30, target 60: asks for 2",
		},
		"as many": {
			"world": at(1.05, 4, 4, 0),
			"code": "NearTarget",
			"message": "cpu_usage is 63, target 60: asks for no change",
		},
		"as many, once rounded up": {
			"world": at(0.5, 1, 1, 0),
			"code": "CountFits",
			"message": "cpu_usage is 30, target 60: asks for 1, as many as there are",
		},
		"as many, for want of news": {
			"world": at(1.5, 6, 4, 1),
			"code": "WaitingForReplicas",
			"message": "cpu_usage is 90, target 60: asks for no change while 3 of 6 replicas are not ready, or do not report",
		},
	}
	reason := lib.tracked(c.world.targets[0], lib.asked(c.world.targets[0])) with input as c.world
	reason == {
		"code": c.code,
		"metric": "cpu_usage",
		"value": c.world.targets[0].observed,
		"threshold": 60,
		"message": c.message,
	}
}
