package flyball.strategy.schedule_test

import data.flyball.strategy.schedule

# A policy with a minimum of 2, and what its schedule says now.
world(current, said) := object.union(
	{
		"policy": {"minReplicas": 2},
		"service": {"replicas": {"current": current}},
	},
	said,
)

office := {"schedule": {"windows": ["office"], "minReplicas": 5, "window": "office", "prewarming": false}}

soon := {"schedule": {"windows": ["night", "office"], "minReplicas": 5, "window": "office", "prewarming": true}}

capped := {"schedule": {"windows": ["night"], "window": "", "maxReplicas": 3, "prewarming": false}}

both := {"schedule": {"windows": ["office", "night"], "minReplicas": 5, "window": "office", "maxReplicas": 8, "prewarming": false}}

no_window := {"schedule": {"windows": [], "window": "", "prewarming": false}}

none := {}

test_recommendation[name] if {
	some name, c in {
		"a window raises": {
			"world": world(2, office),
			"action": "scale_up",
			"replicas": 5,
			"code": "WindowOpen",
			"message": "5 replicas during office",
		},
		"a window keeps": {
			"world": world(5, office),
			"action": "hold",
			"replicas": 5,
			"code": "WindowOpen",
			"message": "5 replicas during office",
		},
		"a window lowers": {
			"world": world(9, both),
			"action": "scale_down",
			"replicas": 5,
			"code": "WindowOpen",
			"message": "5 replicas during office",
		},
		"warming up": {
			"world": world(2, soon),
			"action": "scale_up",
			"replicas": 5,
			"code": "Prewarming",
			"message": "5 replicas for office, which is about to begin",
		},
		"a window without a minimum": {
			"world": world(2, capped),
			"action": "hold",
			"replicas": 2,
			"code": "NoWindow",
			"message": "no window with minReplicas: 2 replicas",
		},
		"the window is over": {
			"world": world(5, no_window),
			"action": "scale_down",
			"replicas": 2,
			"code": "NoWindow",
			"message": "no window with minReplicas: 2 replicas",
		},
		"no schedule": {
			"world": world(2, none),
			"action": "hold",
			"replicas": 2,
			"code": "NoWindow",
			"message": "no window with minReplicas: 2 replicas",
		},
	}
	schedule.recommendation == {
		"action": c.action,
		"replicas": c.replicas,
		"confidence": 1,
		"priority": "medium",
		"reasons": [{"code": c.code, "message": c.message}],
	} with input as c.world
}
