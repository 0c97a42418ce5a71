package schema

import (
	"testing"
	"time"

	"github.com/flyball-dev/flyball/engine"
)

func TestClimb(t *testing.T) {
	up := func(least bool, limits ...engine.Rate) engine.Rates {
		return engine.Rates{Up: engine.Pace{Limits: limits, Least: least}}
	}
	base := engine.Policy{Strategies: []string{"threshold"}, ScaleUpBy: 2, EvaluationInterval: time.Minute}
	with := func(change func(*engine.Policy)) engine.Policy {
		p := base
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		p    engine.Policy
		want time.Duration
	}{
		"an interval a raise": {base, 4 * time.Minute}, // 1, 3, 5, 7, 9, 10
		"a cooldown a raise":  {with(func(p *engine.Policy) { p.Cooldown.Up = 3 * time.Minute }), 12 * time.Minute},
		"maxStep":             {with(func(p *engine.Policy) { p.MaxStep = 1 }), 8 * time.Minute},
		"at once":             {with(func(p *engine.Policy) { p.Strategies = []string{"threshold", "target_tracking"} }), 0},
		"the furthest band": {with(func(p *engine.Policy) {
			p.Strategies, p.Bands = []string{"step"}, []engine.Bands{{Bands: []engine.Band{{Add: 3}, {Add: 1}}}}
		}), 2 * time.Minute},
		"bands that add nothing": {with(func(p *engine.Policy) {
			p.Strategies, p.Bands = []string{"step"}, []engine.Bands{{Bands: []engine.Band{{Remove: 1}}}}
		}), 0},
		"a rate of nothing": {with(func(p *engine.Policy) {
			p.Rates = up(true, engine.Rate{Replicas: 3, Period: time.Hour}, engine.Rate{Period: time.Minute})
		}), 0},
		"a wish that must last": {with(func(p *engine.Policy) { p.Stabilization.Up = 5 * time.Minute }), 20 * time.Minute},
		"a load that lasts": {with(func(p *engine.Policy) {
			p.Strategies, p.Stabilization.Up, p.MaxStep = []string{"predictive"}, time.Hour, 9
		}), 0},
		"a rate": {with(func(p *engine.Policy) {
			p.Rates = up(false, engine.Rate{Replicas: 3, Period: time.Hour})
		}), 2*time.Hour + time.Minute}, // each hour 2, and a minute later 1
		"the rate that allows the most": {with(func(p *engine.Policy) {
			p.Rates = up(false, engine.Rate{Replicas: 3, Period: time.Hour}, engine.Rate{Percent: 100, Period: 2 * time.Minute})
		}), 4 * time.Minute}, // 1, 3, 4, 6, 8, 10
		"the rate that allows the least": {with(func(p *engine.Policy) {
			p.Rates = up(true, engine.Rate{Replicas: 3, Period: time.Hour}, engine.Rate{Percent: 100, Period: 2 * time.Minute})
		}), 2*time.Hour + 2*time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			if got := climb(c.p, 1, 10); got != c.want {
				t.Errorf("from 1 to 10 in %s, want %s", got, c.want)
			}
		})
	}
}
