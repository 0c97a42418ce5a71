package flyball.lib_test

import data.flyball.lib

greater := {"metric": "cpu_usage", "comparison": "greater_than", "scaleUp": 70, "scaleDown": 20, "share": 1}

less := {"metric": "free_slots", "comparison": "less_than", "scaleUp": 2, "scaleDown": 8, "share": 1}

change := {"metric": "request_rate", "comparison": "percentage_change", "scaleUp": 50, "scaleDown": -50, "share": 1}

measured(threshold, observed) := object.union(threshold, {
	"status": "ok",
	"ignored": false,
	"observed": observed,
})

unread(threshold, status, ignored) := object.union(threshold, {
	"status": status,
	"ignored": ignored,
})

because(threshold, detail) := object.union(threshold, {"detail": detail})

test_reason[name] if {
	some name, c in {
		"greater_than, up": {
			"threshold": measured(greater, 85),
			"code": "ScaleUpCrossed",
			"bound": 70,
			"message": "cpu_usage is 85, above scaleUp 70",
		},
		"greater_than, down": {
			"threshold": measured(greater, 12.5),
			"code": "ScaleDownCrossed",
			"bound": 20,
			"message": "cpu_usage is 12.5, below scaleDown 20",
		},
		"less_than, up": {
			"threshold": measured(less, 1),
			"code": "ScaleUpCrossed",
			"bound": 2,
			"message": "free_slots is 1, below scaleUp 2",
		},
		"less_than, down": {
			"threshold": measured(less, 9),
			"code": "ScaleDownCrossed",
			"bound": 8,
			"message": "free_slots is 9, above scaleDown 8",
		},
		"percentage_change, up": {
			"threshold": measured(change, 60),
			"code": "ScaleUpCrossed",
			"bound": 50,
			"message": "request_rate changed by 60 %, above scaleUp 50",
		},
		"percentage_change, down": {
			"threshold": measured(change, -75),
			"code": "ScaleDownCrossed",
			"bound": -50,
			"message": "request_rate changed by -75 %, below scaleDown -50",
		},
	}
	lib.reasons == [{
		"code": c.code,
		"metric": c.threshold.metric,
		"value": c.threshold.observed,
		"threshold": c.bound,
		"message": c.message,
	}] with input as {"thresholds": [c.threshold]}
}

test_within[name] if {
	some name, c in {
		"greater_than": {
			"threshold": measured(greater, 70),
			"message": "cpu_usage is 70, between scaleDown 20 and scaleUp 70",
		},
		"less_than": {
			"threshold": measured(less, 5),
			"message": "free_slots is 5, between scaleDown 8 and scaleUp 2",
		},
		"percentage_change": {
			"threshold": measured(change, 0),
			"message": "request_rate changed by 0 %, between scaleDown -50 and scaleUp 50",
		},
	}
	lib.reasons == [{
		"code": "WithinBounds",
		"metric": c.threshold.metric,
		"value": c.threshold.observed,
		"message": c.message,
	}] with input as {"thresholds": [c.threshold]}
}

test_unread[name] if {
	some name, c in {
		"stale": {
			"threshold": unread(greater, "stale", false),
			"code": "MetricStale",
			"message": "cpu_usage is stale, which forbids scaling down",
		},
		"missing": {
			"threshold": unread(greater, "missing", false),
			"code": "MetricMissing",
			"message": "cpu_usage is missing, which forbids scaling down",
		},
		"invalid": {
			"threshold": unread(greater, "invalid", false),
			"code": "MetricInvalid",
			"message": "cpu_usage is invalid, which forbids scaling down",
		},
		"stale, and why": {
			"threshold": because(unread(greater, "stale", false), "newest sample is 2m0s old, limit 1m0s"),
			"code": "MetricStale",
			"message": "cpu_usage is stale (newest sample is 2m0s old, limit 1m0s), which forbids scaling down",
		},
		"missing, and why": {
			"threshold": because(unread(greater, "missing", false), "0 of 3 samples since the replicas changed"),
			"code": "MetricMissing",
			"message": "cpu_usage is missing (0 of 3 samples since the replicas changed), which forbids scaling down",
		},
		"invalid, and why": {
			"threshold": because(unread(greater, "invalid", false), "not a finite number"),
			"code": "MetricInvalid",
			"message": "cpu_usage is invalid (not a finite number), which forbids scaling down",
		},
		"abstains": {
			"threshold": unread(change, "ok", false),
			"code": "Abstains",
			"message": "request_rate has nothing to be compared with, which forbids scaling down",
		},
		"ignored": {
			"threshold": unread(greater, "missing", true),
			"code": "MetricIgnored",
			"message": "cpu_usage is missing, and ignored",
		},
		"ignored, whatever the reason": {
			"threshold": because(unread(greater, "missing", true), "no samples yet"),
			"code": "MetricIgnored",
			"message": "cpu_usage is missing, and ignored",
		},
	}
	lib.reasons == [{
		"code": c.code,
		"metric": c.threshold.metric,
		"message": c.message,
	}] with input as {"thresholds": [c.threshold]}
}

test_those_that_decide_come_first if {
	codes := [r.code | some r in lib.reasons] with input as {"thresholds": [
		unread(greater, "missing", true),
		measured(greater, 10),
		measured(greater, 50),
		unread(greater, "stale", false),
		measured(greater, 85),
	]}
	codes == ["ScaleUpCrossed", "MetricStale", "WithinBounds", "ScaleDownCrossed", "MetricIgnored"]
}
