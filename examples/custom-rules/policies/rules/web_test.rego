package shop.web_test

import data.shop.web

# The world at a time of day, with web at some percent of its CPU and api at some of its own.
world(clock, replicas, web_cpu, api_cpu) := {
	"at": sprintf("2026-01-01T%s:00Z", [clock]),
	"policy": {"scaleUpBy": 1, "scaleDownBy": 1},
	"service": {"replicas": {"current": replicas, "ready": replicas, "starting": 0}},
	"metrics": {
		"cpu_usage": {"status": "ok", "value": web_cpu},
		"api_cpu": api_cpu,
	},
	"thresholds": [{
		"metric": "cpu_usage",
		"comparison": "greater_than",
		"scaleUp": 70,
		"scaleDown": 25,
		"observed": web_cpu,
		"share": 1,
		"status": "ok",
		"ignored": false,
		"up": 0.2,
		"down": 0.2,
	}],
	"history": {"success_rate": 1},
}

ok(value) := {"status": "ok", "value": value}

missing := {"status": "missing"}

test_it_decides[name] if {
	some name, c in {
		"busy": {"at": world("12:00", 2, 90, ok(30)), "replicas": 3, "code": "ScaleUpCrossed"},
		"busy, and so is api": {"at": world("12:00", 2, 90, ok(95)), "replicas": 2, "code": "ApiIsTheBottleneck"},
		"busy, and nobody knows about api": {"at": world("12:00", 2, 90, missing), "replicas": 3, "code": "ScaleUpCrossed"},
		"calm by day, three": {"at": world("12:00", 3, 10, ok(30)), "replicas": 2, "code": "ScaleDownCrossed"},
		"calm by day, two": {"at": world("07:00", 2, 10, ok(30)), "replicas": 2, "code": "TwoByDay"},
		"calm by night, two": {"at": world("22:00", 2, 10, ok(30)), "replicas": 1, "code": "ScaleDownCrossed"},
		"calm, while api is busy": {"at": world("23:00", 2, 10, ok(95)), "replicas": 1, "code": "ScaleDownCrossed"},
		"neither": {"at": world("12:00", 2, 50, ok(95)), "replicas": 2, "code": "WithinBounds"},
	}
	r := web.recommendation with input as c.at
	r.replicas == c.replicas
	r.reasons[0].code == c.code
}
