package rego

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
)

func TestTrack(t *testing.T) {
	cpu := engine.Metric{Name: "m", Scope: engine.PerReplica, Aggregation: "avg", Service: "web", Weight: 1}
	rate := engine.Metric{Name: "m", Scope: engine.Total, Aggregation: "avg", Service: "web", Weight: 1}
	wait := engine.Metric{Name: "m", Scope: engine.Independent, Aggregation: "p95", Service: "web", Weight: 1}
	sum := engine.Metric{Name: "m", Scope: engine.PerReplica, Aggregation: "sum", Service: "web", Weight: 1}
	others := engine.Metric{Name: "m", Scope: engine.PerReplica, Aggregation: "avg", Service: "queue", Weight: 1}
	for name, c := range map[string]struct {
		metric           engine.Metric
		value, target    float64
		current, ready   int
		reporting        int
		ratio, load      float64
		silent           int
		over, under      float64
		upward, downward float64 // severities
	}{
		"at the target":                  {metric: cpu, value: 60, target: 60, current: 4, ready: 4, ratio: 1, load: 4},
		"half as much again":             {metric: cpu, value: 90, target: 60, current: 4, ready: 4, ratio: 1.5, load: 6, over: 0.5, upward: 0.5},
		"half":                           {metric: cpu, value: 30, target: 60, current: 4, ready: 4, ratio: 0.5, load: 2, under: 0.5, downward: 0.5},
		"some are not ready, up":         {metric: cpu, value: 90, target: 60, current: 5, ready: 4, ratio: 1.5, load: 6, over: 0.2, upward: 0.5},
		"some are not ready, down":       {metric: cpu, value: 30, target: 60, current: 5, ready: 4, ratio: 0.5, load: 2, under: 0.5, downward: 0.5},
		"none is ready":                  {metric: cpu, value: 30, target: 60, current: 5, ready: 0, ratio: 0.5, load: 0, downward: 0.5},
		"some are silent, up":            {metric: cpu, value: 120, target: 60, current: 4, ready: 4, reporting: 3, ratio: 2, load: 6, silent: 1, over: 0.5, upward: 1},
		"some are silent, down":          {metric: cpu, value: 30, target: 60, current: 4, ready: 4, reporting: 2, ratio: 0.5, load: 1, silent: 2, under: 0.25, downward: 0.5},
		"more report than are ready":     {metric: cpu, value: 60, target: 60, current: 4, ready: 3, reporting: 4, ratio: 1, load: 3},
		"who reports is not known":       {metric: cpu, value: 60, target: 60, current: 4, ready: 4, reporting: 0, ratio: 1, load: 4},
		"another service's":              {metric: others, value: 90, target: 60, current: 4, ready: 4, reporting: 1, ratio: 1.5, load: 6, over: 0.5, upward: 0.5},
		"the whole service's":            {metric: rate, value: 300, target: 100, current: 2, ready: 2, ratio: 1.5, load: 3, over: 0.5, upward: 0.5},
		"the whole service's, silent":    {metric: rate, value: 100, target: 100, current: 4, ready: 4, reporting: 3, ratio: 0.25, load: 1, silent: 1, under: 0.5, downward: 0.75},
		"the whole service's, not ready": {metric: rate, value: 400, target: 100, current: 5, ready: 4, ratio: 0.8, load: 4, downward: 0.2},
		"a sum over the replicas":        {metric: sum, value: 300, target: 100, current: 2, ready: 2, reporting: 2, ratio: 1.5, load: 3, over: 0.5, upward: 0.5},
		"independent":                    {metric: wait, value: 300, target: 200, current: 4, ready: 4, reporting: 1, ratio: 1.5, load: 6, over: 0.5, upward: 0.5},
		"independent, not ready":         {metric: wait, value: 300, target: 200, current: 6, ready: 4, ratio: 1.5, load: 6, upward: 0.5},
		"no replicas":                    {metric: cpu, value: 90, target: 60, ratio: 1.5, load: 0, upward: 0.5},
		"no replicas of a whole":         {metric: rate, value: 300, target: 100, ratio: 3, load: 3, over: 3, upward: 1},
		"a rounding error too much":      {metric: rate, value: 300.00000004, target: 100, current: 3, ready: 3, ratio: 1, load: 3},
		"a rounding error in the load":   {metric: cpu, value: 0.1, target: 0.3, current: 9, ready: 9, ratio: 0.333333, load: 3, under: 0.666667, downward: 0.6667},
		"nothing":                        {metric: cpu, value: 0, target: 60, current: 4, ready: 4, ratio: 0, load: 0, under: 1, downward: 1},
		"less than nothing":              {metric: cpu, value: -60, target: 60, current: 4, ready: 4, ratio: -1, load: -4, under: 2, downward: 1},
		"without measure":                {metric: rate, value: math.MaxFloat64, target: 1e-300, current: 4, ready: 4, ratio: 2.5e8, load: 1e9, over: 249999999, upward: 1},
		"without measure, none ready":    {metric: cpu, value: math.MaxFloat64, target: 1e-300, current: 4, ready: 0, ratio: 1e9, load: 0, upward: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := engine.Policy{Service: "web", Metrics: []engine.Metric{c.metric}, Targets: []engine.Target{{Metric: "m", Value: c.target, Tolerance: 0.1}}}
			r := engine.Reads(c.value)
			r.Reporting = c.reporting
			s := engine.Snapshot{Metrics: map[string]engine.Reading{"m": r}}
			s.Service.Replicas = engine.Replicas{Current: c.current, Ready: c.ready, Starting: c.current - c.ready}
			got := Track(p, s)[0]
			if *got.Ratio != c.ratio || *got.Load != c.load || got.Silent != c.silent || got.Over != c.over || got.Under != c.under {
				t.Errorf("ratio %v load %v silent %v over %v under %v, want %v %v %v %v %v",
					*got.Ratio, *got.Load, got.Silent, got.Over, got.Under, c.ratio, c.load, c.silent, c.over, c.under)
			}
			if got.Up != c.upward || got.Down != c.downward || got.Share != 1 {
				t.Errorf("severity %v up, %v down, share %v, want %v, %v, 1", got.Up, got.Down, got.Share, c.upward, c.downward)
			}
			if got.Coming != nil || got.Expected != nil || got.Beyond != nil {
				t.Errorf("there is a forecast: %+v", got)
			}
		})
	}
}

