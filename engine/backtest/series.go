package backtest

// plotted is how many stretches a plot has at most.
const plotted = 1500

// Series is the ready replicas of a run as they are plotted: by stretches of the trace, in each of which they were at least Low,
// at most High, and in the end Last. So a short lack shows at any length of the trace.
type Series struct{ Low, High, Last []int }

// Need is what was demanded, as it is plotted: the most of each stretch.
type Need struct {
	Every    int       // seconds of a stretch; the last may be shorter
	Demand   []float64 // requests a second
	Replicas []int     // needed for it
}

// stretch is the seconds of one stretch in the plot of a trace.
func (t Trace) stretch() int { return max(1, (t.Seconds()+plotted-1)/plotted) }

// Need is the demand of a trace as it is plotted, with the replicas of such a world.
func (t Trace) Need(s Settings) Need {
	n := Need{Every: t.stretch()}
	second := 0
	for _, row := range t.Rows {
		for i := second / n.Every; i <= (second+row.Seconds-1)/n.Every; i++ {
			if i == len(n.Demand) {
				n.Demand, n.Replicas = append(n.Demand, 0), append(n.Replicas, 0)
			}
			n.Demand[i] = max(n.Demand[i], row.Demand)
			n.Replicas[i] = max(n.Replicas[i], s.Needed(row.Demand))
		}
		second += row.Seconds
	}
	return n
}

// add takes the ready replicas of one second of a plot with such stretches.
func (s *Series) add(second, every, ready int) {
	i := second / every
	if i == len(s.Last) {
		s.Low, s.High, s.Last = append(s.Low, ready), append(s.High, ready), append(s.Last, ready)
		return
	}
	s.Low[i], s.High[i], s.Last[i] = min(s.Low[i], ready), max(s.High[i], ready), ready
}
