package flyball.lib

# METADATA
# title: The action that leads to a number of replicas
action(replicas) := "scale_up" if {
	replicas > input.service.replicas.current
} else := "scale_down" if {
	replicas < input.service.replicas.current
} else := "hold"

# METADATA
# title: The answer of a rule that has nothing to say beside a strategy
# description: |
#   Of several answers the highest wins, so to hold at the current count is to forbid scaling down. This asks for no more than the
#   minimum, and so leaves the count to the others. Alone it scales down to the minimum.
abstention := {
	"action": action(input.policy.minReplicas),
	"replicas": input.policy.minReplicas,
	"confidence": 1,
	"priority": "low",
	"reasons": [{"code": "NothingToSay", "message": "asks for no more than the minimum"}],
}