func TestTrackWithoutAValue(t *testing.T) {
	for name, c := range map[string]struct {
		reading engine.Reading
		status  engine.Status
	}{
		"stale":          {engine.Reading{Status: engine.Stale, Value: new(1.0), Detail: "too old"}, engine.Stale},
		"not a number":   {engine.Reading{Status: engine.OK, Value: new(math.NaN())}, engine.Invalid},
		"without end":    {engine.Reading{Status: engine.OK, Value: new(math.Inf(1))}, engine.Invalid},
		"ok, no value":   {engine.Reading{Status: engine.OK}, engine.Missing},
		"unknown status": {engine.Reading{Status: "odd", Value: new(1.0), Expected: new(5.0)}, engine.Invalid},
	} {
		for _, onMissing := range []string{"hold", "ignore"} {
			t.Run(name+", "+onMissing, func(t *testing.T) {
				p := engine.Policy{
					Metrics: []engine.Metric{{Name: "m", Scope: engine.Total, OnMissing: onMissing, Weight: 1}},
					Targets: []engine.Target{{Metric: "m", Value: 100}},
					Bands:   []engine.Bands{{Metric: "m", Bands: []engine.Band{{Above: new(-1e9), Add: 3}}}},
				}
				s := engine.Snapshot{Metrics: map[string]engine.Reading{"m": c.reading}}
				s.Service.Replicas = engine.Replicas{Current: 3, Ready: 3}
				got, banded := Track(p, s)[0], Band(p, s)[0]
				if got.Observed != nil || got.Ratio != nil || got.Load != nil || got.Coming != nil || got.Over+got.Under+got.Up+got.Down != 0 {
					t.Errorf("tracked %+v", got)
				}
				if banded.Observed != nil || banded.Add != 0 || banded.Edge != nil {
					t.Errorf("banded %+v", banded)
				}
				for _, sight := range []Sight{got.Sight, banded.Sight} {
					if sight.Status != c.status || sight.Ignored != (onMissing == "ignore") || sight.Detail != c.reading.Detail {
						t.Errorf("seen as %+v", sight)
					}
				}
			})
		}
	}
}

