package backtest

import "slices"

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

// Coarser is the same need by so many stretches at a time: the most of them.
func (n Need) Coarser(by int) Need {
	return Need{n.Every * by, fold(n.Demand, by, slices.Max), fold(n.Replicas, by, slices.Max)}
}

// Coarser is the same series by so many stretches at a time.
func (s Series) Coarser(by int) Series {
	last := func(of []int) int { return of[len(of)-1] }
	return Series{Low: fold(s.Low, by, slices.Min), High: fold(s.High, by, slices.Max), Last: fold(s.Last, by, last)}
}

// fold makes one value of so many at a time; the last may be of fewer.
func fold[T any](values []T, by int, one func([]T) T) []T {
	folded := make([]T, 0, (len(values)+by-1)/by)
	for some := range slices.Chunk(values, by) {
		folded = append(folded, one(some))
	}
	return folded
}
