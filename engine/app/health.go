package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flyball-dev/flyball/engine/api"
)

const (
	someIntervals = 5           // without an evaluation are too many
	longest       = time.Minute // that an evaluation may take anyway: targets and stores have their deadlines
)

// turn is when a policy at work last had its turn.
type turn struct {
	policy string
	every  time.Duration
	since  time.Duration // its last evaluation ended, or it was taken up
	acting bool          // a change is being carried out, however long that takes
}

// facts are what the health of a daemon is told from.
type facts struct {
	stopping bool
	still    bool // the store is being replaced, and nothing is begun
	leads    bool
	turns    []turn
	policies int    // that are loaded
	problem  string // why those on disk are not the ones at work
	store    error
	target   error
}

// late are the policies that have had no turn for too long.
func (f facts) late() []string {
	if f.still {
		return nil
	}
	var late []string
	for _, t := range f.turns {
		if !t.acting && t.since > max(someIntervals*t.every, longest) {
			late = append(late, fmt.Sprintf("%s for %s", t.policy, t.since.Round(time.Second)))
		}
	}
	return late
}

func (f facts) health() api.Health {
	loop := api.Check{Name: "loop", OK: true, Detail: fmt.Sprintf("%s at work", counted(len(f.turns)))}
	if late := f.late(); late != nil {
		loop.OK, loop.Detail = false, "no evaluation of "+strings.Join(late, ", ")
	}
	return api.HealthOf(loop)
}

func (f facts) ready() api.Health {
	running := api.Check{Name: "running", OK: !f.stopping}
	if f.stopping {
		running.Detail = "it is being stopped"
	}
	policies := api.Check{Name: "policies", OK: true, Detail: counted(f.policies) + " loaded"}
	if f.problem != "" {
		policies.Detail += "; those on disk can't be used"
	}
	checks := []api.Check{running, policies, answering("store", f.store)}
	if f.leads { // a follower asks none
		checks = append(checks, answering("target", f.target))
	}
	return api.HealthOf(checks...)
}

func answering(name string, err error) api.Check {
	if err != nil {
		return api.Check{Name: name, Detail: err.Error()}
	}
	return api.Check{Name: name, OK: true}
}

func counted(policies int) string {
	if policies == 1 {
		return "1 policy"
	}
	return fmt.Sprintf("%d policies", policies)
}

// Health says whether the loop turns. It asks nobody.
func (a *App) Health(context.Context) api.Health {
	return facts{still: a.loop.Cycle.Resting(), turns: a.allTurns()}.health()
}

// Ready says whether the daemon can do what it is for.
func (a *App) Ready(ctx context.Context) api.Health {
	a.mu.Lock()
	f := facts{policies: len(a.policies), problem: a.problem}
	a.mu.Unlock()
	f.stopping, f.leads = a.stopping.Load(), a.leader.leads()
	seen := a.probe.see(ctx)
	f.store, f.target = seen.store, seen.target
	return f.ready()
}

// allTurns is when each policy that the loop runs last had its turn.
func (a *App) allTurns() []turn {
	var turns []turn
	now := time.Now()
	for _, p := range a.atWork() {
		subject := p.Subject()
		a.mu.Lock()
		last, runs := a.turns[subject]
		a.mu.Unlock()
		if runs {
			turns = append(turns, turn{p.Name, p.EvaluationInterval, now.Sub(last), a.loop.Cycle.Acting(subject)})
		}
	}
	return turns
}

// taken up are the policies that the loop is handed: each has its first turn before it.
func (a *App) taken(subjects []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	turns := make(map[string]time.Time, len(subjects))
	for _, s := range subjects {
		if turns[s] = a.turns[s]; turns[s].IsZero() {
			turns[s] = time.Now()
		}
	}
	a.turns = turns
}

// turned notes that a policy had its turn.
func (a *App) turned(subject string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, runs := a.turns[subject]; runs {
		a.turns[subject] = time.Now()
	}
}
