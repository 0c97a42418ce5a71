package schema

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/rego"
)

// The arithmetic of the lint is that of the strategies: just past a bound they ask for the raise, and where it lands they ask for
// fewer, at just those counts of which it is said.
func TestFlapsAreThoseOfTheStrategies(t *testing.T) {
	rules, problems := rego.Compile(t.Context(), nil, []engine.Policy{{Strategies: []string{"threshold", "step"}}}, nil)
	if rules == nil {
		t.Fatal(problems)
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := flappy(rt)
		p.Schedule = nil
		ask := func(v float64, n int) int {
			r, err := rules.Recommend(t.Context(), p, engine.Snapshot{
				Service: engine.ServiceView{Name: "web", Replicas: engine.Replicas{Current: n, Ready: n}},
				Metrics: map[string]engine.Reading{"cpu": engine.Reads(v)},
				History: engine.History{SuccessRate: 1},
			})
			if err != nil {
				rt.Fatal(err)
			}
			return r.Replicas
		}
		edges := []float64{}
		for _, threshold := range p.Thresholds {
			edges = append(edges, threshold.ScaleUp)
		}
		for _, band := range p.Bands[0].Bands {
			if band.Above != nil {
				edges = append(edges, *band.Above)
			}
		}
		var said, seen []int
		if f := flapping(p, "cpu", edges); f != nil {
			said = f.counts
		}
		for n := p.MinReplicas; n < p.MaxReplicas; n++ {
			comesDown := func(edge float64) bool {
				v := edge * (1 + 1e-5) // the strategies see six significant digits
				to := raised(p, n, ask(v, n), p.MaxReplicas)
				return to > n && ask(v*float64(n)/float64(to)*(1-3e-5), to) < to
			}
			if slices.ContainsFunc(edges, comesDown) {
				seen = append(seen, n)
			}
		}
		if !slices.Equal(said, seen) {
			rt.Fatalf("flapping at %v, but the strategies go down at %v: %+v", said, seen, p)
		}
	})
}
