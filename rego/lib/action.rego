package flyball.lib

# METADATA
# title: The action that leads to a number of replicas
action(replicas) := "scale_up" if {
	replicas > input.service.replicas.current
} else := "scale_down" if {
	replicas < input.service.replicas.current
} else := "hold"
