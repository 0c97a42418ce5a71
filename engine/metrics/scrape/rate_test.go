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
	seen  []point // at times in milliseconds
}

// rate is Prometheus's rate() of what was seen in the range that ends at an instant, per second: the increase, in which a
// fall is a new start from 0, stretched to the ends of the range where they are near, else by half an interval, and at
// the start no further than to where the counter was 0. (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate)
func (n naive) rate(end, span int64) (float64, bool) {
	var in []point
	for _, p := range n.seen {
		if p.at > end-span && p.at <= end {
			in = append(in, p)
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
	before := stretch(float64(in[0].at - (end - span)))
	if increase > 0 {
		before = min(before, covered*in[0].value/increase)
	}
	after := stretch(float64(end - in[len(in)-1].at))
	return increase * (before + covered + after) / covered / float64(span) * 1000, true
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

// Whatever happens to replicas, a rate is the naive one of those that are there, and of the service as a whole only where
// all of them are in it.
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
	for i, now := range script {
		time.Sleep(now.pause)
		service := web(0)
		for i, replica := range web(len(all)).Replicas {
			n := &all[i]
			n.goesThrough(now.events[i])
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
		if wrong := compare(all, samples, err, time.Now().UnixMilli()); wrong != "" {
			return fmt.Sprintf("step %d: %s", i, wrong)
		}
	}
	return ""
}

func (n *naive) goesThrough(e event) {
	switch e.kind {
	case "works":
		n.value += e.n
		n.ill = false
	case "restarts":
		n.value = e.n / 20
	case "fails":
		n.ill = true
	case "comes":
		n.there = true
	case "goes":
		n.there = false
	}
}

func compare(all []naive, samples []engine.Sample, err error, at int64) string {
	want := map[string]float64{}
	sum, whole, there := 0.0, true, false
	for i, n := range all {
		if !n.there {
			continue
		}
		rate, ok := n.rate(at, time.Minute.Milliseconds())
		if ok && !n.ill {
			want[fmt.Sprint("i", i+1)] = rate
		}
		sum += rate
		there = true
		whole = whole && ok && !n.ill
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
