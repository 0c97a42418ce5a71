package explain

import (
	"context"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// Voices are what each of several strategies answers by itself, in the policy's order; nil: there is one. The winner is the one
// whose answer the rules gave for all of them.
func Voices(ctx context.Context, rules control.Recommender, p engine.Policy, s engine.Snapshot) []engine.Voice {
	if len(p.Strategies) < 2 {
		return nil
	}
	of := func(strategies []string) engine.Recommendation {
		p := p
		p.Strategies = strategies
		return control.Recommend(ctx, rules, p, s)
	}
	together := of(p.Strategies)
	settled := together.Error != "" && together.Replicas <= s.Service.Replicas.Current // it holds, whatever the others say
	var voices []engine.Voice
	for _, strategy := range p.Strategies {
		r := of([]string{strategy})
		wins := !settled && r.Error == "" && r.Replicas == together.Replicas && r.Confidence == together.Confidence
		settled = settled || wins
		voices = append(voices, engine.Voice{Strategy: strategy, Action: r.Action, Replicas: r.Replicas, Wins: wins, Error: r.Error})
	}
	return voices
}

// byStrategies leaves out one of several strategies at a time: the highest answer wins, so a single one may keep the count up.
func (a *asker) byStrategies(c Case, base, lifted outcome) []engine.Alternative {
	if len(c.Policy.Strategies) < 2 {
		return nil
	}
	a.left = mostEach
	var found []engine.Alternative
	for i, strategy := range c.Policy.Strategies {
		without := c
		without.Policy.Strategies = slices.Delete(slices.Clone(c.Policy.Strategies), i, i+1)
		o := a.lifted(without)
		if !o.asked || o.same(lifted) {
			continue
		}
		found = append(found, engine.Alternative{
			Kind: engine.ByStrategy, Without: strategy, Once: o.once,
			Action: o.decision.Action, To: o.decision.To, Message: leftOut(strategy, o, base, lifted),
		})
	}
	return found
}
