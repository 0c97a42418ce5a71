package explain

import (
	"context"
	"slices"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// Voices are what each of several strategies answers by itself, in the policy's order; nil: there is one.
func Voices(ctx context.Context, rules control.Recommender, p engine.Policy, s engine.Snapshot) []engine.Voice {
	if len(p.Strategies) < 2 {
		return nil
	}
	var voices []engine.Voice
	highest, silent := -1, false
	for i, strategy := range p.Strategies {
		alone := p
		alone.Strategies = []string{strategy}
		r := control.Recommend(ctx, rules, alone, s)
		voices = append(voices, engine.Voice{Strategy: strategy, Action: r.Action, Replicas: r.Replicas, Error: r.Error})
		if r.Error != "" {
			silent = true
		} else if highest < 0 || r.Replicas > voices[highest].Replicas {
			highest = i
		}
	}
	// While one gives no answer, only a raise counts.
	if highest >= 0 && (!silent || voices[highest].Replicas > s.Service.Replicas.Current) {
		voices[highest].Wins = true
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
