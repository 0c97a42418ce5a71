package flyball.lib

# METADATA
# title: A reason for every threshold, those that decide first
reasons := [r |
	some list in [
		[{
			"code": "ScaleUpCrossed",
			"metric": t.metric,
			"value": t.observed,
			"threshold": t.scaleUp,
			"message": sprintf(wording[t.comparison].up, [t.metric, t.observed, t.scaleUp]),
		} |
			some t in crossed_up
		],
		doubts(doubtful),
		[{
			"code": "WithinBounds",
			"metric": t.metric,
			"value": t.observed,
			"message": sprintf(wording[t.comparison].within, [t.metric, t.observed, t.scaleDown, t.scaleUp]),
		} |
			some t in within
		],
		[{
			"code": "ScaleDownCrossed",
			"metric": t.metric,
			"value": t.observed,
			"threshold": t.scaleDown,
			"message": sprintf(wording[t.comparison].down, [t.metric, t.observed, t.scaleDown]),
		} |
			some t in crossed_down
		],
		omissions(ignored),
	]
	some r in list
]

# METADATA
# title: A reason for every threshold, target or bands that is not ok
doubts(list) := [{
	"code": doubt[t.status].code,
	"metric": t.metric,
	"message": sprintf(doubt[t.status].message, [t.metric, why(t)]),
} |
	some t in list
]

# METADATA
# title: A reason for every threshold, target or bands that is left out
omissions(list) := [{
	"code": "MetricIgnored",
	"metric": t.metric,
	"message": sprintf("%s is %s, and ignored", [t.metric, t.status]),
} |
	some t in list
]

wording := {
	"greater_than": {
		"up": "%s is %v, above scaleUp %v",
		"within": "%s is %v, between scaleDown %v and scaleUp %v",
		"down": "%s is %v, below scaleDown %v",
	},
	"less_than": {
		"up": "%s is %v, below scaleUp %v",
		"within": "%s is %v, between scaleDown %v and scaleUp %v",
		"down": "%s is %v, above scaleDown %v",
	},
	"percentage_change": {
		"up": "%s changed by %v %%, above scaleUp %v",
		"within": "%s changed by %v %%, between scaleDown %v and scaleUp %v",
		"down": "%s changed by %v %%, below scaleDown %v",
	},
}

doubt := {
	"stale": {"code": "MetricStale", "message": "%s is stale%s, which forbids scaling down"},
	"missing": {"code": "MetricMissing", "message": "%s is missing%s, which forbids scaling down"},
	"invalid": {"code": "MetricInvalid", "message": "%s is invalid%s, which forbids scaling down"},
	"ok": {"code": "Abstains", "message": "%s has nothing to be compared with%s, which forbids scaling down"},
}

# What the source says about a metric that is not ok, such as: (no samples yet)
why(t) := sprintf(" (%s)", [t.detail])

why(t) := "" if not t.detail
