package backtest

// plotted is how many points a series has at most.
const plotted = 1500

// Series is a run as it is plotted: stretches of the trace with the most that was needed, ready and there in each.
type Series struct {
	Every    int `json:"every"` // seconds of one stretch
	Needed   []int
	Ready    []int
	Replicas []int
}

func newSeries(trace Trace) Series {
	return Series{Every: max(1, (trace.Seconds()+plotted-1)/plotted)}
}

func (s *Series) add(second, needed, ready, replicas int) {
	if second/s.Every == len(s.Needed) {
		s.Needed, s.Ready, s.Replicas = append(s.Needed, needed), append(s.Ready, ready), append(s.Replicas, replicas)
		return
	}
	last := len(s.Needed) - 1
	s.Needed[last] = max(s.Needed[last], needed)
	s.Ready[last] = max(s.Ready[last], ready)
	s.Replicas[last] = max(s.Replicas[last], replicas)
}
