package flyball.lib_test

import data.flyball.lib

test_confidence[name] if {
	some name, c in {
		"everything agrees, far past, after good changes": {"of": [1, 1, 1], "is": 1},
		"nothing agrees": {"of": [0, 0, 0], "is": 0},
		"one of three, just crossed": {"of": [0.3333, 0.0001, 1], "is": 0.36668},
		"share has half of the say": {"of": [1, 0, 0], "is": 0.5},
		"severity has three tenths": {"of": [0, 1, 0], "is": 0.3},
		"success has two tenths": {"of": [0, 0, 1], "is": 0.2},
		"failures leave room to act": {"of": [1, 1, 0], "is": 0.8},
		"shares that sum to a hair above 1": {"of": [1.0000000000000002, 1, 1], "is": 1},
		"never below 0": {"of": [-1, 0, 0], "is": 0},
	}
	lib.confidence(c.of[0], c.of[1], c.of[2]) == c.is
}

test_priority[name] if {
	some name, c in {
		"a sure raise": {"confidence": 0.7, "severity": 0, "is": "high"},
		"one signal far past": {"confidence": 0.2, "severity": 0.5, "is": "high"},
		"neither": {"confidence": 0.69, "severity": 0.4999, "is": "medium"},
	}
	lib.priority(c.confidence, c.severity) == c.is
}

test_confidence_of_holding[name] if {
	some name, c in {
		"all is read": {"thresholds": [{"share": 0.5, "observed": 1}, {"share": 0.5, "observed": 0}], "is": 1},
		"half is read": {"thresholds": [{"share": 0.5, "observed": 1}, {"share": 0.5}], "is": 0.5},
		"nothing is read": {"thresholds": [{"share": 0.5}, {"share": 0.5}], "is": 0},
		"there is nothing to read": {"thresholds": [], "is": 0},
		"a hair above 1": {"thresholds": [{"share": 1.0000000000000002, "observed": 1}], "is": 1},
	}
	lib.confidence_of_holding == c.is with input as {"thresholds": c.thresholds}
}
