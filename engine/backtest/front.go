package backtest

// Front marks the runs of which no other has both fewer replica-hours and fewer violation seconds, or as many of one and fewer
// of the other: the Pareto front of cost and objective.
func Front(runs []Run) []bool {
	front := make([]bool, len(runs))
	for i, r := range runs {
		front[i] = true
		for _, other := range runs {
			no := other.ReplicaHours <= r.ReplicaHours && other.ViolationSeconds <= r.ViolationSeconds
			less := other.ReplicaHours < r.ReplicaHours || other.ViolationSeconds < r.ViolationSeconds
			if no && less {
				front[i] = false
			}
		}
	}
	return front
}
