package backtest

import (
	"math"
	"time"
)

// FlapWithin is how soon after the last change a change of direction is a flap.
const FlapWithin = 600 * time.Second

// Figures are what a run came to. The elasticity metrics are those of the SPEC RG cloud group (Herbst et al., "Ready for Rain?
// A View from SPEC Research on the Future of Cloud Metrics", 2016); d is the number of replicas needed, s of those ready.
type Figures struct {
	Seconds          int     `json:"seconds"`
	ViolationSeconds int     `json:"violation_seconds"` // seconds that ended with a waiting time above 1 s
	ReplicaHours     float64 `json:"replica_hours"`     // ready and starting ones
	ThetaU           float64 `json:"theta_u"`           // 100/T · Σ max(d−s, 0)/d: how far under what is needed
	ThetaO           float64 `json:"theta_o"`           // 100/T · Σ max(s−d, 0)/d: how far over it
	TauU             float64 `json:"tau_u"`             // percent of the time with too few
	TauO             float64 `json:"tau_o"`             // percent of the time with too many
	Instability      float64 `json:"instability"`       // percent of the time in which d and s do not move in one direction
	Jitter           float64 `json:"jitter"`            // (changes of s − changes of d) an hour
	Changes          int     `json:"changes"`           // of the count that was ordered
	Flaps            int     `json:"flaps"`             // changes of direction within 10 minutes of the last change
	FlapsPerHour     float64 `json:"flaps_per_hour"`
	MeanReplicas     float64 `json:"mean_replicas"` // ready and starting
	MostReplicas     int     `json:"most_replicas"`
}

// tally adds a run up, second by second.
type tally struct {
	f                        Figures
	under, over              float64
	underSeconds, overSecond int
	unstable                 int
	moved, needMoved         int
	needed, ready            int // of the second before
	replicaSeconds           int
	ordered                  int // replicas at the last order
	direction                int // of the last change
	changed                  int // the second of the last change
}

// order notes the number of replicas that was ordered at a second.
func (t *tally) order(second, replicas int) {
	before := t.ordered
	t.ordered = replicas
	if replicas == before {
		return
	}
	direction := sign(replicas - before)
	if t.direction != 0 && direction != t.direction && second-t.changed <= int(FlapWithin.Seconds()) {
		t.f.Flaps++
	}
	t.f.Changes++
	t.direction, t.changed = direction, second
}

// second adds one second: what was needed, what was ready and what there was.
func (t *tally) second(needed, ready, replicas int) {
	d := float64(needed)
	switch {
	case needed > ready:
		t.under += float64(needed-ready) / d
		t.underSeconds++
	case ready > needed:
		t.over += float64(ready-needed) / d
		t.overSecond++
	}
	if t.f.Seconds > 0 {
		needs, has := sign(needed-t.needed), sign(ready-t.ready)
		if needs != has {
			t.unstable++
		}
		t.needMoved += needs * needs
		t.moved += has * has
	}
	t.needed, t.ready = needed, ready
	t.replicaSeconds += replicas
	t.f.MostReplicas = max(t.f.MostReplicas, replicas)
	t.f.Seconds++
}

// figures are the sums in the end. violations are the model's.
func (t *tally) figures(violations int) Figures {
	f, seconds := t.f, float64(max(1, t.f.Seconds))
	hours := seconds / 3600
	f.ViolationSeconds = violations
	f.ReplicaHours = float64(t.replicaSeconds) / 3600
	f.ThetaU, f.ThetaO = 100*t.under/seconds, 100*t.over/seconds
	f.TauU, f.TauO = 100*float64(t.underSeconds)/seconds, 100*float64(t.overSecond)/seconds
	f.Instability = 100 * float64(t.unstable) / seconds
	f.Jitter = float64(t.moved-t.needMoved) / hours
	f.FlapsPerHour = float64(f.Flaps) / hours
	f.MeanReplicas = float64(t.replicaSeconds) / seconds
	return f
}

// speedup is the elastic speedup of figures over those without an autoscaler: the geometric mean of how much smaller θ and τ are.
// It is nil where one of them is 0, of which nothing is a multiple.
func (f Figures) speedup(without Figures) *float64 {
	product := 1.0
	for _, pair := range [][2]float64{
		{without.ThetaU, f.ThetaU}, {without.ThetaO, f.ThetaO}, {without.TauU, f.TauU}, {without.TauO, f.TauO},
	} {
		if pair[0] == 0 || pair[1] == 0 {
			return nil
		}
		product *= pair[0] / pair[1]
	}
	e := math.Pow(product, 0.25)
	return &e
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}
