package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/flyball-dev/flyball/engine"
	"github.com/flyball-dev/flyball/engine/control"
)

// Story is what happens to one policy, step by step, and what is expected of it.
type Story struct {
	Start    time.Time
	Replicas engine.Replicas // at the start; later steps begin where the decision before left off
	Steps    []Step
	Must     Must
}

// Step is one instant of a story, or a stretch of it. What it says holds for as long as it lasts.
type Step struct {
	At       time.Duration    // since the start
	Until    time.Duration    // the last instant of a stretch; not after At: there is one instant
	Every    time.Duration    // between the instants of a stretch; 0: the policy's interval
	Replicas *engine.Replicas // as somebody else left them when the step begins; nil: nobody did
	Starting int              // of the replicas, which are not ready
	Readings map[string]engine.Reading
	Ramps    map[string]Ramp // of readings whose value changes along a stretch
	Rollout  string
	Paused   *string       // the reason; nil: nobody paused the policy
	Restart  string        // what is started anew before: daemon, machine
	Outcome  engine.Result // of the changes that are decided in the step; empty: they succeed
	Expect   Expect
}

// Tale is a story as it went.
type Tale struct {
	Steps    []Told
	Failures []string // of what must hold of the whole
}

// Told is a step as it went.
type Told struct {
	Instants []Instant
	Failures []string // empty: as expected
}

// Instant is one pass of the cycle.
type Instant struct {
	At       time.Duration
	Decision engine.Decision
	Reasons  []string      // all codes: the guard's, then the rule's
	Event    *engine.Event // nil: nothing was done
	Replicas int           // once it was done
}

func (i Instant) String() string {
	d := i.Decision
	text := fmt.Sprintf("%s, %d → %d: %s", d.Action, d.From, d.To, d.Reason)
	if d.Message != "" {
		text += " (" + d.Message + ")"
	}
	return text
}

// most is how many instants a story may have: a week of one every 30 s, and some.
const most = 25_000

// Tell runs a story through the cycle. The policy decides as if it and autoscaling were on. A rule that gives no usable
// answer fails the step, unless just that is expected. With an error, the tale ends before the step that it is about.
func Tell(ctx context.Context, p engine.Policy, rules control.Recommender, story Story) (Tale, error) {
	p.Enabled, p.Mode = true, engine.Live
	t := teller{story: story, policy: p, rules: rules, world: &World{Replicas: story.Replicas}}
	t.restart("machine", 0)
	var tale Tale
	var all []Instant
	for i := range story.Steps {
		told, err := t.step(ctx, i)
		if err != nil {
			return tale, err
		}
		tale.Steps = append(tale.Steps, told)
		all = append(all, told.Instants...)
	}
	tale.Failures = story.Must.check(all, t.world.Replicas.Current)
	return tale, nil
}

// teller is a story while it is told.
type teller struct {
	story  Story
	policy engine.Policy
	rules  control.Recommender
	world  *World
	cycle  *control.Cycle
	boot   engine.Boot
	boots  int
	told   int // instants
}

// restart starts the daemon anew: all that it has left is what is on record. On a machine that was started anew too,
// nobody knows for how long it was away.
func (t *teller) restart(what string, at time.Duration) {
	if what == "machine" {
		t.boots++
		t.boot = engine.Boot{ID: fmt.Sprintf("boot %d", t.boots), Started: t.story.Start.Add(at)}
	}
	t.cycle = t.world.Cycle(t.rules, &control.Budget{})
}

func (t *teller) step(ctx context.Context, i int) (Told, error) {
	s := t.story.Steps[i]
	if s.Restart != "" {
		t.restart(s.Restart, s.At)
	}
	if s.Replicas != nil {
		t.world.Replicas = *s.Replicas
	}
	var told Told
	missed := 0
	for at := s.At; at <= max(s.At, s.Until); at += t.pace(s) {
		if i+1 < len(t.story.Steps) && at > s.At && at == t.story.Steps[i+1].At {
			break // which takes its place
		}
		if t.told++; t.told > most {
			return told, fmt.Errorf("at %s the story has more than %d instants; end it earlier, or write a longer every", engine.Short(at), most)
		}
		instant, failures, err := t.instant(ctx, s, at)
		if err != nil {
			return told, fmt.Errorf("at %s: %w", engine.Short(at), err)
		}
		told.Instants = append(told.Instants, instant)
		switch {
		case failures == nil:
		case told.Failures == nil:
			told.Failures = s.placed(at, failures)
		default:
			missed++
		}
	}
	if missed > 0 {
		told.Failures = append(told.Failures, fmt.Sprintf("not as expected at %d of %d instants", missed+1, len(told.Instants)))
	}
	told.Failures = once(append(told.Failures, s.after(told.Instants)...))
	return told, nil
}

func (t *teller) pace(s Step) time.Duration {
	if s.Every > 0 {
		return s.Every
	}
	return max(t.policy.EvaluationInterval, time.Second)
}

// instant is one pass of the cycle in the world as the step has it.
func (t *teller) instant(ctx context.Context, s Step, at time.Duration) (Instant, []string, error) {
	w := t.world
	n := w.Replicas.Current
	if s.Starting > n {
		return Instant{}, nil, fmt.Errorf("%d are starting, and there are %d replicas", s.Starting, n)
	}
	w.Replicas = engine.Replicas{Current: n, Ready: n - s.Starting, Starting: s.Starting}
	w.Readings, w.Rollout, w.Outcome, w.Memory.Pauses = s.readings(t.policy, at), s.Rollout, s.Outcome, nil
	if s.Paused != nil {
		w.Memory.Pauses = []engine.Pause{{Actor: "the story", Reason: *s.Paused}}
	}
	record, event, err := t.cycle.Run(ctx, t.policy, control.Moment{At: t.story.Start.Add(at), Boot: t.boot})
	if err != nil {
		return Instant{}, nil, err
	}
	instant := Instant{At: at, Decision: record.Decision, Reasons: reasons(record), Event: event, Replicas: w.Replicas.Current}
	return instant, s.Expect.check(record, instant, t.story.Must.Reasons), nil
}

// placed says of failures in a stretch when they were.
func (s Step) placed(at time.Duration, failures []string) []string {
	if s.Until > s.At {
		failures[0] = fmt.Sprintf("at %s: %s", engine.Short(at), failures[0])
	}
	return failures
}