func TestTrackAForecast(t *testing.T) {
	r := engine.Reads(300)
	r.Expected = new(700.00000004)
	for name, c := range map[string]struct {
		metric           engine.Metric
		expected, coming float64
		beyond           float64
	}{
		"the whole service's": {engine.Metric{Name: "m", Scope: engine.Total}, 700, 7, 0.75},
		"a sum":               {engine.Metric{Name: "m", Scope: engine.PerReplica, Aggregation: "sum"}, 700, 7, 0.75},
		"perReplica":          {engine.Metric{Name: "m", Scope: engine.PerReplica, Aggregation: "avg"}, 0, 0, 0},
		"independent":         {engine.Metric{Name: "m", Scope: engine.Independent}, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := engine.Policy{Metrics: []engine.Metric{c.metric}, Targets: []engine.Target{{Metric: "m", Value: 100}}}
			s := engine.Snapshot{Metrics: map[string]engine.Reading{"m": r}}
			s.Service.Replicas = engine.Replicas{Current: 4, Ready: 3}
			got := Track(p, s)[0]
			if c.coming == 0 {
				if got.Expected != nil || got.Coming != nil || got.Beyond != nil {
					t.Errorf("there is a forecast: %+v", got)
				}
				return
			}
			if *got.Expected != c.expected || *got.Coming != c.coming || *got.Beyond != c.beyond {
				t.Errorf("expects %v, coming %v, beyond %v", *got.Expected, *got.Coming, *got.Beyond)
			}
		})
	}
}

func TestBand(t *testing.T) {
	policy := engine.Policy{
		Metrics: []engine.Metric{{Name: "m", Weight: 2}},
		Bands: []engine.Bands{{Metric: "m", Bands: []engine.Band{
			{Above: new(70.0), Add: 1}, {Above: new(90.0), Add: 3}, {Below: new(5.0), Remove: 2}, {Below: new(25.0), Remove: 1},
		}}},
	}
	for name, c := range map[string]struct {
		value       float64
		add, remove int
		edge        float64
		up, down    float64
	}{
		"far above":        {value: 180, add: 3, edge: 90, up: 1},
		"at the far bound": {value: 90, add: 1, edge: 70, up: 0.2858},
		"above":            {value: 77, add: 1, edge: 70, up: 0.1},
		"a hair above":     {value: 70.00000001},
		"at the bound":     {value: 70},
		"between":          {value: 50},
		"at the low bound": {value: 25},
		"below":            {value: 20, remove: 1, edge: 25, down: 0.2},
		"far below":        {value: 1, remove: 2, edge: 5, down: 0.8},
		"nothing":          {value: 0, remove: 2, edge: 5, down: 1},
		"without measure":  {value: math.MaxFloat64, add: 3, edge: 90, up: 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := Band(policy, engine.Snapshot{Metrics: map[string]engine.Reading{"m": engine.Reads(c.value)}})[0]
			edge := 0.0
			if got.Edge != nil {
				edge = *got.Edge
			}
			if got.Add != c.add || got.Remove != c.remove || edge != c.edge || got.Up != c.up || got.Down != c.down || got.Share != 1 {
				t.Errorf("got %+v with edge %v, want %+v", got, edge, c)
			}
		})
	}
}

// Whatever the world, every number in it can be written and compared.
func TestTrackIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s := anyWorld(t)
		for _, one := range Track(p, s) {
			for name, v := range map[string]*float64{"ratio": one.Ratio, "load": one.Load, "coming": one.Coming, "over": &one.Over, "under": &one.Under, "beyond": one.Beyond} {
				if v != nil && !(math.Abs(*v) <= 2e9) {
					t.Errorf("%s is %v", name, *v)
				}
			}
			if (one.Observed == nil) != (one.Load == nil) || (one.Observed == nil) != (one.Ratio == nil) || one.Over > 0 && one.Under > 0 {
				t.Errorf("tracked %+v", one)
			}
			if n := s.Service.Replicas; one.Silent < 0 || one.Silent > n.Ready {
				t.Errorf("%d of %d are silent", one.Silent, n.Ready)
			}
		}
		for _, one := range Band(p, s) {
			if one.Add > 0 && one.Remove > 0 || (one.Edge == nil) != (one.Add+one.Remove == 0) || one.Up > 0 != (one.Add > 0) || one.Down > 0 != (one.Remove > 0) {
				t.Errorf("banded %+v", one)
			}
		}
	})
}
