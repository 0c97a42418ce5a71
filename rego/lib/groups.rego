package flyball.lib

# Every threshold of the policy is in exactly one of five groups. Rules count the groups to decide.
#
# Crossing is strict: at a bound nothing is crossed. What could not be observed crosses nothing, because a comparison
# with nothing is undefined.

# METADATA
# title: Crossed towards more replicas
crossed_up := [t | some t in input.thresholds; crosses_up(t.comparison, t)]

# METADATA
# title: Crossed towards fewer replicas
crossed_down := [t | some t in input.thresholds; crosses_down(t.comparison, t)]

# METADATA
# title: Content, between the bounds or at one of them
within := [t |
	some t in input.thresholds
	t.observed
	not t in crossed_up
	not t in crossed_down
]

# METADATA
# title: Doubtful, which forbids scaling down
# description: |
#   The metric is not ok, or it is a change in percent and there is nothing, or 0, to compare with.
doubtful := [t |
	some t in input.thresholds
	not t.observed
	not t.ignored
]

# METADATA
# title: Not ok, and left out because the policy says onMissing ignore
ignored := [t | some t in input.thresholds; t.ignored]

crosses_up("greater_than", t) if t.observed > t.scaleUp

crosses_up("less_than", t) if t.observed < t.scaleUp

crosses_up("percentage_change", t) if t.observed > t.scaleUp

crosses_down("greater_than", t) if t.observed < t.scaleDown

crosses_down("less_than", t) if t.observed > t.scaleDown

crosses_down("percentage_change", t) if t.observed < t.scaleDown
