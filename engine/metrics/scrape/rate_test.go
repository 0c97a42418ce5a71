package scrape

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

// naive is what a test knows of a replica: its counter, and what was seen of it.
type naive struct {
	value float64
	there bool
	ill   bool
	anew  bool    // it came after the first look
	begun int     // how much of it was seen when it came
	seen  []point // at times in milliseconds
}

const span = 60_000 // of the rate, in milliseconds

// rate is Prometheus's rate() of what was seen in the range that ends at an instant, per second: the increase, in which a
// fall is a new start from 0, stretched to the ends of the range where they are near, else by half an interval, and at
// the start no further than to where the counter was 0. (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate)
// But where the counter was seen before, and that is kept, it goes from there in a straight line, and what of it is in the
// range belongs to it.
//
// It is good where all of the range was seen: nobody knows what a replica did before that was there at the first look.
func (n naive) rate(begun, end int64) (rate float64, good bool) {
	begin := end - span
	var before *point
	var in []point
	for i, p := range n.seen {
		switch {
		case p.at > begin:
			in = append(in, p)
		case p.at >= begin-slack.Milliseconds():
			before = &n.seen[i]
		}
	}
	good = len(in) > 1
	if before != nil && len(in) > 0 {
		start := before.value
		if in[0].value < start {
			start = 0
		}
		// The range begins a millisecond late: what is at its beginning is not in it.
		part := float64(begin+1-before.at) / float64(in[0].at-before.at)
		if in[0].at > begin+1 {
			in = append([]point{{begin + 1, start + part*(in[0].value-start)}}, in...)
		}
	}
	if len(in) < 2 {
		return 0, false
	}
	increase := 0.0
	for i := 1; i < len(in); i++ {
		if in[i].value >= in[i-1].value {
			increase += in[i].value - in[i-1].value
		} else {
			increase += in[i].value
		}
	}
	covered := float64(in[len(in)-1].at - in[0].at)
	interval := covered / float64(len(in)-1)
	stretch := func(gap float64) float64 {
		if gap >= 1.1*interval {
			return interval / 2
		}
		return gap
	}
	missing := in[0].at - begin
	if n.anew && (n.begun >= len(n.seen) || in[0].at <= n.seen[n.begun].at) {
		missing = begun - begin
	}
	good = good && (before != nil || missing <= 0 || float64(missing) < 1.1*interval)
	first := stretch(float64(in[0].at - begin))
	if increase > 0 {
		first = min(first, covered*in[0].value/increase)
	}
	last := stretch(float64(end - in[len(in)-1].at))
	return increase * (first + covered + last) / covered / span * 1000, good
}

// act is what happens to the replicas until they are looked at once more.
type act struct {
	pause  time.Duration
	events []event
}

type event struct {
	kind string
	n    float64
}

// Whatever happens to replicas, a rate is the naive one of those that are there, and of the service as a whole that of all
// that were there, only where all that are there were seen for as long.
func TestRateIsAsTheNaiveOne(t *testing.T) {
	kinds := []string{"works", "works", "works", "works", "rests", "restarts", "fails", "comes", "comes", "goes"}
	events := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) event {
		return event{rapid.SampledFrom(kinds).Draw(r, "kind"), float64(rapid.IntRange(0, 1000).Draw(r, "n"))}
	}), 4, 4)
	steps := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) act {
		pause := rapid.IntRange(600, 25_000).Draw(r, "milliseconds")
		return act{time.Duration(pause) * time.Millisecond, events.Draw(r, "events")}
	}), 2, 25)
	rapid.Check(t, func(r *rapid.T) {
		wrong := ""
		script := steps.Draw(r, "steps")
		synctest.Test(t, func(t *testing.T) { wrong = play(t, script) })
		if wrong != "" {
			r.Fatal(wrong)
		}
	})
}

// play lets it happen, and says what is not as the naive computation has it.
func play(t *testing.T, script []act) string {
	w := &town{}
	s := w.source(t)
	all := make([]naive, 4)
	metrics := append(asks("sum(rate(c_total[1m]))"), engine.Metric{Name: "each", Query: "sum by (replica) (rate(c_total[1m]))"})
	var begun int64
	for step, now := range script {
		time.Sleep(now.pause)
		if step == 0 {
			begun = time.Now().UnixMilli()
		}
		service := web(0)
		for i, replica := range web(len(all)).Replicas {
			n := &all[i]
			n.goesThrough(now.events[i], step)
			w.answers(replica.Addresses[0], nil)
			if n.there && !n.ill {
				w.shows(replica.Addresses[0], fmt.Sprintf("# TYPE c_total counter\nc_total{a=\"1\"} %v\n", n.value))
				n.seen = append(n.seen, point{time.Now().UnixMilli(), n.value})
			}
			if n.there {
				service.Replicas = append(service.Replicas, replica)
			}
		}
		samples, err := s.Sample(t.Context(), metrics, service)
		if wrong := compare(all, samples, err, begun, time.Now().UnixMilli()); wrong != "" {
			return fmt.Sprintf("step %d: %s", step, wrong)
		}
	}
	return ""
}

func (n *naive) goesThrough(e event, step int) {
	switch e.kind {
	case "works":
		n.value += e.n
		n.ill = false
	case "restarts":
		n.value = e.n / 20
	case "fails":
		n.ill = true
	case "comes":
		if !n.there {
			n.anew, n.begun = step > 0, len(n.seen)
		}
		n.there = true
	case "goes":
		n.there = false
	}
}

func compare(all []naive, samples []engine.Sample, err error, begun, at int64) string {
	want := map[string]float64{}
	sum, whole, there := 0.0, true, false
	for i, n := range all {
		rate, good := n.rate(begun, at)
		sum += rate
		if !n.there {
			continue
		}
		if good && !n.ill {
			want[fmt.Sprint("i", i+1)] = rate
		}
		there = true
		whole = whole && good && !n.ill
	}
	if there && whole {
		want[""] = sum
	}
	got := map[string]float64{}
	for _, s := range samples {
		if (s.Metric == "each") != (s.Replica != "") {
			return fmt.Sprintf("%+v", s)
		}
		got[s.Replica] = s.Value
	}
	near := len(got) == len(want) && len(got) == len(samples) && (err == nil) == (there && whole)
	for id, value := range want {
		near = near && math.Abs(got[id]-value) <= 1e-9*max(1, value)
	}
	if !near {
		return fmt.Sprintf("%v, %v; want %v", got, err, want)
	}
	return ""
}
