package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/backtest"
)

// plot is the part of a plot that all runs have in common. Lines are drawn in units of their own, Width by Height, and stretched
// to the place there is; what is written beside them is placed in percent, so that it keeps its size.
type plot struct {
	Width, Height  float64
	Across, Up     []tick
	Right          []tick // the same heights in another unit
	Needed, Demand string // paths
	Front          string

	leastX, mostX, mostY float64 // of the runs, and some room
}

// tick is a line of the grid: where it is in units of the plot and in percent, and what it says.
type tick struct {
	At, Percent float64
	Text        string
	Minor       bool // left out where there is little room
}

// point is a place in a plot, in percent from the left and from the top.
type point struct{ X, Y float64 }

// overTime is the plot of replicas over time: a stretch of the trace wide and a replica high are 1.
func overTime(said told, need backtest.Need, top int) plot {
	p := plot{Width: float64(said.Seconds) / float64(need.Every), Height: float64(top)}
	p.Needed = area(need.Replicas, top, p.Width)
	var demand strings.Builder
	for i, d := range need.Demand {
		y := p.Height - min(p.Height, 60*d/said.Capacity)
		move := "V"
		if i == 0 {
			move = "M0 "
		}
		fmt.Fprintf(&demand, "%s%.4gH%s", move, y, at(float64(i+1), p.Width))
	}
	p.Demand = demand.String()
	for _, t := range instants(said.Start, said.Seconds) {
		after := t.at.Sub(said.Start).Seconds() / float64(said.Seconds)
		p.Across = append(p.Across, tick{At: after * p.Width, Percent: 100 * after, Text: t.text, Minor: len(p.Across)%2 == 1})
	}
	for _, n := range round(0, float64(top), true) {
		share := 100 * n / float64(top)
		p.Up = append(p.Up, tick{At: p.Height - n, Percent: share, Text: strconv.FormatFloat(n, 'f', -1, 64)})
		p.Right = append(p.Right, tick{Percent: share, Text: strconv.FormatFloat(n*said.Capacity, 'g', 4, 64)})
	}
	return p
}

func at(x, most float64) string { return strconv.FormatFloat(min(x, most), 'g', 6, 64) }

// area is filled up to so many replicas.
func area(replicas []int, top int, width float64) string {
	var path strings.Builder
	fmt.Fprintf(&path, "M0 %d", top)
	before := 0
	for i, n := range replicas {
		if n != before {
			fmt.Fprintf(&path, "H%dV%d", i, top-n)
			before = n
		}
	}
	fmt.Fprintf(&path, "H%sV%dZ", at(width, width), top)
	return path.String()
}

// steps is the line of a run: over all that was ready in a stretch, and on with the last of it.
func steps(s backtest.Series, top int, width float64) string {
	var path strings.Builder
	before := 0
	for i, last := range s.Last {
		low, high := s.Low[i], s.High[i]
		switch {
		case i == 0:
			fmt.Fprintf(&path, "M0 %d", top-s.Last[0])
		case low != before || high != before:
			fmt.Fprintf(&path, "H%d", i)
		}
		if i == 0 && low != high || i > 0 && (low != before || high != before) {
			for _, n := range []int{low, high, last} {
				fmt.Fprintf(&path, "V%d", top-n)
			}
		}
		before = last
	}
	fmt.Fprintf(&path, "H%s", at(width, width))
	return path.String()
}

// busy says whether a run changes within so many stretches that its line would be a curtain.
func busy(s backtest.Series) bool {
	const few = 100 // stretches, which are told apart by eye
	changing := 0
	for i := range s.Low {
		if s.Low[i] != s.High[i] {
			changing++
		}
	}
	return len(s.Low) > few && 8*changing > len(s.Low)
}

// band is the area of a run between the lowest and the highest that was ready in each stretch.
func band(s backtest.Series, top int, width float64) string {
	var path strings.Builder
	for i, n := range s.High {
		switch {
		case i == 0:
			fmt.Fprintf(&path, "M0 %d", top-n)
		case n != s.High[i-1]:
			fmt.Fprintf(&path, "H%dV%d", i, top-n)
		}
	}
	last := len(s.Low) - 1
	fmt.Fprintf(&path, "H%sV%d", at(width, width), top-s.Low[last])
	for i := last; i > 0; i-- {
		if s.Low[i] != s.Low[i-1] {
			fmt.Fprintf(&path, "H%dV%d", i, top-s.Low[i-1])
		}
	}
	path.WriteString("H0Z")
	return path.String()
}

// instant is a tick of the time axis.
type instant struct {
	at   time.Time
	text string
}

// instants are ticks within so many seconds, eight steps or fewer: at full seconds, hours, days or months in UTC.
func instants(start time.Time, seconds int) []instant {
	const most = 8
	start = start.UTC()
	end := start.Add(time.Duration(seconds) * time.Second)
	for _, step := range []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
		30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour,
	} {
		if end.Sub(start)/step > most {
			continue
		}
		var all []instant
		for t := start.Truncate(step); !t.After(end); t = t.Add(step) {
			if !t.Before(start) {
				all = append(all, instant{t, clock(t, step)})
			}
		}
		return all
	}
	months := 1
	for end.Sub(start)/(time.Duration(months)*30*24*time.Hour) > most {
		months++
	}
	var all []instant
	for t := time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC); !t.After(end); t = t.AddDate(0, months, 0) {
		if !t.Before(start) {
			all = append(all, instant{t, t.Format("Jan 2006")})
		}
	}
	return all
}

