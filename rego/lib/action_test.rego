package flyball.lib_test

import data.flyball.lib

test_action_leads_to_the_count[name] if {
	some name, c in {
		"more": {"replicas": 4, "is": "scale_up"},
		"as many": {"replicas": 3, "is": "hold"},
		"fewer": {"replicas": 2, "is": "scale_down"},
		"none": {"replicas": 0, "is": "scale_down"},
	}
	lib.action(c.replicas) == c.is with input as {"service": {"replicas": {"current": 3}}}
}

test_abstention_asks_for_the_minimum[name] if {
	some name, c in {
		"above it": {"current": 5, "action": "scale_down"},
		"at it": {"current": 2, "action": "hold"},
		"under it": {"current": 1, "action": "scale_up"},
	}
	r := lib.abstention with input as {"policy": {"minReplicas": 2}, "service": {"replicas": {"current": c.current}}}
	r.action == c.action
	r.replicas == 2
}
