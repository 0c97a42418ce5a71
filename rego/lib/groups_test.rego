package flyball.lib_test

import data.flyball.lib

groups_of(threshold) := {group |
	some group, thresholds in {
		"crossed_up": lib.crossed_up,
		"crossed_down": lib.crossed_down,
		"within": lib.within,
		"doubtful": lib.doubtful,
		"ignored": lib.ignored,
	} with input as {"thresholds": [threshold]}
	thresholds == [threshold]
}

test_group[name] if {
	some name, c in {
		"greater_than, past scaleUp": {"threshold": measured(greater, 70.0001), "is": "crossed_up"},
		"greater_than, at scaleUp": {"threshold": measured(greater, 70), "is": "within"},
		"greater_than, between": {"threshold": measured(greater, 50), "is": "within"},
		"greater_than, at scaleDown": {"threshold": measured(greater, 20), "is": "within"},
		"greater_than, past scaleDown": {"threshold": measured(greater, 19.9999), "is": "crossed_down"},
		"greater_than, nothing going on": {"threshold": measured(greater, 0), "is": "crossed_down"},
		"less_than, past scaleUp": {"threshold": measured(less, 1.99999), "is": "crossed_up"},
		"less_than, at scaleUp": {"threshold": measured(less, 2), "is": "within"},
		"less_than, between": {"threshold": measured(less, 5), "is": "within"},
		"less_than, at scaleDown": {"threshold": measured(less, 8), "is": "within"},
		"less_than, past scaleDown": {"threshold": measured(less, 8.00001), "is": "crossed_down"},
		"percentage_change, past scaleUp": {"threshold": measured(change, 50.0001), "is": "crossed_up"},
		"percentage_change, at scaleUp": {"threshold": measured(change, 50), "is": "within"},
		"percentage_change, none": {"threshold": measured(change, 0), "is": "within"},
		"percentage_change, at scaleDown": {"threshold": measured(change, -50), "is": "within"},
		"percentage_change, past scaleDown": {"threshold": measured(change, -50.0001), "is": "crossed_down"},
		"percentage_change, against nothing": {"threshold": unread(change, "ok", false), "is": "doubtful"},
		"stale": {"threshold": unread(greater, "stale", false), "is": "doubtful"},
		"missing": {"threshold": unread(less, "missing", false), "is": "doubtful"},
		"invalid": {"threshold": unread(greater, "invalid", false), "is": "doubtful"},
		"left out": {"threshold": unread(greater, "missing", true), "is": "ignored"},
	}
	groups_of(c.threshold) == {c.is}
}

test_groups_keep_the_order_of_the_policy if {
	thresholds := [measured(less, 1), measured(greater, 85), measured(change, 60)]
	lib.crossed_up == thresholds with input as {"thresholds": thresholds}
}
