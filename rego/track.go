package rego

import (
	"math"

	"github.com/flyball-dev/flyball/engine"
)

// Sight is what was seen of the metric behind a target or bands.
type Sight struct {
	Status   engine.Status `json:"status"`
	Ignored  bool          `json:"ignored"`            // not ok, and the author lets the policy scale down without it
	Observed *float64      `json:"observed,omitempty"` // the value, to six significant digits; absent: abstains
	Share    float64       `json:"share"`              // the metric's weight over the weights of all that are listed with it
	Up       float64       `json:"up"`                 // severity 0..1: how far past the bound on the way up, relative to it
	Down     float64       `json:"down"`               // severity 0..1: how far past it on the way down
	Detail   string        `json:"detail,omitempty"`   // why the metric is not ok
}

// Tracked is a target beside what its metric reads now: the features of the target_tracking formula.
type Tracked struct {
	engine.Target
	Sight
	Ratio    *float64 `json:"ratio,omitempty"`    // observed over target; of a metric of the whole service the share of each current replica
	Load     *float64 `json:"load,omitempty"`     // the replicas that what was seen would keep at the target
	Silent   int      `json:"silent"`             // ready replicas that it does not hear of
	Over     float64  `json:"over"`               // how far it is over the target, relative to it, if all that is not heard of is idle; 0: it is not
	Under    float64  `json:"under"`              // how far it is under the target, if those not ready are left out and the silent ones are at it; 0: it is not
	Expected *float64 `json:"expected,omitempty"` // the value of the seasonal forecast
	Coming   *float64 `json:"coming,omitempty"`   // the replicas that this would keep at the target
	Beyond   *float64 `json:"beyond,omitempty"`   // how far it takes the current replicas over the target, relative to it; below 0: under it
}

// Track lays a policy's targets beside a snapshot. All numbers have six significant digits, so that what is a whole number
// of replicas but for a rounding error is no replica more, and what is at the end of the tolerance is not past it.
//
// With a target T and an observed value v
//   - a perReplica metric, heard of r replicas, is v/T of its target: load r·v/T;
//   - an independent one stands for all n ready replicas: load n·v/T;
//   - the whole service's is shared out: load v/T, and of its target the c current replicas are at v/T/c.
//
// A forecast is made of the whole service's metrics alone: what a perReplica one read last week was shared out over the
// replicas of then.
func Track(p engine.Policy, s engine.Snapshot) []Tracked {
	weights := 0.0
	for _, t := range p.Targets {
		m, _ := p.Metric(t.Metric)
		weights += m.Weight
	}
	tracked := make([]Tracked, len(p.Targets))
	for i, t := range p.Targets {
		m, _ := p.Metric(t.Metric)
		reading, sight := see(m, s, weights)
		one := Tracked{Target: t, Sight: sight}
		if v := sight.Observed; v != nil {
			one.track(m, p, s.Service.Replicas, reading)
			one.Up = severity(*one.Ratio-1, 1)
			one.Down = severity(1-*one.Ratio, 1)
		}
		tracked[i] = one
	}
	return tracked
}

func (t *Tracked) track(m engine.Metric, p engine.Policy, n engine.Replicas, r engine.Reading) {
	ratio := within(*t.Observed / t.Value)
	if m.Scope != engine.Independent && m.Service == p.Service && r.Reporting > 0 {
		t.Silent = max(0, n.Ready-r.Reporting)
	}
	load := ratio
	if m.Whole() {
		ratio /= float64(max(1, n.Current))
	} else {
		load *= float64(n.Ready - t.Silent)
	}
	t.Ratio, t.Load = capped(ratio), capped(load)
	t.Over = max(0, beyond(load, n.Current))
	if n.Ready > 0 {
		t.Under = max(0, -beyond(load+float64(t.Silent), n.Ready))
	}
	if r.Expected != nil && m.Whole() {
		coming := *r.Expected / t.Value
		t.Expected, t.Coming, t.Beyond = number(*r.Expected), capped(coming), new(beyond(coming, n.Current))
	}
}

// beyond is how far a load takes so many replicas over their target, relative to it.
func beyond(load float64, replicas int) float64 {
	n := float64(replicas)
	return rounded((within(load) - n) / max(1, n))
}

func number(v float64) *float64 {
	v = rounded(v)
	return &v
}

// capped is a number of replicas, or a ratio of them. It has six decimals at most, so that whole ones can be added to it.
func capped(v float64) *float64 { return number(math.Round(within(v)*1e6) / 1e6) }

// within keeps a number of replicas to what an answer may ask for: a value without measure asks for many, not for nothing.
func within(v float64) float64 {
	const most = 1e9
	return max(-most, min(v, most))
}

// Banded is a metric's bands beside what it reads now.
type Banded struct {
	Metric string `json:"metric"`
	Sight
	Add    int      `json:"add"`            // replicas of the furthest band that the value is above; 0: of none
	Remove int      `json:"remove"`         // replicas of the furthest band that the value is below; 0: of none
	Edge   *float64 `json:"edge,omitempty"` // the bound of that band
}

// Band lays a policy's bands beside a snapshot. Of the bands that a value is in, the one with the furthest bound counts.
func Band(p engine.Policy, s engine.Snapshot) []Banded {
	weights := 0.0
	for _, b := range p.Bands {
		m, _ := p.Metric(b.Metric)
		weights += m.Weight
	}
	banded := make([]Banded, len(p.Bands))
	for i, b := range p.Bands {
		m, _ := p.Metric(b.Metric)
		_, sight := see(m, s, weights)
		one := Banded{Metric: b.Metric, Sight: sight}
		if v := sight.Observed; v != nil {
			one.band(b, *v)
		}
		banded[i] = one
	}
	return banded
}

func (b *Banded) band(of engine.Bands, v float64) {
	for _, band := range of.Bands {
		switch {
		case band.Above != nil && v > *band.Above && (b.Edge == nil || *band.Above > *b.Edge):
			b.Edge, b.Add = band.Above, band.Add
		case band.Below != nil && v < *band.Below && (b.Edge == nil || *band.Below < *b.Edge):
			b.Edge, b.Remove = band.Below, band.Remove
		}
	}
	switch {
	case b.Add > 0:
		b.Up = severity(v-*b.Edge, *b.Edge)
	case b.Remove > 0:
		b.Down = severity(*b.Edge-v, *b.Edge)
	}
}

// see is a metric's reading as rules may see it.
func see(m engine.Metric, s engine.Snapshot, weights float64) (engine.Reading, Sight) {
	r, found := s.Metrics[m.Name]
	if !found {
		r.Status = engine.Missing
	}
	r = trusted(r)
	sight := Sight{Status: r.Status, Ignored: r.Status != engine.OK && m.OnMissing == "ignore"}
	if weights > 0 {
		sight.Share = m.Weight / weights
	}
	if r.Status != engine.OK {
		sight.Detail = brief(r.Detail)
		return r, sight
	}
	sight.Observed = number(*r.Value)
	return r, sight
}
