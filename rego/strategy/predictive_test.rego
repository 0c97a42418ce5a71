package flyball.strategy.predictive_test

import data.flyball.strategy.predictive

# A target of 100 requests a second for each of four replicas: what is seen now, and what is expected.
target_of(seen) := object.union(
	{
		"metric": "rate",
		"target": 100,
		"tolerance": 0.1,
		"share": 1,
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

now(load) := target_of({
	"observed": 100 * load,
	"ratio": load / 4,
	"load": load,
	"over": max([0, (load / 4) - 1]),
	"under": max([0, 1 - (load / 4)]),
})

expecting(load, coming) := object.union(now(load), {
	"expected": 100 * coming,
	"coming": coming,
	"beyond": (coming / 4) - 1,
})

stale := target_of({"status": "stale", "metric": "cpu", "share": 0})

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
		"no forecast: as target tracking, up": {"targets": [now(6)], "action": "scale_up", "replicas": 6},
		"no forecast: as target tracking, down": {"targets": [now(2)], "action": "scale_down", "replicas": 2},
		"more is expected": {"targets": [expecting(4, 7)], "action": "scale_up", "replicas": 7},
		"more is expected than the load that is high": {"targets": [expecting(6, 7)], "action": "scale_up", "replicas": 7},
		"less is expected than the load that is high": {"targets": [expecting(6, 2)], "action": "scale_up", "replicas": 6},
		"more is expected than the load that is low": {"targets": [expecting(2, 3)], "action": "scale_down", "replicas": 3},
		"as much is expected, which keeps what there is": {"targets": [expecting(2, 4)], "action": "hold", "replicas": 4},
		"less is expected, which removes nothing alone": {"targets": [expecting(4, 1)], "action": "hold", "replicas": 4},
		"both are low": {"targets": [expecting(2, 1)], "action": "scale_down", "replicas": 2},
		"doubt forbids down": {"targets": [expecting(2, 1), stale], "action": "hold", "replicas": 4},
		"doubt does not forbid up": {"targets": [expecting(4, 7), stale], "action": "scale_up", "replicas": 7},
		"nothing to go by": {"targets": [stale], "action": "hold", "replicas": 4},
	}
	answers(predictive.recommendation, c.action, c.replicas) with input as world(c.targets)
}

test_reason[name] if {
	some name, c in {
		"what is expected": {
			"target": expecting(4, 7),
			"code": "ForecastAboveTarget",
			"value": 700,
			"message": "rate is expected to reach 700, target 100: asks for 7",
		},
		"what is expected keeps replicas": {
			"target": expecting(2, 4),
			"code": "ForecastKeeps",
			"value": 400,
			"message": "rate is expected to reach 400, target 100: asks for 4",
		},
		"what is there": {
			"target": expecting(7, 4),
			"code": "AboveTarget",
			"value": 700,
			"message": "rate is 700, target 100: asks for 7",
		},
	}
	predictive.recommendation.reasons == [{
		"code": c.code,
		"metric": "rate",
		"value": c.value,
		"threshold": 100,
		"message": c.message,
	}] with input as world([c.target])
}
