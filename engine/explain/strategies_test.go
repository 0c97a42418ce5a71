package explain_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
	"github.com/flyball-dev/flyball/engine/explain"
	"github.com/flyball-dev/flyball/engine/guard"
)

// numbers are strategies that each answer their name, of which the highest wins; one that is no number gives no answer.
type numbers struct{ rules }

func (numbers) Recommend(_ context.Context, p engine.Policy, s engine.Snapshot) (engine.Recommendation, error) {
	to, broken, current := 0, false, s.Service.Replicas.Current
	for _, strategy := range p.Strategies {
		n, err := strconv.Atoi(strategy)
		to, broken = max(to, n), broken || err != nil
	}
	if to == 0 {
		return engine.Recommendation{}, errors.New("no answer")
	}
	r := engine.Recommendation{Action: engine.Between(current, to), Replicas: to, Confidence: 1, Priority: engine.Medium}
	if broken {
		r.Error = "one gave no answer"
	}
	if broken && to <= current {
		r.Action, r.Replicas = engine.Hold, current
	}
	return r, nil
}

func strategies(names ...string) func(*explain.Case) {
	return func(c *explain.Case) {
		c.Policy.Thresholds, c.Policy.Metrics, c.Policy.MaxReplicas = nil, nil, 9
		c.Policy.Strategies = names
		c.Snapshot.Service.Replicas = engine.Replicas{Current: 4, Ready: 4}
	}
}

func TestByStrategies(t *testing.T) {
	for name, c := range map[string]struct {
		of   explain.Case
		want []string
	}{
		"one":                          {web(strategies("2")), nil},
		"one keeps the count up":       {web(strategies("2", "4")), []string{"without 4 it would scale down to 2"}},
		"two keep it up":               {web(strategies("4", "2", "4")), nil},
		"one raises, another lowers":   {web(strategies("6", "2")), []string{"without 6 it would scale down to 2"}},
		"the higher of two that raise": {web(strategies("6", "8")), []string{"without 8 it would scale up to 6"}},
		"one raises":                   {web(strategies("6", "4")), []string{"without 6 it would stay at 4"}},
		"two that lower":               {web(strategies("3", "2")), []string{"without 3 it would scale down to 2"}},
		"one is broken":                {web(strategies("3", "broken")), []string{"without broken it would scale down to 3"}},
		"one keeps it up, in a cooldown": {web(strategies("2", "4"), cooling(time.Minute)),
			[]string{"without 4 it would scale down to 2, once the cooldown is over (in 1m0s)"}},
		"one would raise, in a cooldown": {web(strategies("6", "4"), cooling(time.Minute)), []string{"without 6 it would no longer scale up"}},
		"one keeps it up, and that has to last": {web(strategies("2", "4"), func(c *explain.Case) { c.Policy.Stabilization.Down = time.Minute }),
			[]string{"without 4 it would scale down to 2, if it stays so for 1m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, a := range explain.Alternatives(t.Context(), numbers{}, c.of, start) {
				if a.Kind == engine.ByStrategy {
					got = append(got, a.Message)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

// What is said of a strategy is what the cycle does without it, and nothing is left unsaid; the voices are those of the
// strategies, and the winner's is the answer of all of them.
func TestStrategiesAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := web(strategies(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "6", "7", "x", "y"}), 2, 4, rapid.ID).Draw(t, "strategies")...))
		n := rapid.IntRange(1, 9).Draw(t, "current")
		c.Snapshot.Service.Replicas = engine.Replicas{Current: n, Ready: n}
		c.Policy.MaxStep = rapid.IntRange(0, 2).Draw(t, "maxStep")
		waiting := rapid.Bool().Draw(t, "cooling")
		if waiting {
			cooling(time.Minute)(&c)
		}
		of := func(strategies []string) engine.Decision {
			c := clone(c)
			c.Policy.Strategies = strategies
			lift(&c, "CooldownActive")
			d, _ := guard.Decide(c.Policy, c.Snapshot, control.Recommend(context.Background(), numbers{}, c.Policy, c.Snapshot), c.State)
			return d
		}
		said := map[string]engine.Alternative{}
		all := explain.Alternatives(context.Background(), numbers{}, c, start)
		if again := explain.Alternatives(context.Background(), numbers{}, c, start); !reflect.DeepEqual(all, again) {
			t.Fatal("twice asked, two answers")
		}
		for _, a := range all {
			if a.Kind == engine.ByStrategy {
				said[a.Without] = a
			}
		}
		voices := explain.Voices(context.Background(), numbers{}, c.Policy, c.Snapshot)
		together := control.Recommend(context.Background(), numbers{}, c.Policy, c.Snapshot)
		for i, strategy := range c.Policy.Strategies {
			base, without := of(c.Policy.Strategies), of(slices.Delete(slices.Clone(c.Policy.Strategies), i, i+1))
			a, is := said[strategy]
			if changes := base.Action != without.Action || base.To != without.To; changes != is {
				t.Fatalf("without %s it is %s to %d, with it %s to %d; said %+v", strategy, without.Action, without.To, base.Action, base.To, a)
			}
			if is && (a.Action != without.Action || a.To != without.To) {
				t.Fatalf("%q, but it is %s to %d", a.Message, without.Action, without.To)
			}
			number, err := strconv.Atoi(strategy)
			if v := voices[i]; v.Strategy != strategy || (err != nil) != (v.Error != "") || err == nil && v.Replicas != number {
				t.Fatalf("%s says %+v", strategy, v)
			}
			if voices[i].Wins && voices[i].Replicas != together.Replicas {
				t.Fatalf("%s wins, and the answer is %d", strategy, together.Replicas)
			}
		}
		if won := slices.ContainsFunc(voices, func(v engine.Voice) bool { return v.Wins }); !won && together.Error == "" {
			t.Fatalf("nobody wins of %v", c.Policy.Strategies)
		}
	})
}
