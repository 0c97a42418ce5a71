package engine

import "time"

const (
	// Instants is how many times a metric must have been sampled in its window before it is believed.
	Instants = 3

	// ShortestWindow is what a shorter window is read as: the shortest that sampling can fill.
	ShortestWindow = perWindow * fastest

	fastest = time.Second      // sources are not asked more often than this
	slowest = 15 * time.Second // nor, for a long window, more seldom

	// perWindow samples are aimed at, so that one that is lost, and one that is late, do no harm.
	perWindow = 5
)

// SampleEvery is how often metrics that are sampled together are asked for: a fifth of their shortest window, between 1 s
// and 15 s.
func SampleEvery(of []Metric) time.Duration {
	every := slowest
	for _, m := range of {
		every = min(every, m.Window/perWindow)
	}
	return max(every, fastest)
}
