package PACKAGE_test

import data.PACKAGE

# What the strategy answers is given, so that these tests are about this rule alone.
answer(action, replicas) := {"action": action, "replicas": replicas, "confidence": 1, "priority": "low", "reasons": []}

at(clock) := {"at": sprintf("2026-01-01T%s:00Z", [clock]), "service": {"replicas": {"current": 3, "ready": 3, "starting": 0}}}

test_nothing_goes_in_the_morning if {
	r := NAME.recommendation with input as at("07:30")
		with data.flyball.strategy.STRATEGY.recommendation as answer("scale_down", 2)
	r.action == "hold"
	r.replicas == 3
}

test_one_goes_later if {
	r := NAME.recommendation with input as at("09:00")
		with data.flyball.strategy.STRATEGY.recommendation as answer("scale_down", 2)
	r.replicas == 2
}

test_more_come_at_any_time if {
	r := NAME.recommendation with input as at("07:30")
		with data.flyball.strategy.STRATEGY.recommendation as answer("scale_up", 4)
	r.replicas == 4
}
