# METADATA
# scope: package
# title: Target tracking
# description: |
#   Holds each metric at its target, by the formula of Kubernetes' Horizontal Pod Autoscaler with its tolerance. Of several
#   targets the one that asks for the most replicas wins; down only when every one allows it, and never on doubt.
# schemas:
#   - input: schema.input
package flyball.strategy.target_tracking

import data.flyball.lib

# METADATA
# title: Recommendation
# entrypoint: true
recommendation := lib.tracking([{"target": t, "replicas": n, "reason": lib.tracked(t, n)} |
	some t in input.targets
	n := lib.asked(t)
])
