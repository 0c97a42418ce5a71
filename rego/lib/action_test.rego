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