// clock is the time of day, or at midnight the day.
func clock(t time.Time, step time.Duration) string {
	switch midnight := t.Equal(t.Truncate(24 * time.Hour)); {
	case midnight:
		return t.Format("2 Jan")
	case step < time.Minute:
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

// round are seven round numbers or fewer between the least and the most; whole ones where asked.
func round(least, most float64, whole bool) []float64 {
	step := math.Pow(10, math.Floor(math.Log10(most-least)))
	for _, part := range []float64{0.1, 0.2, 0.5, 1, 2, 5} {
		if (most-least)/(step*part) <= 6 {
			step *= part
			break
		}
	}
	if whole {
		step = max(1, math.Round(step))
	}
	var all []float64
	for i := int(math.Ceil(least/step - 1e-9)); float64(i)*step <= most*(1+1e-9); i++ {
		all = append(all, float64(i)*step)
	}
	return all
}

// costs is the plot of replica-hours against violation seconds, 1 by 1.
func costs(runs []backtest.Run, best []bool) plot {
	p := plot{Width: 1, Height: 1, leastX: math.Inf(1)}
	for _, r := range runs {
		p.leastX, p.mostX, p.mostY = min(p.leastX, r.ReplicaHours), max(p.mostX, r.ReplicaHours), max(p.mostY, float64(r.ViolationSeconds))
	}
	room := max(0.01*p.mostX, 0.06*(p.mostX-p.leastX))
	p.leastX, p.mostX, p.mostY = max(0, p.leastX-room), p.mostX+room, max(1, 1.1*p.mostY)
	for _, v := range round(p.leastX, p.mostX, false) {
		x := p.place(v, 0).X
		p.Across = append(p.Across, tick{At: x / 100, Percent: x, Text: strconv.FormatFloat(v, 'g', 6, 64), Minor: len(p.Across)%2 == 1})
	}
	for _, v := range round(0, p.mostY, true) {
		p.Up = append(p.Up, tick{At: 1 - v/p.mostY, Percent: 100 * v / p.mostY, Text: strconv.FormatFloat(v, 'f', -1, 64)})
	}
	var front []point
	for i, r := range runs {
		if best[i] {
			front = append(front, p.place(r.ReplicaHours, float64(r.ViolationSeconds)))
		}
	}
	slices.SortFunc(front, func(a, b point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	var path strings.Builder
	for i, at := range front {
		if i == 0 {
			fmt.Fprintf(&path, "M%.4f 0V%.4f", at.X/100, at.Y/100)
			continue
		}
		fmt.Fprintf(&path, "H%.4fV%.4f", at.X/100, at.Y/100)
	}
	path.WriteString("H1")
	p.Front = path.String()
	return p
}

func (p plot) place(x, y float64) point {
	return point{100 * (x - p.leastX) / (p.mostX - p.leastX), 100 - 100*y/p.mostY}
}

// label is where the name of a dot is written.
type label struct {
	point
	Left  bool // of its dot
	Moved bool // up or down from it, so that a line leads there
	None  bool // there is no room
}

// Lead is the line from a dot to its name, in the plot of cost and violations.
func (r shownRun) Lead() string {
	return fmt.Sprintf("M%.4f %.4fL%.4f %.4f", r.Dot.X, r.Dot.Y, r.Label.X/100, r.Label.Y/100)
}

// labelled finds places beside the dots that no other name or dot is in, for those on the front first. What has none is told by
// its colour and in the table.
func labelled(runs []backtest.Run, best []bool, p plot) []label {
	const high, letter, gap = 6.0, 0.8, 1.6 // percent of a wide plot, about; a narrow one shows fewer
	type box struct{ left, top, right, bottom float64 }
	var taken []box
	for _, r := range runs {
		at := p.place(r.ReplicaHours, float64(r.ViolationSeconds))
		taken = append(taken, box{at.X - 0.8, at.Y - 1.5, at.X + 0.8, at.Y + 1.5})
	}
	free := func(b box) bool {
		return b.left >= 0 && b.right <= 100 && b.top >= 0 && b.bottom <= 100 && !slices.ContainsFunc(taken, func(t box) bool {
			return b.left < t.right && t.left < b.right && b.top < t.bottom && t.top < b.bottom
		})
	}
	labels := make([]label, len(runs))
	for _, front := range []bool{true, false} {
		for i, r := range runs {
			if best[i] != front {
				continue
			}
			labels[i].None = true
			at, wide := p.place(r.ReplicaHours, float64(r.ViolationSeconds)), letter*float64(len(r.Name))
			for _, down := range []float64{0, -high, high, -2 * high, -3 * high, -4 * high} {
				y := at.Y + down
				right, left := box{at.X + gap, y - high/2, at.X + gap + wide, y + high/2}, box{at.X - gap - wide, y - high/2, at.X - gap, y + high/2}
				if free(right) {
					labels[i], taken = label{point: point{at.X + gap, y}, Moved: down != 0}, append(taken, right)
					break
				}
				if free(left) {
					labels[i], taken = label{point: point{at.X - gap, y}, Left: true, Moved: down != 0}, append(taken, left)
					break
				}
			}
		}
	}
	return labels
}
